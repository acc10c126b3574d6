import pytest

from functions.core.accounts.api_keys import hash_of, make_secret
from functions.core.accounts.model import ApiKey, Scope, User
from functions.core.errors import NotKnown
from functions.core.ids import new_id
from functions.core.realtime.model import TICKET_LIFE
from parley.sealed.ulids import new_id as new_device_id
from tests.call_house import OPERATOR_KEY, REALTIME_URL, CallHouse


@pytest.fixture
def house() -> CallHouse:
    return CallHouse()


@pytest.fixture
def anna(house: CallHouse) -> User:
    return house.a_known_user()


def key_of(house: CallHouse, owner: User, *scopes: Scope) -> str:
    key_id = new_id("api_key")
    secret = make_secret(key_id)
    key = ApiKey(
        id=key_id,
        owner_id=owner.id,
        name="one",
        prefix=secret[:12],
        secret_hash=hash_of(secret),
        created_at=house.clock(),
        scopes=scopes,
    )
    house.accounts.add_api_key(key)
    return secret


def test_a_ticket_lets_a_device_in_once(house: CallHouse, anna: User) -> None:
    device = house.register(anna)

    answer = house.client(anna).post("/v1/realtime/ticket", json={"device_id": device.id})

    body = answer.json()
    assert (answer.status_code, body["expires_in"], body["url"]) == (201, 30, REALTIME_URL)
    ticket = house.tickets.redeem(body["ticket"])
    assert (ticket.user_id, ticket.unique_id, ticket.device_id) == (anna.id, anna.unique_id, device.id)
    assert ticket.credential.session_id is not None
    with pytest.raises(NotKnown):
        house.tickets.redeem(body["ticket"])


@pytest.mark.parametrize("body", [None, {}, {"device_id": None}])
def test_a_ticket_without_a_device_is_for_watching_only(
    house: CallHouse, anna: User, body: dict[str, None] | None
) -> None:
    answer = house.client(anna).post("/v1/realtime/ticket", json=body)

    assert house.tickets.redeem(answer.json()["ticket"]).device_id is None


def test_a_ticket_is_over_after_half_a_minute(house: CallHouse, anna: User) -> None:
    ticket = house.client(anna).post("/v1/realtime/ticket").json()["ticket"]

    house.clock.pass_time(TICKET_LIFE)

    with pytest.raises(NotKnown):
        house.tickets.redeem(ticket)


def test_a_device_must_be_ones_own(house: CallHouse, anna: User) -> None:
    device = house.register(house.a_known_user())

    answers = [
        house.client(anna).post("/v1/realtime/ticket", json={"device_id": device_id})
        for device_id in (device.id, new_device_id("dev"))
    ]
    malformed = house.client(anna).post("/v1/realtime/ticket", json={"device_id": "phone"})

    assert [(one.status_code, one.json()["code"]) for one in answers] == [(404, "no-device")] * 2
    assert malformed.status_code == 422


def test_an_api_key_needs_a_scope_for_calls_only(house: CallHouse, anna: User) -> None:
    device = house.register(anna)
    client = house.client(bearer=key_of(house, anna, Scope.JOBS_READ))
    caller = house.client(bearer=key_of(house, anna, Scope.CALLS_WRITE))

    watching = client.post("/v1/realtime/ticket")
    calling = client.post("/v1/realtime/ticket", json={"device_id": device.id})

    assert watching.status_code == 201
    assert (calling.status_code, calling.json()["code"]) == (403, "scope-missing")
    assert caller.post("/v1/realtime/ticket", json={"device_id": device.id}).status_code == 201


def test_an_operator_watches_and_has_no_device(house: CallHouse, anna: User) -> None:
    device, client = house.register(anna), house.client(bearer=OPERATOR_KEY)

    watching = client.post("/v1/realtime/ticket")
    calling = client.post("/v1/realtime/ticket", json={"device_id": device.id})

    assert watching.status_code == 201
    assert (calling.status_code, calling.json()["code"]) == (403, "people-only")


def test_an_api_key_sees_no_secret_contacts(house: CallHouse, anna: User) -> None:
    client = house.client(bearer=key_of(house, anna))

    answers = [client.get(path, params={"include_secret": True}) for path in ("/v1/contacts", "/v1/calls")]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [(403, "sign-in-again")] * 2


def test_nobody_gets_a_ticket_without_a_credential(house: CallHouse) -> None:
    assert house.client().post("/v1/realtime/ticket").status_code == 401
