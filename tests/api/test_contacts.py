from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.core.accounts.model import User
from functions.core.contacts.model import MOST_ASKING, MOST_BLOCKED, MOST_CONTACTS, REQUEST_LIFE
from functions.core.ids import new_id
from tests.call_house import OPERATOR_KEY, CallHouse
from tests.fakes.table import FakeTable

NOBODY = "00000000"


@pytest.fixture
def house() -> CallHouse:
    return CallHouse()


@pytest.fixture
def anna(house: CallHouse) -> User:
    return house.a_known_user()


@pytest.fixture
def bert(house: CallHouse) -> User:
    return house.a_known_user()


def ask(client: TestClient, other: User | str, **body: Any) -> dict[str, Any]:
    unique_id = other if isinstance(other, str) else other.unique_id
    answer = client.post("/v1/contacts", json={"unique_id": unique_id} | body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def seen(client: TestClient, **params: Any) -> list[tuple[str, str]]:
    answer = client.get("/v1/contacts", params=params)
    assert answer.status_code == 200, answer.text
    return [(one["unique_id"], one["state"]) for one in answer.json()["items"]]


def path(other: User | str, deed: str = "") -> str:
    return f"/v1/contacts/{other if isinstance(other, str) else other.unique_id}{deed}"


def test_two_people_become_contacts(house: CallHouse, anna: User, bert: User) -> None:
    of_anna, of_bert = house.client(anna), house.client(bert)

    asked = ask(of_anna, bert, introduced_as=" Анна ", label="Б. из отдела")
    waiting = of_bert.get("/v1/contacts").json()["items"]
    confirmed = of_bert.post(path(anna, "/confirm"), json={"introduced_as": "Борис", "label": "Аня"})

    assert asked == {
        "unique_id": bert.unique_id,
        "state": "requested",
        "secret": False,
        "introduced_as": None,
        "label": "Б. из отдела",
        "created_at": "2026-11-21T12:00:00Z",
        "confirmed_at": None,
    }
    assert [(one["unique_id"], one["state"], one["introduced_as"]) for one in waiting] == [
        (anna.unique_id, "asking", "Анна")
    ]
    assert (confirmed.status_code, confirmed.json()["state"], confirmed.json()["label"]) == (200, "confirmed", "Аня")
    [mine] = of_anna.get("/v1/contacts").json()["items"]
    assert (mine["state"], mine["introduced_as"], mine["label"]) == ("confirmed", "Борис", "Б. из отдела")
    reachable = house.contacts.reach(anna.unique_id, bert.unique_id)
    assert reachable is not None
    assert reachable.user_id == bert.id


def test_names_are_sealed_where_they_are_kept(house: CallHouse, anna: User, bert: User) -> None:
    ask(house.client(anna), bert, introduced_as="Анна", label="Борис")

    assert "Анна" not in repr(house.presence.documents)
    assert "Борис" not in repr(house.presence.documents)


def test_who_asks_somebody_that_has_asked_confirms(house: CallHouse, anna: User, bert: User) -> None:
    ask(house.client(anna), bert, introduced_as="Анна")

    answer = ask(house.client(bert), anna, introduced_as="Борис")

    assert (answer["state"], answer["introduced_as"]) == ("confirmed", "Анна")
    assert house.client(anna).get("/v1/contacts").json()["items"][0]["introduced_as"] == "Борис"


def test_to_confirm_twice_is_to_confirm(house: CallHouse, anna: User, bert: User) -> None:
    house.become_contacts(anna, bert)

    again = [house.client(one).post(path(other, "/confirm")) for one, other in ((anna, bert), (bert, anna))]

    assert [(one.status_code, one.json()["state"]) for one in again] == [(200, "confirmed")] * 2


def test_nobody_confirms_what_they_have_asked_themselves(house: CallHouse, anna: User, bert: User) -> None:
    ask(house.client(anna), bert)

    for other in (bert.unique_id, NOBODY):
        answer = house.client(anna).post(path(other, "/confirm"))
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_a_declined_request_stays_requested_to_who_has_asked(house: CallHouse, anna: User, bert: User) -> None:
    of_anna, of_bert = house.client(anna), house.client(bert)
    before = ask(of_anna, bert)

    declined = of_bert.post(path(anna, "/decline"))
    again = ask(of_anna, bert)

    assert declined.status_code == 204
    assert again == before
    assert seen(of_bert) == []
    assert seen(of_anna) == [(bert.unique_id, "requested")]
    assert of_bert.post(path(anna, "/decline")).status_code == 404
    assert of_bert.post(path(anna, "/confirm")).status_code == 404


def test_who_withdraws_and_asks_again_does_not_get_around_a_refusal(house: CallHouse, anna: User, bert: User) -> None:
    of_anna, of_bert = house.client(anna), house.client(bert)
    ask(of_anna, bert)
    of_bert.post(path(anna, "/decline"))

    of_anna.delete(path(bert))
    ask(of_anna, bert)

    assert seen(of_bert) == []


def test_who_has_declined_may_ask_after_all(house: CallHouse, anna: User, bert: User) -> None:
    ask(house.client(anna), bert, introduced_as="Анна")
    house.client(bert).post(path(anna, "/decline"))

    assert ask(house.client(bert), anna)["state"] == "confirmed"
    assert seen(house.client(anna)) == [(bert.unique_id, "confirmed")]


def test_a_request_is_over_after_thirty_days_and_may_be_made_again(house: CallHouse, anna: User, bert: User) -> None:
    ask(house.client(anna), bert)
    house.client(bert).post(path(anna, "/decline"))

    house.clock.pass_time(REQUEST_LIFE)

    assert seen(house.client(anna)) == seen(house.client(bert)) == []
    assert house.client(anna).delete(path(bert)).status_code == 404
    ask(house.client(anna), bert)
    assert seen(house.client(bert)) == [(anna.unique_id, "asking")]


def test_a_request_that_is_over_cannot_be_confirmed(house: CallHouse, anna: User, bert: User) -> None:
    ask(house.client(anna), bert)

    house.clock.pass_time(REQUEST_LIFE)

    assert house.client(bert).post(path(anna, "/confirm")).status_code == 404


def test_contacts_do_not_run_out(house: CallHouse, anna: User, bert: User) -> None:
    house.become_contacts(anna, bert)

    house.clock.pass_time(10 * REQUEST_LIFE)

    assert seen(house.client(anna)) == [(bert.unique_id, "confirmed")]
    assert not any("ttl" in one for pk, one in house.presence.documents.items() if pk.startswith("CONTACT#"))


def test_a_contact_is_removed_on_both_sides(house: CallHouse, anna: User, bert: User) -> None:
    house.become_contacts(anna, bert)

    removed = house.client(anna).delete(path(bert))

    assert removed.status_code == 204
    assert seen(house.client(anna)) == seen(house.client(bert)) == []
    assert house.contacts.reach(bert.unique_id, anna.unique_id) is None
    assert house.client(anna).delete(path(bert)).status_code == 404


def test_a_request_is_taken_back(house: CallHouse, anna: User, bert: User) -> None:
    ask(house.client(anna), bert)

    house.client(anna).delete(path(bert))

    assert seen(house.client(bert)) == []
    assert not [pk for pk in house.presence.documents if pk.startswith("CONTACT#")]


def test_a_blocked_contact_is_none_and_is_not_told(house: CallHouse, anna: User, bert: User) -> None:
    of_anna, of_bert = house.client(anna), house.client(bert)
    house.become_contacts(anna, bert)

    blocked = of_bert.post(path(anna, "/block"))
    asked = ask(of_anna, bert)

    assert (blocked.status_code, asked["state"]) == (204, "requested")
    assert seen(of_bert) == []
    assert house.contacts.reach(anna.unique_id, bert.unique_id) is None
    assert of_anna.get(f"/v1/users/{bert.unique_id}/devices").status_code == 404
    assert [one["unique_id"] for one in of_bert.get("/v1/blocks").json()["items"]] == [anna.unique_id]


def test_a_block_ends_a_request_of_who_blocks(house: CallHouse, anna: User, bert: User) -> None:
    ask(house.client(bert), anna)

    house.client(bert).post(path(anna, "/block"))

    assert seen(house.client(anna)) == seen(house.client(bert)) == []


def test_whom_one_has_blocked_one_cannot_ask(house: CallHouse, anna: User, bert: User) -> None:
    of_bert = house.client(bert)
    of_bert.post(path(anna, "/block"))

    refused = of_bert.post("/v1/contacts", json={"unique_id": anna.unique_id})
    unblocked = [of_bert.delete(path(anna, "/block")) for _ in range(2)]

    assert (refused.status_code, refused.json()["code"]) == (409, "blocked")
    assert [one.status_code for one in unblocked] == [204, 204]
    assert ask(of_bert, anna)["state"] == "requested"


def test_an_unblocked_one_may_ask_again(house: CallHouse, anna: User, bert: User) -> None:
    of_bert = house.client(bert)
    of_bert.post(path(anna, "/block"))
    of_bert.delete(path(anna, "/block"))

    ask(house.client(anna), bert)

    assert seen(of_bert) == [(anna.unique_id, "asking")]


def test_to_block_twice_is_to_block(house: CallHouse, anna: User) -> None:
    answers = [house.client(anna).post(path(NOBODY, "/block")) for _ in range(2)]

    assert [one.status_code for one in answers] == [204, 204]
    assert len(house.client(anna).get("/v1/blocks").json()["items"]) == 1


def test_the_own_number_is_no_contact(house: CallHouse, anna: User) -> None:
    client = house.client(anna)

    answers = [client.post("/v1/contacts", json={"unique_id": anna.unique_id}), client.post(path(anna, "/block"))]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [(422, "yourself")] * 2


def test_an_operator_has_no_number(house: CallHouse) -> None:
    client = house.client(bearer=OPERATOR_KEY)

    answers = [client.get("/v1/contacts"), client.get("/v1/devices"), client.get("/v1/calls")]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [(403, "people-only")] * 3


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"unique_id": "1234567"},
        {"unique_id": "123456789"},
        {"unique_id": "1234567a"},
        {"unique_id": "١٢٣٤٥٦٧٨"},
        {"unique_id": "12345678\n"},
        {"unique_id": 12345678},
        {"unique_id": NOBODY, "label": ""},
        {"unique_id": NOBODY, "label": "a\nb"},
        {"unique_id": NOBODY, "introduced_as": "a" * 101},
        {"unique_id": NOBODY, "secret": "perhaps"},
    ],
)
def test_a_bad_request_is_refused(house: CallHouse, anna: User, body: dict[str, Any]) -> None:
    answer = house.client(anna).post("/v1/contacts", json=body)

    # White space around a number is forgiven.
    assert answer.status_code == (201 if body.get("unique_id") == "12345678\n" else 422)


def test_my_side_is_changed_and_theirs_is_not(house: CallHouse, anna: User, bert: User) -> None:
    house.become_contacts(anna, bert)
    client = house.client(anna)

    labelled = client.patch(path(bert), json={"label": "Борис"}).json()
    secret = client.patch(path(bert), json={"secret": True}).json()
    plain = client.patch(path(bert), json={"label": None}).json()

    assert (labelled["label"], labelled["secret"]) == ("Борис", False)
    assert (secret["label"], secret["secret"]) == ("Борис", True)
    assert (plain["label"], plain["secret"]) == (None, True)
    [theirs] = house.client(bert).get("/v1/contacts").json()["items"]
    assert (theirs["label"], theirs["secret"]) == (None, False)
    assert client.patch(path(bert), json={}).status_code == 422
    assert client.patch(path(NOBODY), json={"secret": True}).status_code == 404


def test_secret_contacts_are_listed_right_after_signing_in_only(house: CallHouse, anna: User, bert: User) -> None:
    carla = house.a_known_user()
    ask(house.client(anna), carla)
    ask(house.client(anna), bert, secret=True)
    session = house.session_of(anna)

    plain = seen(house.client_of(session))
    with_secret = seen(house.client_of(session), include_secret=True)
    house.clock.pass_time(timedelta(minutes=15))
    later = house.client_of(session).get("/v1/contacts", params={"include_secret": True})

    assert plain == [(carla.unique_id, "requested")]
    assert set(with_secret) == {(carla.unique_id, "requested"), (bert.unique_id, "requested")}
    assert (later.status_code, later.json()["code"]) == (403, "sign-in-again")
    assert seen(house.client_of(session)) == plain


def test_a_secret_request_is_secret_to_the_other_one_unless_they_say_otherwise(
    house: CallHouse, anna: User, bert: User
) -> None:
    ask(house.client(anna), bert, secret=True)
    of_bert = house.client(bert)

    hidden, shown = seen(of_bert), seen(of_bert, include_secret=True)
    of_bert.post(path(anna, "/confirm"), json={"secret": False})

    assert (hidden, shown) == ([], [(anna.unique_id, "asking")])
    assert seen(of_bert) == [(anna.unique_id, "confirmed")]
    assert seen(house.client(anna)) == []


def test_pages_show_no_gap_where_a_secret_contact_is(house: CallHouse, anna: User) -> None:
    numbers = [f"0000000{number}" for number in range(6)]
    for number in numbers:
        house.clock.pass_time(timedelta(seconds=1))
        ask(house.client(anna), number, secret=number in {"00000003", "00000004"})
    client = house.client(anna)

    first = client.get("/v1/contacts", params={"limit": 2})
    second = client.get(first.headers["Link"].split(">")[0][1:]).json()
    everything = client.get("/v1/contacts", params={"limit": 4, "include_secret": True})
    rest = client.get(everything.headers["Link"].split(">")[0][1:]).json()

    assert [one["unique_id"] for one in first.json()["items"] + second["items"]] == [
        numbers[number] for number in (5, 2, 1, 0)
    ]
    assert second["next_cursor"] is None
    assert [one["unique_id"] for one in everything.json()["items"] + rest["items"]] == numbers[::-1]
    cursor = everything.json()["next_cursor"]
    assert client.get("/v1/contacts", params={"cursor": cursor}).json()["code"] == "invalid-cursor"


def test_a_person_makes_twenty_requests_an_hour(anna: User) -> None:
    house = CallHouse(auth_calls_per_minute=5)
    client = house.client(house.a_known_user())

    answers = [client.post("/v1/contacts", json={"unique_id": f"{number:08d}"}) for number in range(21)]

    assert [one.status_code for one in answers] == [201] * 20 + [429]
    assert int(answers[-1].headers["Retry-After"]) == 3600


def listed(table: FakeTable, owner: str, state: str, number: int, group: str = "") -> None:
    """Put many sides there at once."""
    for one in range(number):
        other = f"{20_000_000 + one}"
        table.documents[f"CONTACT#{owner}#{other}"] = {
            "pk": f"CONTACT#{owner}#{other}",
            "id": f"{owner}#{other}",
            "state": state,
            "created_at": "2026-11-21T11:00:00Z",
            "is_secret": bool(group),
            "version": 1,
            "list_pk": f"CONTACTS#{owner}{group}",
            "list_sk": f"2026-11-21T11:00:00+00:00#{other}",
        }


def test_a_person_has_so_many_contacts_and_no_more(house: CallHouse, anna: User, bert: User) -> None:
    ask(house.client(anna), "10000000")
    listed(house.presence, anna.unique_id, "requested", MOST_CONTACTS - 1, "/SECRET")

    answers = [
        house.client(anna).post("/v1/contacts", json={"unique_id": number}) for number in (bert.unique_id, NOBODY)
    ]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [(409, "too-many-contacts")] * 2
    # What was asked already is answered as before.
    assert ask(house.client(anna), "10000000")["state"] == "requested"


def test_nobodys_list_is_filled_by_others(house: CallHouse, anna: User, bert: User) -> None:
    listed(house.presence, bert.unique_id, "asking", MOST_ASKING)

    asked = ask(house.client(anna), bert)

    assert asked["state"] == "requested"
    assert anna.unique_id not in dict(seen(house.client(bert), limit=100))
    # Those who ask take no room from whom one asks oneself.
    assert ask(house.client(bert), NOBODY)["state"] == "requested"


def test_a_person_blocks_so_many_and_no_more(house: CallHouse, anna: User) -> None:
    for number in range(MOST_BLOCKED):
        other = f"{30_000_000 + number}"
        house.presence.documents[f"BLOCK#{anna.unique_id}#{other}"] = {
            "pk": f"BLOCK#{anna.unique_id}#{other}",
            "id": f"{anna.unique_id}#{other}",
            "created_at": "2026-11-21T11:00:00Z",
            "version": 1,
            "list_pk": f"BLOCKS#{anna.unique_id}",
            "list_sk": other,
        }

    answer = house.client(anna).post(path(NOBODY, "/block"))

    assert (answer.status_code, answer.json()["code"]) == (409, "too-many-blocked")
    assert house.client(anna).post(path("30000000", "/block")).status_code == 204


def test_both_are_told_where_they_are_connected(house: CallHouse, anna: User, bert: User) -> None:
    house.connect(anna, "a1")
    house.connect(bert, "b1")
    of_anna, of_bert = house.client(anna), house.client(bert)

    def told(connection: str) -> list[tuple[str, str, str | None]]:
        events = house.posts.told(connection)
        house.posts.posts = [one for one in house.posts.posts if one[0] != connection]
        assert {event["type"] for event in events} <= {"contact"}
        return [(one["unique_id"], one["state"], one["label"]) for one in (event["contact"] for event in events)]

    ask(of_anna, bert, label="Б")
    assert told("a1") == [(bert.unique_id, "requested", "Б")]
    assert told("b1") == [(anna.unique_id, "asking", None)]
    of_bert.post(path(anna, "/decline"))
    assert (told("a1"), told("b1")) == ([], [(anna.unique_id, "removed", None)])
    ask(of_bert, anna, label="А")
    assert told("a1") == [(bert.unique_id, "confirmed", "Б")]
    assert told("b1") == [(anna.unique_id, "confirmed", "А")]
    of_anna.patch(path(bert), json={"label": "Борис"})
    assert (told("a1"), told("b1")) == ([(bert.unique_id, "confirmed", "Борис")], [])
    of_bert.post(path(anna, "/block"))
    assert told("a1") == [(bert.unique_id, "removed", "Борис")]
    assert told("b1") == [(anna.unique_id, "removed", "А")]
    ask(of_anna, bert)
    assert (told("a1"), told("b1")) == ([(bert.unique_id, "requested", None)], [])


def test_an_account_that_is_closed_is_nobody(house: CallHouse, anna: User) -> None:
    closed = house.a_known_user(is_active=False)

    assert ask(house.client(anna), closed)["state"] == "requested"
    [hidden] = [one for pk, one in house.presence.documents.items() if pk.startswith(f"CONTACT#{closed.unique_id}#")]
    assert hidden["state"] == "silenced"


def test_a_username_of_eight_digits_is_no_number(house: CallHouse, anna: User) -> None:
    house.a_known_user(username="12121212")

    ask(house.client(anna), "12121212")

    assert house.presence.documents[f"CONTACT#12121212#{anna.unique_id}"]["state"] == "silenced"


def test_who_leaves_is_forgotten_on_both_sides(house: CallHouse, anna: User, bert: User) -> None:
    carla, dora = house.a_known_user(), house.a_known_user()
    house.become_contacts(anna, bert)
    ask(house.client(anna), carla)
    ask(house.client(dora), anna)
    house.client(anna).post(path(NOBODY, "/block"))
    house.connect(anna, "a1")
    house.register(anna)

    for _ in range(2):
        house.estate.forget_owner(anna.id)

    assert seen(house.client(bert)) == seen(house.client(carla)) == []
    # Whoever has asked learns nothing of it.
    assert seen(house.client(dora)) == [(anna.unique_id, "requested")]
    assert anna.id not in repr(house.presence.documents)
    kept = [pk for pk in house.presence.documents if anna.unique_id in pk]
    assert kept == [f"CONTACT#{dora.unique_id}#{anna.unique_id}"]


def test_an_estate_without_a_number_or_account_is_empty(house: CallHouse) -> None:
    house.estate.forget_owner(new_id("user"))

    assert not house.presence.documents
