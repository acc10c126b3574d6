from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from pydantic import SecretStr, ValidationError

from functions.core.errors import Unavailable
from functions.core.ice.providers import (
    CoturnIceServers,
    KinesisIceServers,
    StaticIceServers,
    Terms,
    ice_servers_of,
    pseudonym,
)
from functions.core.ice.settings import IceSettings
from tests.fakes.clock import FakeClock

ARN = "arn:aws:kinesisvideo:eu-central-1:123456789012:channel/parley/1500000000000"
TERMS = Terms(stun_urls=("stun:stun.example.org",), policy="all", ttl_seconds=1800)
ENDPOINT = "https://r-abc.kinesisvideo.eu-central-1.amazonaws.com"
TURN_URL = "turn:1-2-3-4.t-abc.kinesisvideo.eu-central-1.amazonaws.com:443?transport=udp"


class KinesisStubs:
    """AWS's own descriptions of both services check what is asked and what is answered."""

    def __init__(self) -> None:
        self.asked_for: list[tuple[str, str | None]] = []
        # Not the process's own: a stub stays with its client.
        self.clients: dict[str, Any] = {
            name: boto3.client(name) for name in ("kinesisvideo", "kinesis-video-signaling")
        }
        self.stubs = {name: Stubber(made) for name, made in self.clients.items()}
        for stub in self.stubs.values():
            stub.activate()
        self.stubs["kinesisvideo"].add_response(
            "get_signaling_channel_endpoint",
            {"ResourceEndpointList": [{"Protocol": "HTTPS", "ResourceEndpoint": ENDPOINT}]},
            {
                "ChannelARN": ARN,
                "SingleMasterChannelEndpointConfiguration": {"Protocols": ["HTTPS"], "Role": "VIEWER"},
            },
        )

    def connect(self, name: str, endpoint_url: str | None = None) -> Any:
        self.asked_for.append((name, endpoint_url))
        return self.clients[name]


@pytest.fixture
def stubs() -> KinesisStubs:
    return KinesisStubs()


def test_kinesis_gives_out_its_relays(stubs: KinesisStubs, clock: FakeClock) -> None:
    for ttl in (300, 200):
        stubs.stubs["kinesis-video-signaling"].add_response(
            "get_ice_server_config",
            {"IceServerList": [{"Uris": [TURN_URL], "Username": "u", "Password": "p", "Ttl": ttl}]},
            {"ChannelARN": ARN, "Service": "TURN", "Username": pseudonym(ARN, "usr_anna")},
        )
    servers = KinesisIceServers(TERMS, ARN, clock=clock, connect=stubs.connect)

    first, second = servers.for_user("usr_anna"), servers.for_user("usr_anna")

    stun, turn = first.servers
    assert stun.urls == ("stun:stun.example.org",)
    assert (turn.urls, turn.username, turn.credential) == ((TURN_URL,), "u", "p")
    assert (first.ttl_seconds, second.ttl_seconds) == (300, 200)
    assert (first.expires_at - clock()).total_seconds() == 300
    # Its own endpoint is asked for once.
    assert stubs.asked_for == [("kinesisvideo", None), *[("kinesis-video-signaling", ENDPOINT)] * 2]


def test_what_kinesis_refuses_is_no_fault_of_the_caller(stubs: KinesisStubs, clock: FakeClock) -> None:
    stubs.stubs["kinesis-video-signaling"].add_client_error("get_ice_server_config", "SessionExpiredException")

    with pytest.raises(Unavailable) as caught:
        KinesisIceServers(TERMS, ARN, clock=clock, connect=stubs.connect).for_user("usr_anna")

    assert caught.value.code == "no-ice-servers"
    assert isinstance(caught.value.__cause__, ClientError)


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({}, StaticIceServers),
        ({"stun_urls": "stun:a,stuns:b"}, StaticIceServers),
        ({"turn_urls": "turn:a", "turn_secrets": SecretStr("s")}, CoturnIceServers),
        ({"kvs_channel_arn": ARN, "ice_policy": "relay"}, KinesisIceServers),
    ],
)
def test_settings_say_where_servers_come_from(settings: dict[str, Any], kind: type, clock: FakeClock) -> None:
    assert isinstance(ice_servers_of(IceSettings(**settings), clock=clock), kind)


@pytest.mark.parametrize(
    "settings",
    [
        {"stun_urls": "turn:a"},
        {"turn_urls": "https://a", "turn_secrets": SecretStr("s")},
        {"turn_urls": "turn:a"},
        {"turn_secrets": SecretStr("s")},
        {"turn_urls": "turn:a", "turn_secrets": SecretStr("s"), "kvs_channel_arn": ARN},
        {"ice_policy": "relay"},
        {"ice_policy": "relay", "stun_urls": "stun:a"},
        {"ice_ttl_seconds": 59},
        {"ice_ttl_seconds": 86401},
    ],
)
def test_settings_that_do_not_fit_stop_the_process(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        IceSettings(**settings)


def test_no_secret_is_shown(clock: FakeClock) -> None:
    settings = IceSettings(turn_urls="turn:a", turn_secrets=SecretStr("hidden secret"))

    answer = ice_servers_of(settings, clock=clock).for_user("usr_anna")

    credential = answer.servers[0].credential
    assert credential is not None
    assert "hidden" not in repr(settings)
    assert credential not in repr(answer)
