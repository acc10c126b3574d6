import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import APIRouter, Depends
from httpx import Response
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from functions.api.application import build_app
from functions.api.lambda_handler import handler_for
from functions.api.limits import EdgeTrust, RateLimits, address_key, limited
from functions.api.services import Services
from functions.core.accounts.model import User
from functions.core.errors import TooMany
from tests.builders import PASSWORD
from tests.fakes.clock import FakeClock
from tests.fakes.limiter import FakeLimiter
from tests.house import OPERATOR_KEY, House

EDGE_SECRET = "what our CDN sends along"
NOBODY = {"identifier": "nobody", "password": "wrong password"}

router = APIRouter()


@router.post("/guess", dependencies=[Depends(limited("guess"))])
def guess() -> dict[str, str]:
    return {}


@router.post("/try", dependencies=[Depends(limited("try"))])
def try_another() -> dict[str, str]:
    return {}


@router.post("/break", dependencies=[Depends(limited("break"))])
def break_down() -> None:
    raise RuntimeError


@router.post("/send", dependencies=[Depends(limited("send"))])
def send() -> None:
    raise TooMany("Too many codes were sent; try again in 7 s.", retry_after=7)


class Guesses:
    """A small app whose routes let each address guess twice a minute."""

    def __init__(self, clock: FakeClock, *, edge_secret: str = "", calls: int = 2) -> None:
        limits = RateLimits(
            FakeLimiter(),
            clock=clock,
            edge=EdgeTrust(edge_secret),
            auth_calls_per_minute=calls,
            requests_per_minute=0,
        )
        self.app = build_app(router, services=Services({RateLimits: limits}))

    def post(self, address: str = "192.0.2.1", path: str = "/guess", **headers: str) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return TestClient(self.app, client=(address, 50000)).post(path, headers=named)

    def are_used_up(self, address: str = "192.0.2.1", **headers: str) -> bool:
        """Guess twice; tell whether a third guess is refused."""
        return [self.post(address, **headers).status_code for _ in range(3)] == [200, 200, 429]


@pytest.fixture
def guesses(clock: FakeClock) -> Guesses:
    return Guesses(clock)


@pytest.fixture
def behind_the_cdn(clock: FakeClock) -> Guesses:
    return Guesses(clock, edge_secret=EDGE_SECRET)


def log_in(house: House, address: str = "192.0.2.1", **attempt: str) -> Response:
    return TestClient(house.app, client=(address, 50000)).post("/v1/auth/login", json=NOBODY | attempt)


# Sign-ins


def test_the_sixth_sign_in_of_a_minute_is_refused() -> None:
    house = House(auth_calls_per_minute=5, clock=FakeClock())

    answers = [log_in(house, identifier=f"nobody-{number}") for number in range(6)]

    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    refused = answers[-1]
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "60"
    assert refused.headers["ratelimit-policy"] == '"login";q=5;w=60'
    assert refused.headers["ratelimit"] == '"login";r=0;t=60'
    assert refused.json() == {
        "type": "/problems/too-many-requests",
        "title": "Too many requests",
        "status": 429,
        "detail": "Too many requests; try again in 60 s.",
        "code": "too-many-requests",
        "request_id": refused.headers["x-request-id"],
        "retry_after": 60,
    }


def test_a_right_password_does_not_help_whoever_guesses_too_much() -> None:
    house = House(auth_calls_per_minute=5, clock=FakeClock())
    anna = house.a_known_user()
    for number in range(5):
        log_in(house, identifier=f"nobody-{number}")

    assert log_in(house, identifier=str(anna.username), password=PASSWORD).status_code == 429


def test_whoever_waits_as_told_is_served() -> None:
    clock = FakeClock()
    house = House(auth_calls_per_minute=5, clock=clock)
    for number in range(5):
        log_in(house, identifier=f"nobody-{number}")
        clock.pass_time(timedelta(seconds=2.5))

    refused = log_in(house)
    assert refused.headers["retry-after"] == "48"

    clock.pass_time(timedelta(seconds=47))
    assert log_in(house).status_code == 429
    clock.pass_time(timedelta(seconds=1))
    assert log_in(house).status_code == 401


def test_both_ways_to_sign_in_count_as_one() -> None:
    house = House(auth_calls_per_minute=5, clock=FakeClock())
    for number in range(5):
        log_in(house, "testclient", identifier=f"nobody-{number}")

    answer = house.client().post("/v1/auth/token", data={"username": "anna", "password": "wrong password"})

    assert answer.status_code == 429


def test_an_account_is_guessed_at_five_times_a_minute_wherever_from() -> None:
    house = House(auth_calls_per_minute=5, clock=FakeClock())
    anna = house.a_known_user()

    answers = [log_in(house, f"192.0.2.{number}", identifier=str(anna.username)) for number in range(6)]

    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert answers[-1].headers["ratelimit-policy"] == '"guesses";q=5;w=60'
    assert log_in(house, "192.0.2.77", identifier="somebody-else").status_code == 401


def test_an_account_is_one_in_whatever_case_its_name_is_written() -> None:
    house = House(auth_calls_per_minute=5, clock=FakeClock())

    names = ["nobody", "NOBODY", " nobody", "Nobody ", "nOBODY", "NoBody"]
    statuses = [log_in(house, f"192.0.2.{number}", identifier=name).status_code for number, name in enumerate(names)]

    assert statuses == [401] * 5 + [429]


def test_an_account_is_one_by_whatever_name_it_is_guessed_at() -> None:
    house = House(auth_calls_per_minute=5, clock=FakeClock())
    user = house.a_known_user(phone="+79991234567")

    names = [user.username, user.email, user.unique_id, "+79991234567", "+7 (999) 123-45-67", "+7 999 1234567"]
    statuses = [log_in(house, f"192.0.2.{number}", identifier=name).status_code for number, name in enumerate(names)]

    assert statuses == [401] * 5 + [429]


def test_an_account_is_guessed_at_twenty_times_an_hour() -> None:
    clock = FakeClock()
    house = House(auth_calls_per_minute=20, clock=clock)

    statuses = []
    for number in range(24):
        statuses.append(log_in(house, f"192.0.2.{number}").status_code)
        clock.pass_time(timedelta(minutes=1))
    assert statuses == [401] * 20 + [429] * 4

    clock.pass_time(timedelta(minutes=36))
    assert log_in(house, "192.0.2.77").status_code == 401


def test_zero_turns_all_limits_off(house: House, anna: User) -> None:
    answers = [log_in(house, identifier=str(anna.username)) for _ in range(8)]
    answers += [house.client(anna).get("/v1/auth/check") for _ in range(8)]

    assert [answer.status_code for answer in answers] == [401] * 8 + [200] * 8
    assert not any(name.startswith(("ratelimit", "retry")) for answer in answers for name in answer.headers)
    assert house.limiter.calls == {}


# Accounts


def test_one_accounts_requests_are_refused_while_anothers_are_not() -> None:
    house = House(requests_per_minute=3, clock=(clock := FakeClock()))
    anna, bert = (house.client(house.a_known_user()) for _ in range(2))

    answers = [anna.get("/v1/auth/check") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["ratelimit"] for answer in answers] == [
        '"requests";r=2;t=20',
        '"requests";r=1;t=40',
        '"requests";r=0;t=60',
        '"requests";r=0;t=20',
    ]
    assert answers[-1].headers["retry-after"] == "20"
    assert bert.get("/v1/auth/check").status_code == 200
    clock.pass_time(timedelta(seconds=20))
    assert [anna.get("/v1/auth/check").status_code for _ in range(2)] == [200, 429]


def test_all_credentials_of_an_account_count_together() -> None:
    house = House(requests_per_minute=3, clock=FakeClock())
    anna = house.a_known_user()
    secret = house.client(anna).post("/v1/api-keys", json={"name": "phone"}).json()["secret"]

    clients = [house.client(bearer=secret), house.client(anna), house.client(bearer=secret)]

    assert [client.get("/v1/auth/check").status_code for client in clients] == [200, 200, 429]


def test_operators_are_limited_too() -> None:
    house = House(requests_per_minute=2, clock=FakeClock())

    operator = house.client(bearer=OPERATOR_KEY)

    assert [operator.get("/v1/auth/check").status_code for _ in range(3)] == [200, 200, 429]


def test_whoever_refreshes_is_counted_by_address() -> None:
    house = House(requests_per_minute=2, clock=FakeClock())

    def refresh(address: str) -> int:
        client = TestClient(house.app, client=(address, 50000))
        return client.post("/v1/auth/refresh", json={"refresh_token": "made up"}).status_code

    assert [refresh("192.0.2.1") for _ in range(3)] == [401, 401, 429]
    assert refresh("192.0.2.2") == 401


# Headers


def test_headers_say_the_policy_and_count_down(clock: FakeClock) -> None:
    guesses = Guesses(clock, calls=3)

    answers = [guesses.post() for _ in range(4)]

    assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"guess";q=3;w=60'}
    assert [answer.headers["ratelimit"] for answer in answers] == [
        f'"guess";r={remaining};t=60' for remaining in (2, 1, 0, 0)
    ]
    assert [answer.headers.get("retry-after") for answer in answers] == [None, None, None, "60"]


def test_a_wait_is_whole_seconds_and_never_none(guesses: Guesses, clock: FakeClock) -> None:
    guesses.post()
    guesses.post()

    clock.pass_time(timedelta(seconds=58.5))
    assert guesses.post().headers["retry-after"] == "2"
    clock.pass_time(timedelta(seconds=1.499))
    assert guesses.post().headers["retry-after"] == "1"


def test_a_request_that_broke_says_its_limit_too(guesses: Guesses) -> None:
    # As structlog shows it unasked, the traceback takes seconds.
    with capture_logs():
        answer = guesses.post(path="/break")

    assert (answer.status_code, answer.headers["ratelimit"]) == (500, '"break";r=1;t=60')


def test_a_refusal_by_what_no_address_is_counted_for_says_when_to_try_again_too(guesses: Guesses) -> None:
    answer = guesses.post(path="/send")

    assert (answer.status_code, answer.headers["retry-after"], answer.json()["retry_after"]) == (429, "7", 7)


def test_no_log_says_who_was_counted(guesses: Guesses) -> None:
    with capture_logs() as lines:
        assert guesses.are_used_up("192.0.2.1")

    assert [line["status"] for line in lines] == [200, 200, 429]
    assert "192.0.2.1" not in str(lines)


def test_of_several_limits_the_tightest_one_is_said() -> None:
    house = House(auth_calls_per_minute=10, clock=FakeClock())

    shown = [log_in(house, f"192.0.2.{number % 2}").headers["ratelimit"] for number in range(6)]

    assert [re.findall('"(.*)";r=(.*);', one)[0] for one in shown] == [
        ("guesses", "4"),
        ("guesses", "3"),
        ("guesses", "2"),
        ("guesses", "1"),
        ("guesses", "0"),
        ("guesses", "0"),
    ]


def test_routes_are_limited_apart(guesses: Guesses) -> None:
    assert guesses.are_used_up()

    assert guesses.post(path="/try").headers["ratelimit"] == '"try";r=1;t=60'


# Addresses


def test_addresses_are_limited_apart(guesses: Guesses) -> None:
    assert guesses.are_used_up("192.0.2.1")
    assert guesses.are_used_up("192.0.2.2")


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Forwarded_For": "198.51.100.7"},
        {"Forwarded": "for=198.51.100.7"},
        {"X_Real_IP": "198.51.100.7"},
        {"CloudFront_Viewer_Address": "198.51.100.7:4711"},
        {"CloudFront_Viewer_Address": "198.51.100.7:4711", "X_Edge_Secret": ""},
        {"CloudFront_Viewer_Address": "198.51.100.7:4711", "X_Edge_Secret": "guessed"},
        {"CloudFront_Viewer_Address": "198.51.100.7:4711", "X_Edge_Secret": EDGE_SECRET[:-1]},
        {"X_Edge_Secret": EDGE_SECRET},
        {"X_Forwarded_For": "198.51.100.7", "X_Edge_Secret": EDGE_SECRET},
    ],
)
def test_nobody_says_who_they_are(behind_the_cdn: Guesses, headers: dict[str, str]) -> None:
    assert behind_the_cdn.are_used_up()

    assert behind_the_cdn.post(**headers).status_code == 429


@pytest.mark.parametrize("shown", ["", EDGE_SECRET])
def test_where_no_cdn_is_named_none_is_believed(guesses: Guesses, shown: str) -> None:
    assert guesses.are_used_up()

    answer = guesses.post(CloudFront_Viewer_Address="198.51.100.7:4711", X_Edge_Secret=shown)

    assert answer.status_code == 429


@pytest.mark.parametrize("address", ["198.51.100.7", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::6", "[2001:db8:1:2::6]"])
def test_the_cdn_is_believed_about_who_calls(behind_the_cdn: Guesses, address: str) -> None:
    def post(address: str, port: int, cdn: str) -> int:
        answer = behind_the_cdn.post(cdn, CloudFront_Viewer_Address=f"{address}:{port}", X_Edge_Secret=EDGE_SECRET)
        return answer.status_code

    # Neither the caller's port matters nor which of the CDN's machines it was.
    assert [post(address, port, f"192.0.2.{port % 100}") for port in (4711, 4712, 4713)] == [200, 200, 429]
    assert post("203.0.113.9", 4711, "192.0.2.11") == 200
    assert post("2001:db8:1:3::6", 4711, "192.0.2.11") == 200


def test_an_address_counts_the_same_with_and_without_the_cdn(behind_the_cdn: Guesses) -> None:
    assert behind_the_cdn.are_used_up("198.51.100.7")

    answer = behind_the_cdn.post(CloudFront_Viewer_Address="198.51.100.7:4711", X_Edge_Secret=EDGE_SECRET)

    assert answer.status_code == 429


def test_behind_the_gateway_the_address_is_the_one_that_it_saw(guesses: Guesses, lambdas_loop: None) -> None:
    event = json.loads((Path(__file__).parent.parent / "events" / "http_api_v2.json").read_text())
    seen = event["requestContext"]["http"]
    event["rawPath"], seen["path"], seen["method"] = "/guess", "/guess", "POST"
    assert guesses.are_used_up("192.0.2.1")

    def status(address: str) -> int:
        seen["sourceIp"] = address
        code: int = handler_for(guesses.app)(event, None)["statusCode"]
        return code

    assert (status("192.0.2.1"), status("192.0.2.2")) == (429, 200)


def test_all_of_a_64_is_one_caller(guesses: Guesses) -> None:
    addresses = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::", "2001:DB8:1:2:3:4:5:6", "2001:db8:1:3::1"]

    assert [guesses.post(address).status_code for address in addresses] == [200, 200, 429, 200]


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2:3:4:5:6]", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_what_an_address_counts_as(address: str, key: str) -> None:
    assert address_key(address) == key


def test_ipv4_callers_of_a_socket_for_both_kinds_are_limited_apart(guesses: Guesses) -> None:
    assert guesses.are_used_up("::ffff:192.0.2.1")
    assert guesses.are_used_up("::ffff:192.0.2.2")
