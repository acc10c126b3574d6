"""Where STUN and TURN servers come from."""

import base64
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from botocore.exceptions import BotoCoreError, ClientError

from functions.core.aws import client
from functions.core.clock import Clock
from functions.core.errors import Unavailable
from functions.core.ice.model import IceAnswer, IceServer, IceServers
from functions.core.ice.settings import IceSettings, listed
from functions.core.observability import log

_PSEUDONYM: Final = b"parley/ice/1|"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for all answers."""

    stun_urls: tuple[str, ...]
    policy: Literal["all", "relay"]
    ttl_seconds: int

    def answer(self, turn: tuple[IceServer, ...], now: datetime, *, ttl_seconds: int | None = None) -> IceAnswer:
        """Return the answer with these relays."""
        ttl = self.ttl_seconds if ttl_seconds is None else ttl_seconds
        stun = (IceServer(urls=self.stun_urls),) if self.stun_urls else ()
        return IceAnswer(
            servers=(*stun, *turn), policy=self.policy, ttl_seconds=ttl, expires_at=now + timedelta(seconds=ttl)
        )


class StaticIceServers:
    """STUN alone, or nothing at all."""

    def __init__(self, terms: Terms, *, clock: Clock) -> None:
        self._terms = terms
        self._clock = clock

    def for_user(self, user_id: str) -> IceAnswer:  # noqa: ARG002 - everybody gets the same
        """Return what everybody may use."""
        return self._terms.answer((), self._clock())


@dataclass(frozen=True, slots=True)
class Relays:
    """Servers of one's own, and what they know us by."""

    urls: tuple[str, ...]
    secret: str = field(repr=False)


class CoturnIceServers:
    """coturn with `use-auth-secret`.

    https://datatracker.ietf.org/doc/html/draft-uberti-behave-turn-rest-00
    """

    def __init__(self, terms: Terms, relays: Relays, *, clock: Clock) -> None:
        self._terms = terms
        self._relays = relays
        self._clock = clock

    def for_user(self, user_id: str) -> IceAnswer:
        """Return credentials that coturn can check by itself, under a name that says nothing of the account."""
        now = self._clock()
        expiry = int(now.timestamp()) + self._terms.ttl_seconds
        username = f"{expiry}:{pseudonym(self._relays.secret, user_id)}"
        # SHA-1 is what the draft says; as a MAC it holds (RFC 6194, 3.3).
        mac = hmac.digest(self._relays.secret.encode(), username.encode(), "sha1")
        server = IceServer(urls=self._relays.urls, username=username, credential=base64.b64encode(mac).decode())
        return self._terms.answer((server,), now)


class KinesisIceServers:
    """TURN by Kinesis Video Streams: nothing to run, and 0.12 USD for 1,000 minutes of relaying (us-east-1).

    https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_signaling_GetIceServerConfig.html
    """

    def __init__(self, terms: Terms, channel_arn: str, *, clock: Clock, connect: Callable[..., Any] = client) -> None:
        self._terms = terms
        self._channel = channel_arn
        self._clock = clock
        self._connect = connect
        self._endpoint: str | None = None

    def for_user(self, user_id: str) -> IceAnswer:
        """Return what AWS gives out; raises Unavailable."""
        try:
            found = self._signalling().get_ice_server_config(
                ChannelARN=self._channel, Service="TURN", Username=pseudonym(self._channel, user_id)
            )["IceServerList"]
        except (ClientError, BotoCoreError) as error:
            log.error("no relays from Kinesis Video Streams", reason=type(error).__name__)
            raise Unavailable("The relay servers cannot be asked for; try again.", code="no-ice-servers") from error
        servers = tuple(
            IceServer(urls=tuple(one["Uris"]), username=one["Username"], credential=one["Password"]) for one in found
        )
        ttl = min((int(one["Ttl"]) for one in found), default=self._terms.ttl_seconds)
        return self._terms.answer(servers, self._clock(), ttl_seconds=ttl)

    def _signalling(self) -> Any:
        """Return the client of the channel's own endpoint, which stays the same."""
        if self._endpoint is None:
            answer = self._connect("kinesisvideo").get_signaling_channel_endpoint(
                ChannelARN=self._channel,
                SingleMasterChannelEndpointConfiguration={"Protocols": ["HTTPS"], "Role": "VIEWER"},
            )
            self._endpoint = str(answer["ResourceEndpointList"][0]["ResourceEndpoint"])
        return self._connect("kinesis-video-signaling", endpoint_url=self._endpoint)


def ice_servers_of(settings: IceSettings, *, clock: Clock) -> IceServers:
    """Return what an installation has."""
    terms = Terms(
        stun_urls=listed(settings.stun_urls), policy=settings.ice_policy, ttl_seconds=settings.ice_ttl_seconds
    )
    if settings.kvs_channel_arn:
        return KinesisIceServers(terms, settings.kvs_channel_arn, clock=clock)
    if settings.turn_urls:
        secret = listed(settings.turn_secrets.get_secret_value())[0]
        return CoturnIceServers(terms, Relays(listed(settings.turn_urls), secret), clock=clock)
    return StaticIceServers(terms, clock=clock)


def pseudonym(secret: str, user_id: str) -> str:
    """Return what a relay knows an account by: the same every time, for its quotas, and nothing to anybody else."""
    return hmac.digest(secret.encode(), _PSEUDONYM + user_id.encode(), "sha256").hex()[:32]
