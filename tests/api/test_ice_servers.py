import base64
import hashlib
import hmac

import pytest
from pydantic import SecretStr

from functions.core.ice.settings import IceSettings
from tests.call_house import OPERATOR_KEY, CallHouse

STUN = "stun:turn.example.org:3478"
TURN = "turn:turn.example.org:3478?transport=udp", "turns:turn.example.org:443?transport=tcp"


def test_without_servers_calls_stay_in_one_network() -> None:
    house = CallHouse()

    answer = house.client(house.a_known_user()).get("/v1/ice-servers")

    assert answer.json() == {
        "ice_servers": [],
        "ice_transport_policy": "all",
        "iceServers": [],
        "iceTransportPolicy": "all",
        "ttl_seconds": 1800,
        "expires_at": "2026-11-21T12:30:00Z",
    }


def test_credentials_are_those_that_coturn_can_check_and_name_nobody() -> None:
    settings = IceSettings(
        stun_urls=STUN,
        turn_urls=", ".join(TURN),
        turn_secrets=SecretStr("new secret,old secret"),
        ice_ttl_seconds=600,
        ice_policy="relay",
    )
    house = CallHouse(ice=settings)
    anna, bert = house.a_known_user(), house.a_known_user()

    answer = house.client(anna).get("/v1/ice-servers").json()
    [_, again], [_, others] = (house.client(one).get("/v1/ice-servers").json()["ice_servers"] for one in (anna, bert))

    stun, turn = answer["ice_servers"]
    expiry, _, pseudonym = turn["username"].partition(":")
    expected = hmac.new(b"new secret", turn["username"].encode(), hashlib.sha1).digest()
    assert stun == {"urls": [STUN]}
    assert turn["urls"] == list(TURN)
    assert int(expiry) == int(house.clock().timestamp()) + 600
    assert turn["credential"] == base64.b64encode(expected).decode()
    assert (answer["ice_transport_policy"], answer["expires_at"]) == ("relay", "2026-11-21T12:10:00Z")
    assert (answer["iceServers"], answer["iceTransportPolicy"]) == (answer["ice_servers"], "relay")
    # The same for one person, so that a relay can count; and of nobody's account.
    assert again == turn
    assert others["username"] != turn["username"]
    assert anna.id not in pseudonym
    assert anna.unique_id not in pseudonym


def test_servers_are_asked_for_thirty_times_a_minute() -> None:
    house = CallHouse()
    client = house.client(house.a_known_user())

    answers = [client.get("/v1/ice-servers") for _ in range(31)]

    assert [one.status_code for one in answers] == [200] * 30 + [429]
    assert answers[0].headers["RateLimit-Policy"] == '"ice-servers";q=30;w=60'
    assert answers[-1].headers["Retry-After"] == "2"
    assert house.client(house.a_known_user()).get("/v1/ice-servers").status_code == 200


@pytest.mark.parametrize("bearer", [None, OPERATOR_KEY])
def test_only_people_get_servers(bearer: str | None) -> None:
    answer = CallHouse().client(bearer=bearer).get("/v1/ice-servers")

    assert answer.status_code == (403 if bearer else 401)
