"""What admins do, and what nobody can do to the last of them."""

import threading

import pytest

from functions.core.accounts.model import Role, User
from functions.core.errors import Conflict
from tests.builders import PASSWORD
from tests.house import OPERATOR_KEY, SETUP_CODE, House

FIRST = {"username": "root-anna", "email": "root@example.com", "password": PASSWORD, "setup_code": SETUP_CODE}


@pytest.fixture
def admin(house: House) -> User:
    return house.a_known_user(role=Role.ADMIN)


def test_the_first_admin_is_made_once_with_the_setup_code(house: House) -> None:
    wrong = house.client().post("/v1/auth/first-admin", json=FIRST | {"setup_code": "guess"})
    first = house.client().post("/v1/auth/first-admin", json=FIRST)
    second = house.client().post(
        "/v1/auth/first-admin", json=FIRST | {"username": "second", "email": "second@example.com"}
    )

    assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong-setup-code")
    assert (first.status_code, first.json()["user"]["role"]) == (201, "admin")
    assert (second.status_code, second.json()["code"]) == (409, "has-admin")


def test_nobody_registers_as_an_admin(house: House) -> None:
    body = {"username": "clara", "email": "clara@example.com", "password": PASSWORD, "role": "admin"}

    assert house.client().post("/v1/auth/register", json=body).json()["user"]["role"] == "user"


def test_accounts_are_listed_in_pages(house: House, admin: User) -> None:
    made = [admin, *(house.a_known_user() for _ in range(4))]
    client = house.client(admin)

    first = client.get("/v1/users?limit=3")
    second = client.get(first.links["next"]["url"])

    assert [one["id"] for page in (first, second) for one in page.json()["items"]] == [one.id for one in made][::-1]
    assert second.json()["next_cursor"] is None


@pytest.mark.parametrize("q", ["Anna-S", "anna@summer.example", "+79991234567", "СОФИЯ", "ванова", "48151623"])
def test_an_account_is_found_by_any_of_its_names(house: House, admin: User, q: str) -> None:
    anna = house.a_known_user(
        username="anna-s",
        email="anna@summer.example",
        phone="+79991234567",
        name="София Иванова",
        unique_id="48151623",
    )
    for _ in range(3):
        house.a_known_user()

    found = house.client(admin).get("/v1/users", params={"q": q}).json()

    assert [one["id"] for one in found["items"]] == [anna.id]


def test_a_search_goes_on_where_its_page_ended(house: House, admin: User) -> None:
    for number in range(5):
        house.a_known_user(nickname=f"team {number}")
    client = house.client(admin)

    first = client.get("/v1/users", params={"q": "team", "limit": 2})
    second = client.get(first.links["next"]["url"])

    names = [one["nickname"] for page in (first, second) for one in page.json()["items"]]
    assert names == ["team 4", "team 3", "team 2", "team 1"]


def test_a_deactivated_account_is_shut_out_at_once_and_comes_back_without_its_keys(
    house: House, admin: User, anna: User
) -> None:
    signed_in, boss = house.client(anna), house.client(admin)
    secret = signed_in.post("/v1/api-keys", json={"name": "phone"}).json()["secret"]
    refresh = house.sessions.refresh_token_of(house.session_of(anna))

    off = boss.patch(f"/v1/users/{anna.id}", json={"active": False}).json()
    shut_out = [
        signed_in.get("/v1/auth/check").json()["code"],
        house.client(bearer=secret).get("/v1/auth/check").status_code,
        house.client().post("/v1/auth/refresh", json={"refresh_token": refresh}).status_code,
        house.client().post("/v1/auth/login", json={"identifier": anna.username, "password": PASSWORD}).status_code,
    ]
    boss.patch(f"/v1/users/{anna.id}", json={"active": True})

    assert off["active"] is False
    assert shut_out == ["account-inactive", 401, 401, 401]
    assert signed_in.get("/v1/auth/check").status_code == 401
    assert house.client(bearer=secret).get("/v1/auth/check").status_code == 401
    assert house.client(anna).get("/v1/auth/check").status_code == 200


def test_a_role_counts_at_once(house: House, admin: User, anna: User) -> None:
    client = house.client(anna)

    house.client(admin).patch(f"/v1/users/{anna.id}", json={"role": "admin"})
    as_admin = client.get("/v1/users").status_code
    house.client(admin).patch(f"/v1/users/{anna.id}", json={"role": "user"})

    assert (as_admin, client.get("/v1/users").status_code) == (200, 403)


@pytest.mark.parametrize("deed", ["deactivate", "demote", "erase", "leave"])
def test_the_last_admin_stays(house: House, admin: User, deed: str) -> None:
    client = house.client(admin)
    path = f"/v1/users/{admin.id}"

    answer = {
        "deactivate": lambda: client.patch(path, json={"active": False}),
        "demote": lambda: client.patch(path, json={"role": "user"}),
        "erase": lambda: client.delete(path),
        "leave": lambda: client.delete("/v1/auth/me"),
    }[deed]()

    assert (answer.status_code, answer.json()["code"]) == (409, "last-admin")
    assert client.get("/v1/users").status_code == 200


def test_two_admins_who_demote_each_other_at_once_leave_one(house: House) -> None:
    for _ in range(5):
        one, other = (house.a_known_user(role=Role.ADMIN) for _ in range(2))
        for user in house.accounts.newest(before=None, limit=100):
            if user.id not in {one.id, other.id} and user.role is Role.ADMIN:
                house.client(one).patch(f"/v1/users/{user.id}", json={"role": "user"})
        demoted: list[int] = []

        def demote(by: User, whom: User, statuses: list[int] = demoted) -> None:
            answer = house.client(by).patch(f"/v1/users/{whom.id}", json={"role": "user"})
            statuses.append(answer.status_code)

        threads = [threading.Thread(target=demote, args=pair) for pair in ((one, other), (other, one))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        admins = [user for user in house.accounts.newest(before=None, limit=100) if user.role is Role.ADMIN]
        assert len(admins) == 1
        assert demoted.count(200) == 1


def test_an_operator_can_make_an_admin(house: House, anna: User) -> None:
    client = house.client(bearer=OPERATOR_KEY)

    assert client.patch(f"/v1/users/{anna.id}", json={"role": "admin"}).json()["role"] == "admin"


def test_every_deed_of_an_admin_is_on_record(house: House, admin: User, anna: User) -> None:
    client = house.client(admin)
    client.patch(f"/v1/users/{anna.id}", json={"role": "admin"})
    client.patch(f"/v1/users/{anna.id}", json={"active": False})
    client.delete(f"/v1/users/{anna.id}")

    records = client.get("/v1/audit").json()["items"]

    assert [(one["action"], one["facts"]) for one in records] == [
        ("account erased", {}),
        ("account changed", {"active": "False"}),
        ("account changed", {"role": "admin"}),
    ]
    assert {(one["actor_id"], one["target_id"]) for one in records} == {(admin.id, anna.id)}


def test_a_refused_deed_leaves_no_record(house: House, admin: User) -> None:
    client = house.client(admin)
    client.patch(f"/v1/users/{admin.id}", json={"role": "user"})

    assert client.get("/v1/audit").json()["items"] == []


def test_an_erased_account_is_gone_for_everybody_at_once(house: House, admin: User, anna: User) -> None:
    signed_in, boss = house.client(anna), house.client(admin)

    assert boss.delete(f"/v1/users/{anna.id}").status_code == 204
    assert signed_in.get("/v1/auth/check").status_code == 401
    assert boss.get(f"/v1/users/{anna.id}").status_code == 404
    assert anna.id not in {one["id"] for one in boss.get("/v1/users").json()["items"]}
    assert house.leavers.announced == [anna.id]


def test_one_can_erase_oneself(house: House, anna: User) -> None:
    client = house.client(anna)

    assert client.delete("/v1/auth/me").status_code == 204
    assert client.get("/v1/auth/me").status_code == 401
    assert house.leavers.announced == [anna.id]


def test_a_change_that_says_nothing_is_refused(house: House, admin: User, anna: User) -> None:
    assert house.client(admin).patch(f"/v1/users/{anna.id}", json={}).status_code == 422


def test_personal_data_is_masked_and_revealed_only_for_a_reason_on_record(house: House, admin: User) -> None:
    house.a_known_user(name="Анна Петрова", phone="+79991234567")
    client = house.client(admin)

    masked = client.get("/v1/debug/users").text
    without_reason = client.get("/v1/debug/users?reveal=1")
    revealed = client.get("/v1/debug/users?reveal=1&reason=ticket 7").text

    assert "Петрова" not in masked
    assert (without_reason.status_code, without_reason.json()["code"]) == (422, "reason-needed")
    assert "Анна Петрова" in revealed
    assert client.get("/v1/audit").json()["items"][0]["facts"] == {"reason": "ticket 7"}


def test_the_debug_listing_is_in_no_document(house: House) -> None:
    assert "debug" not in house.client().get("/openapi.json").text


def test_an_admin_who_was_there_first_stays_the_first(house: House, admin: User) -> None:
    with pytest.raises(Conflict):
        house.accounts.add_first_admin(admin, "hash")
