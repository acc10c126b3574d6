"""A browser stays signed in by a cookie that no script can read, and only our own pages can use it."""

from typing import Any

import pytest
from httpx import Response
from starlette.testclient import TestClient

from functions.core.accounts.model import User
from tests.builders import PASSWORD
from tests.house import House

ORIGIN = "https://parley.example"


class Browser:
    """A browser on one of our pages."""

    def __init__(self, house: House, *, origin: str = ORIGIN, site: str = "same-origin", url: str = ORIGIN) -> None:
        headers = {"Origin": origin, "Sec-Fetch-Site": site}
        self.http = TestClient(house.app, base_url=url, headers=headers)

    def log_in(self, user: User) -> dict[str, Any]:
        answer = self.http.post("/v1/auth/login", json={"identifier": user.username, "password": PASSWORD})
        return answer.json()  # type: ignore[no-any-return]

    def refresh(self, csrf_token: str | None) -> Response:
        return self.http.post("/v1/auth/refresh", headers={"X-CSRF-Token": csrf_token} if csrf_token else {})


def test_a_browser_gets_its_refresh_token_where_no_script_reads_it(house: House, anna: User) -> None:
    browser = Browser(house)

    answer = browser.http.post("/v1/auth/login", json={"identifier": anna.username, "password": PASSWORD})
    refresh, csrf = sorted(answer.headers.get_list("set-cookie"), key=lambda cookie: "csrf" in cookie)

    assert answer.json()["refresh_token"] is None
    assert refresh.startswith("__Secure-parley_refresh=")
    for attribute in ("HttpOnly", "Secure", "SameSite=strict", "Path=/v1/auth"):
        assert attribute in refresh
    assert csrf.startswith("__Host-parley_csrf=")
    assert "HttpOnly" not in csrf
    assert "Path=/;" in csrf
    assert answer.json()["csrf_token"] in csrf


def test_a_program_gets_its_refresh_token_in_the_answer(house: House, anna: User) -> None:
    client = house.client()
    token = client.post("/v1/auth/login", json={"identifier": anna.username, "password": PASSWORD}).json()

    refreshed = house.client().post("/v1/auth/refresh", json={"refresh_token": token["refresh_token"]})

    assert refreshed.status_code == 200
    assert refreshed.json()["refresh_token"] != token["refresh_token"]
    assert house.client(bearer=refreshed.json()["access_token"]).get("/v1/auth/check").status_code == 200


def test_the_cookie_and_the_csrf_token_go_on_with_the_session(house: House, anna: User) -> None:
    browser = Browser(house)
    csrf = browser.log_in(anna)["csrf_token"]

    first = browser.refresh(csrf)
    second = browser.refresh(first.json()["csrf_token"])

    assert (first.status_code, second.status_code) == (200, 200)


def test_over_plain_http_on_a_laptop_it_works_too(house: House, anna: User) -> None:
    browser = Browser(house, origin="http://127.0.0.1:8000", url="http://127.0.0.1:8000")

    assert browser.refresh(browser.log_in(anna)["csrf_token"]).status_code == 200


@pytest.mark.parametrize("shown", [None, "nonsense", "another session's"])
def test_without_the_session_s_csrf_token_the_cookie_opens_nothing(house: House, anna: User, shown: str | None) -> None:
    browser = Browser(house)
    browser.log_in(anna)
    if shown == "another session's":
        shown = Browser(house).log_in(anna)["csrf_token"]
        browser.http.cookies.set("__Host-parley_csrf", shown, domain="parley.example")

    for route in ("refresh", "logout"):
        headers = {"X-CSRF-Token": shown} if shown else {}
        answer = browser.http.post(f"/v1/auth/{route}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf-token-missing")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-site"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_foreign_page_cannot_use_the_cookie_even_with_the_token(
    house: House, anna: User, headers: dict[str, str]
) -> None:
    browser = Browser(house)
    csrf = browser.log_in(anna)["csrf_token"]

    answer = browser.http.post("/v1/auth/refresh", headers=headers | {"X-CSRF-Token": csrf})

    assert (answer.status_code, answer.json()["code"]) == (403, "foreign-origin")


def test_signing_out_ends_the_session_and_takes_the_cookies(house: House, anna: User) -> None:
    browser = Browser(house)
    token = browser.log_in(anna)

    answer = browser.http.post("/v1/auth/logout", headers={"X-CSRF-Token": token["csrf_token"]})

    assert answer.status_code == 204
    assert not browser.http.cookies
    assert house.client(bearer=token["access_token"]).get("/v1/auth/check").json()["code"] == "session-over"


def test_one_sees_where_one_is_signed_in_and_signs_out_there(house: House, anna: User) -> None:
    here, there = house.client(anna), house.client(anna)

    listed = here.get("/v1/auth/sessions").json()["items"]
    other = next(one for one in listed if not one["current"])
    ended = here.delete(f"/v1/auth/sessions/{other['id']}")

    assert [one["current"] for one in listed].count(True) == 1
    assert ended.status_code == 204
    assert there.get("/v1/auth/check").status_code == 401
    assert here.get("/v1/auth/check").status_code == 200


def test_one_signs_out_everywhere_but_here(house: House, anna: User) -> None:
    here, *elsewhere = (house.client(anna) for _ in range(3))

    assert here.delete("/v1/auth/sessions").status_code == 204
    assert [one.get("/v1/auth/check").status_code for one in (here, *elsewhere)] == [200, 401, 401]


def test_a_used_refresh_token_ends_the_session_later(house: House, anna: User) -> None:
    token = house.client().post("/v1/auth/login", json={"identifier": anna.username, "password": PASSWORD}).json()
    first = house.client().post("/v1/auth/refresh", json={"refresh_token": token["refresh_token"]}).json()
    second = house.client().post("/v1/auth/refresh", json={"refresh_token": first["refresh_token"]}).json()

    stolen = house.client().post("/v1/auth/refresh", json={"refresh_token": token["refresh_token"]})

    assert (stolen.status_code, stolen.json()["code"]) == (401, "session-over")
    assert house.client(bearer=second["access_token"]).get("/v1/auth/check").status_code == 401
