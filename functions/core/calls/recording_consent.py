"""Whether both sides of a call want it recorded: two statements, each signed by the device that its side talks with.

The house cannot make one up: it has public keys only. A statement is about one call and no other, and about a text that
this release knows; a banner that somebody has scrolled past is no consent.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from functions.core.calls.model import Call
from functions.core.devices.bundle import DeviceKeys, read_bundle
from functions.core.devices.statement import TEXTS, Statement, StatementKind, read_statement
from functions.core.devices.store import Devices
from functions.core.errors import Conflict, Invalid, NotFound, Refused
from functions.core.recordings.tracks import Consent

TOLERANCE: Final = timedelta(minutes=5)
"""How far the clock of a device may be off."""
_LONGEST: Final = 2048

Signed = Mapping[str, str]
"""A statement as it travels: `b`, its bytes, and `s`, their signature."""
KeysOf = Callable[[str, str], DeviceKeys | None]
"""Returns the public keys of somebody's device, by their number and its id."""


class NoConsent(Refused):
    """The statements are no consent of both sides to record this call."""

    code = "no-consent"


@dataclass(frozen=True, slots=True)
class _Expected:
    """Who must have said what."""

    call: Call
    kind: StatementKind
    by: str

    @property
    def device(self) -> str:
        return self.call.device_of(self.by) or ""


def checked_consent(  # noqa: PLR0913 - all that decides it
    call: Call, *, request: Signed | None, grant: Signed | None, asked_by: str, keys_of: KeysOf, now: datetime
) -> Consent:
    """Return the consent of both sides, the one who asked first.

    Raises:
        Conflict: the call was never answered.
        NoConsent: a statement is missing, forged, or about something else; the code says which.
    """
    if call.answered_at is None or call.callee_device is None:
        raise Conflict("Only a call that was answered can be recorded.", code="call-not-answered")
    if not request or not grant:
        raise NoConsent("Both sides must have signed that they want this call recorded.", code="consent-missing")
    asked = _checked(request, _Expected(call, StatementKind.REQUEST, asked_by), keys_of, now)
    granted = _checked(grant, _Expected(call, StatementKind.GRANT, call.other_than(asked_by)), keys_of, now)
    return Consent(
        call_id=call.id,
        requested_by=asked.by,
        requested_at=asked.at,
        granted_by=granted.by,
        granted_at=granted.at,
        text=granted.text,
    )


def during(call: Call, at: datetime, now: datetime) -> bool:
    """Tell whether a moment lies within a call that was answered, as far as clocks agree."""
    assert call.answered_at is not None
    return call.answered_at - TOLERANCE <= at <= (call.ended_at or now) + TOLERANCE


def _checked(signed: Signed, expected: _Expected, keys_of: KeysOf, now: datetime) -> Statement:
    # What a statement says of itself is believed only to say what is wrong with it.
    claims = _claims(signed)
    _need_same(expected, *(claims.get(name) for name in ("call", "kind", "by", "device")))
    if str(claims.get("text")) not in TEXTS:
        raise NoConsent("This release does not know the text that was agreed to.", code="consent-text-unknown")
    keys = keys_of(expected.by, expected.device)
    if keys is None:
        raise NoConsent("The device that signed this is not registered any more.", code="consent-device-gone")
    try:
        statement = read_statement(signed, keys)
    except Invalid as error:
        raise NoConsent("The signature of a statement is not that of its device.", code="consent-forged") from error
    _need_same(expected, statement.call_id, statement.kind, statement.by, statement.device_id)
    if not during(expected.call, statement.at, now):
        raise NoConsent("A statement was not made during this call.", code="consent-out-of-time")
    return statement


def _need_same(expected: _Expected, call_id: Any, kind: Any, by: Any, device_id: Any) -> None:
    if call_id != expected.call.id:
        raise NoConsent("A statement is about another call.", code="consent-of-another-call")
    if kind != expected.kind:
        raise NoConsent(f"A statement is a {expected.kind} by its place, and not by its words.", code="consent-kind")
    if by != expected.by:
        raise NoConsent(
            "The request must be of whoever asks here, and the grant of the other side.", code="consent-of-another"
        )
    if device_id != expected.device:
        raise NoConsent("A statement is of a device that was not in this call.", code="consent-of-another-device")


def _claims(signed: Signed) -> dict[str, Any]:
    text = signed.get("b", "")[:_LONGEST]
    try:
        found = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError) as error:
        raise NoConsent("A statement cannot be read.", code="consent-unreadable") from error
    if not isinstance(found, dict):
        raise NoConsent("A statement cannot be read.", code="consent-unreadable")
    return found


def registered_keys(devices: Devices) -> KeysOf:
    """Return what finds the keys of registered devices."""

    def keys_of(unique_id: str, device_id: str) -> DeviceKeys | None:
        try:
            return read_bundle(devices.get(unique_id, device_id).bundle)
        except NotFound:
            return None

    return keys_of
