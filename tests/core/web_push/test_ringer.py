import threading
from collections.abc import Mapping
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from pydantic import SecretStr, ValidationError

from functions.core.errors import Conflict
from functions.core.version import VERSION
from functions.core.web_push.model import MOST_SUBSCRIPTIONS, Subscription
from functions.core.web_push.ringer import PATIENCE_SECONDS, WebPushRinger
from functions.core.web_push.settings import WebPush
from functions.core.web_push.store import PushSubscriptions
from functions.core.web_push.vapid import Vapid, vapid_of
from functions.core.webhooks.addresses import Policy
from functions.core.webhooks.sending import Answer, HttpSender, NoAnswer
from parley.sealed.encoding import unb64
from tests.builders import NOON
from tests.core.webhooks.receiver import receiving, respond
from tests.fakes.clock import FakeClock
from tests.fakes.table import FakeTable

KEY = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"
SUBJECT = "mailto:it@example.org"
ANNA = "11111111"


class FakePushServices:
    def __init__(self) -> None:
        self.messages: list[tuple[str, dict[str, str], bytes]] = []
        self.statuses: dict[str, int] = {}
        self._lock = threading.Lock()

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        with self._lock:
            self.messages.append((url, dict(headers), body))
        if self.statuses.get(url) == 0:
            raise NoAnswer("timed-out", "There was no answer.")
        return Answer(status=self.statuses.get(url, 201))


@pytest.fixture
def services() -> FakePushServices:
    return FakePushServices()


@pytest.fixture
def table() -> FakeTable:
    return FakeTable()


@pytest.fixture
def subscriptions(table: FakeTable, clock: FakeClock) -> PushSubscriptions:
    return PushSubscriptions(table, clock=clock)


@pytest.fixture
def ringer(subscriptions: PushSubscriptions, services: FakePushServices, clock: FakeClock) -> WebPushRinger:
    return WebPushRinger(subscriptions, Vapid(KEY, SUBJECT, clock=clock), services)


def subscribe(subscriptions: PushSubscriptions, *hosts: str) -> list[str]:
    endpoints = [f"https://{host}/send/1" for host in hosts]
    for number, endpoint in enumerate(endpoints):
        subscription = Subscription(device_id=f"dev_{number}", endpoint=endpoint, created_at=NOON)
        subscriptions.put(ANNA, subscription)
    return endpoints


def test_all_browsers_are_woken_and_told_nothing(
    ringer: WebPushRinger, subscriptions: PushSubscriptions, services: FakePushServices
) -> None:
    endpoints = subscribe(subscriptions, "a.example.org", "b.example.org:8443")

    ringer.ring(ANNA, "call_1")
    ringer.stop(ANNA, "call_1")

    assert sorted(url for url, _, _ in services.messages) == sorted(endpoints * 2)
    for _, headers, body in services.messages:
        assert body == b""
        assert {name: headers[name] for name in ("TTL", "Urgency", "Topic")} == {
            "TTL": "45",
            "Urgency": "high",
            "Topic": "call",
        }
        assert headers["User-Agent"] == f"Parley/{VERSION}"
        assert "call_1" not in str(headers)


def test_a_push_service_can_check_who_sends(
    ringer: WebPushRinger, subscriptions: PushSubscriptions, services: FakePushServices, clock: FakeClock
) -> None:
    subscribe(subscriptions, "b.example.org:8443")
    ringer.ring(ANNA, "call_1")

    [(_, headers, _)] = services.messages
    scheme, _, parameters = headers["Authorization"].partition(" ")
    shown = dict(one.strip().split("=", 1) for one in parameters.split(","))
    key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), unb64(shown["k"], most=87))
    claims = jwt.decode(
        shown["t"], key, ["ES256"], audience="https://b.example.org:8443", options={"verify_exp": False}
    )
    assert scheme == "vapid"
    assert claims["sub"] == SUBJECT
    assert 0 < claims["exp"] - clock().timestamp() <= 24 * 3600


@pytest.mark.parametrize(
    ("status", "is_kept"), [(404, False), (410, False), (201, True), (429, True), (500, True), (0, True)]
)
def test_a_subscription_that_has_ended_is_forgotten_and_no_other(
    ringer: WebPushRinger, subscriptions: PushSubscriptions, services: FakePushServices, status: int, is_kept: bool
) -> None:
    first, second = subscribe(subscriptions, "a.example.org", "b.example.org")
    services.statuses[first] = status

    ringer.ring(ANNA, "call_1")

    assert [one.endpoint for one in subscriptions.of(ANNA)] == ([first, second] if is_kept else [second])


def test_what_goes_over_the_wire_is_empty(subscriptions: PushSubscriptions, clock: FakeClock) -> None:
    with receiving(respond(410)) as service:
        endpoint = f"http://127.0.0.1:{service.port}/send/1?a=b"
        subscriptions.put(ANNA, Subscription(device_id="dev_1", endpoint=endpoint, created_at=NOON))
        sender = HttpSender(Policy(allows_http=True, allows_private=True), patience=PATIENCE_SECONDS)

        WebPushRinger(subscriptions, Vapid(KEY, SUBJECT, clock=clock), sender).ring(ANNA, "call_1")

    [message] = service.received
    assert (message.path, message.body, message.headers["Content-Length"]) == ("/send/1?a=b", b"", "0")
    assert message.headers["Authorization"].startswith("vapid t=")
    assert subscriptions.of(ANNA) == []


def test_whoever_has_no_browser_costs_one_read(
    ringer: WebPushRinger, table: FakeTable, services: FakePushServices
) -> None:
    ringer.ring(ANNA, "call_1")

    assert dict(table.calls) == {"get": 1}
    assert services.messages == []


def test_a_call_does_not_fail_for_a_push_that_does(subscriptions: PushSubscriptions, clock: FakeClock) -> None:
    class Broken(FakePushServices):
        def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
            raise RuntimeError(url)

    subscribe(subscriptions, "a.example.org")

    WebPushRinger(subscriptions, Vapid(KEY, SUBJECT, clock=clock), Broken()).ring(ANNA, "call_1")

    assert len(subscriptions.of(ANNA)) == 1


def test_a_person_has_so_many_subscriptions_and_no_more(subscriptions: PushSubscriptions, clock: FakeClock) -> None:
    def one(number: int, **changes: timedelta) -> Subscription:
        ends = {name: clock() + after for name, after in changes.items()}
        return Subscription(device_id=f"dev_{number}", endpoint=f"https://e/{number}", created_at=NOON, **ends)

    for number in range(MOST_SUBSCRIPTIONS - 1):
        subscriptions.put(ANNA, one(number))
    subscriptions.put(ANNA, one(8, expires_at=timedelta(hours=1)))

    with pytest.raises(Conflict) as caught:
        subscriptions.put(ANNA, one(9))
    clock.pass_time(timedelta(hours=1))
    subscriptions.put(ANNA, one(9))

    assert caught.value.code == "too-many-subscriptions"
    assert len(subscriptions.of(ANNA)) == MOST_SUBSCRIPTIONS


@pytest.mark.parametrize("key", ["", "AQ", "!" * 43, "A" * 43, "_" * 43, KEY + KEY])
def test_a_key_that_is_none_stops_the_process_and_is_not_shown(key: str, clock: FakeClock) -> None:
    if not key:
        assert vapid_of(WebPush(), clock=clock) is None
        return
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - whatever a library says of it
        vapid_of(WebPush(vapid_private_key=SecretStr(key), vapid_subject=SUBJECT), clock=clock)

    assert key not in str(caught.value)


@pytest.mark.parametrize("subject", ["", "it@example.org", "http://example.org"])
def test_push_services_must_know_whom_to_write_to(subject: str) -> None:
    with pytest.raises(ValidationError):
        WebPush(vapid_private_key=SecretStr(KEY), vapid_subject=subject)
