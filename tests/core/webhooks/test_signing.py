"""What is signed here is verified by the package that receivers use."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from functions.core.webhooks.events import payload_of
from functions.core.webhooks.signing import MOST_SECRETS, SECRET_BYTES, SigningSecrets, headers_of, new_secret
from tests.builders import NOON

HOUR = timedelta(hours=1)


@settings(max_examples=50)
@given(title=st.text(), message_id=st.from_regex(r"\Amsg_[A-Z2-7]{26}\Z"))
def test_a_receiver_verifies_any_message(title: str, message_id: str) -> None:
    secret, body = new_secret(), payload_of("recording.ready", "2026-11-21T12:00:00Z", {"title": title}).encode()

    headers = headers_of(message_id, body, signing=[secret], now=datetime.now(UTC))

    assert Webhook(secret).verify(body, headers)["data"] == {"title": title}


@pytest.mark.parametrize(
    "forged",
    [
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": "a second later"},
        {"webhook-timestamp": "1"},
        {"webhook-signature": "v1,AAAA"},
    ],
)
def test_a_message_that_says_something_else_than_was_signed_is_refused(forged: dict[str, str]) -> None:
    secret, now = new_secret(), datetime.now(UTC)
    headers = headers_of("msg_1", b"{}", signing=[secret], now=now)
    if "later" in forged.get("webhook-timestamp", ""):
        forged = {"webhook-timestamp": str(int(now.timestamp()) + 1)}

    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(b"{}", headers | forged)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(b"{}", headers)


def test_a_secret_is_new_every_time_and_has_the_form_of_one() -> None:
    one, other = new_secret(), new_secret()

    assert one != other
    assert one.startswith("whsec_")
    assert len(base64.b64decode(one.removeprefix("whsec_"), validate=True)) == SECRET_BYTES


def test_a_replaced_secret_signs_beside_the_new_one_for_a_day() -> None:
    old, new, body = new_secret(), new_secret(), b'{"a":1}'
    secrets = SigningSecrets(id="whk_1", texts=old).rotated(new, NOON)

    headers = headers_of("msg_1", body, signing=secrets.valid(NOON + 23 * HOUR), now=datetime.now(UTC))

    assert secrets.newest == new
    assert Webhook(old).verify(body, headers) == Webhook(new).verify(body, headers) == {"a": 1}
    assert secrets.valid(NOON + 24 * HOUR) == [new]


@settings(max_examples=50)
@given(pauses=st.lists(st.integers(0, 30), max_size=12))
def test_however_often_a_secret_is_replaced_those_of_the_last_day_sign_and_not_too_many(pauses: list[int]) -> None:
    secrets, now = SigningSecrets(id="whk_1", texts="s0"), NOON
    replaced = {}
    for number, pause in enumerate(pauses, start=1):
        now += pause * HOUR
        replaced[secrets.newest] = now
        secrets = secrets.rotated(f"s{number}", now)

    lately = [one for one, at in reversed(replaced.items()) if now - at < 24 * HOUR]
    assert secrets.valid(now) == [f"s{len(pauses)}", *lately][:MOST_SECRETS]
