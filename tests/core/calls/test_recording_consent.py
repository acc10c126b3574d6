from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.core.calls.model import CallStatus
from functions.core.calls.recording_consent import TOLERANCE, NoConsent, checked_consent
from functions.core.errors import Conflict
from functions.core.recordings.tracks import Consent
from parley.sealed import Device
from tests.builders import NOON
from tests.core.calls.recorded_calls import ANNA, BORIS, Pair, forged

Statements = tuple[Any, Any]
LATER = timedelta(seconds=1)


def checked(pair: Pair, request: Any, grant: Any, *, asked_by: str = ANNA) -> Consent:
    return checked_consent(
        pair.call, request=request, grant=grant, asked_by=asked_by, keys_of=pair.keys_of, now=pair.now
    )


def test_what_both_have_signed_is_a_consent() -> None:
    pair = Pair()

    consent = checked(pair, pair.request, pair.grant)

    assert consent.people == (ANNA, BORIS)
    assert (consent.call_id, consent.requested_at, consent.granted_at) == (pair.call.id, pair.now, pair.now)


def test_who_was_called_may_ask_as_well() -> None:
    pair = Pair()

    consent = checked(pair, pair.says(pair.boris, "request"), pair.says(pair.anna, "grant"), asked_by=BORIS)

    assert consent.people == (BORIS, ANNA)


def of_another_device(pair: Pair) -> Statements:
    return pair.request, pair.says(Device.create(BORIS), "grant")


def forged_by_the_other_side(pair: Pair) -> Statements:
    """Anna writes the grant of Boris's device herself, and signs it with her own key."""
    own = pair.says(pair.anna, "grant")
    return pair.request, forged(own, by=BORIS, device=pair.boris.id)


REFUSALS: dict[str, tuple[str, Callable[[Pair], Statements]]] = {
    "no grant": ("consent-missing", lambda pair: (pair.request, None)),
    "no request": ("consent-missing", lambda pair: (None, pair.grant)),
    "an empty grant": ("consent-missing", lambda pair: (pair.request, {})),
    "of another call": (
        "consent-of-another-call",
        lambda pair: (pair.request, pair.says(pair.boris, "grant", call_id="call_01JD3Z6Q4B2VJ6V5T6X0Q2M8AG")),
    ),
    "moved to this call": (
        "consent-forged",
        lambda pair: (
            pair.request,
            forged(pair.says(pair.boris, "grant", call_id="call_01JD3Z6Q4B2VJ6V5T6X0Q2M8AG"), call=pair.call.id),
        ),
    ),
    "swapped": ("consent-kind", lambda pair: (pair.grant, pair.request)),
    "two requests": ("consent-kind", lambda pair: (pair.request, pair.says(pair.boris, "request"))),
    "both by one person": ("consent-of-another", lambda pair: (pair.request, pair.says(pair.anna, "grant"))),
    "asked by the other side": (
        "consent-of-another",
        lambda pair: (pair.says(pair.boris, "request"), pair.says(pair.anna, "grant")),
    ),
    "by a third person": (
        "consent-of-another",
        lambda pair: (pair.request, pair.says(Device.create("33333333"), "grant")),
    ),
    "of a device that was not in the call": ("consent-of-another-device", of_another_device),
    "made up by who asks": ("consent-forged", forged_by_the_other_side),
    "at another time than was signed": (
        "consent-forged",
        lambda pair: (pair.request, forged(pair.grant, at=1_800_000_000_000)),
    ),
    "a signature of something else": (
        "consent-forged",
        lambda pair: (pair.request, pair.grant | {"s": pair.request["s"]}),
    ),
    "no signature": ("consent-forged", lambda pair: (pair.request, {"b": pair.grant["b"], "s": ""})),
    "an unknown text": ("consent-text-unknown", lambda pair: (pair.request, forged(pair.grant, text="I agree"))),
    "a text that is none": ("consent-text-unknown", lambda pair: (pair.request, forged(pair.grant, text=[]))),
    "no JSON": ("consent-unreadable", lambda pair: (pair.request, {"b": "bm8", "s": pair.grant["s"]})),
    "no object": ("consent-unreadable", lambda pair: (pair.request, {"b": "W10", "s": pair.grant["s"]})),
    "no base64": ("consent-unreadable", lambda pair: (pair.request, {"b": "б", "s": pair.grant["s"]})),
    "before the call": (
        "consent-out-of-time",
        lambda pair: (pair.request, pair.says(pair.boris, "grant", at=pair.answered_at - TOLERANCE - LATER)),
    ),
    "in the future": (
        "consent-out-of-time",
        lambda pair: (pair.request, pair.says(pair.boris, "grant", at=pair.now + TOLERANCE + LATER)),
    ),
}


@pytest.mark.parametrize(("code", "make"), REFUSALS.values(), ids=REFUSALS)
def test_anything_else_is_refused_and_says_why(code: str, make: Callable[[Pair], Statements]) -> None:
    pair = Pair()

    with pytest.raises(NoConsent) as raised:
        checked(pair, *make(pair))

    assert raised.value.code == code


def test_what_is_signed_after_the_call_is_too_late() -> None:
    pair = Pair()
    ended_at = NOON + timedelta(minutes=3)
    pair.call = replace(pair.call, status=CallStatus.ENDED, ended_at=ended_at)
    pair.now = NOON + timedelta(hours=1)
    in_time, late = (ended_at + TOLERANCE + delay for delay in (timedelta(), LATER))
    request = pair.says(pair.anna, "request", at=in_time)

    assert checked(pair, request, pair.says(pair.boris, "grant", at=in_time)).granted_at == in_time
    with pytest.raises(NoConsent) as raised:
        checked(pair, request, pair.says(pair.boris, "grant", at=late))
    assert raised.value.code == "consent-out-of-time"


def test_a_device_that_was_removed_consents_to_nothing() -> None:
    pair = Pair()

    with pytest.raises(NoConsent) as raised:
        checked_consent(
            pair.call, request=pair.request, grant=pair.grant, asked_by=ANNA, keys_of=lambda *_: None, now=pair.now
        )

    assert raised.value.code == "consent-device-gone"


@pytest.mark.parametrize("status", [CallStatus.RINGING, CallStatus.DECLINED, CallStatus.MISSED, CallStatus.CANCELLED])
def test_a_call_that_nobody_answered_is_not_recorded(status: CallStatus) -> None:
    pair = Pair()
    pair.call = replace(pair.call, status=status, callee_device=None, answered_at=None, connected_at=None)

    with pytest.raises(Conflict) as raised:
        checked(pair, pair.request, pair.grant)

    assert raised.value.code == "call-not-answered"
