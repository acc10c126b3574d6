"""What clients say about calls, read from JSON objects; pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from functions.core.calls.envelope_header import (
    CALL_ID,
    DEVICE_ID,
    MOST_IN_ORDER,
    UNIQUE_ID,
    Letter,
    SealedType,
    bad_envelope,
    read_envelope,
)
from functions.core.calls.model import MOST_OFFERS
from functions.core.errors import Invalid

MOST_PARTNERS: Final = 20
"""Devices of which a client may say what it has."""
_REASON: Final = re.compile(r"[a-z][a-z0-9-]{0,31}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """Calls somebody, with an offer to each of their devices."""

    call_id: str
    to: str
    offers: tuple[Letter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ringing:
    """Says that this device rings."""

    call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept:
    """Answers a call on this device."""

    call_id: str
    answer: Letter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline:
    """Refuses a call for all devices of a person."""

    call_id: str
    reason: Literal["declined", "busy"] = "declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """Ends a call."""

    call_id: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """Says that the two devices hear each other."""

    call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """Hands a sealed message to the other one's device."""

    letter: Letter

    @property
    def call_id(self) -> str:
        """The call that it is about."""
        return self.letter.header.call_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """Asks how a call stands, and for what this device has missed of it."""

    call_id: str | None
    have: Mapping[str, int]
    """By device: the number of its next message that is wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """Gives a sign of life."""

    call_id: str | None


Move = Ringing | Accept | Decline | HangUp | Connected | Signal
"""What needs a call that is there."""
Wish = Move | Invite | Sync | Ping


def read_frame(frame: Mapping[str, Any]) -> Wish:
    """Read a frame.

    Raises:
        Invalid: its type is not known, or a field is wrong.
    """
    kind = frame.get("type")
    if not isinstance(kind, str) or kind not in _READERS:
        raise Invalid("This type of frame is not known.", code="unknown-type")
    return _READERS[kind](frame)


def bad_frame(field: str, what: str) -> Invalid:
    """Say which field of a frame is wrong."""
    return Invalid(f"`{field}` {what}.", code="bad-frame", field=field)


def _invite(frame: Mapping[str, Any]) -> Invite:
    call_id = _text(frame, "call_id", CALL_ID)
    to = _text(frame, "to", UNIQUE_ID)
    offers = frame.get("offers")
    if not isinstance(offers, list) or len(offers) > MOST_OFFERS:
        raise bad_frame("offers", f"is a list of at most {MOST_OFFERS} envelopes")
    letters = tuple(map(read_envelope, offers))
    for letter in letters:
        if letter.header.type is not SealedType.OFFER or letter.header.call_id != call_id:
            raise bad_envelope("An invitation brings offers of its own call.")
        if letter.header.receiver != to:
            raise bad_envelope("An offer goes to who is called.")
    if len({letter.header.receiver_device for letter in letters}) < len(letters):
        raise bad_envelope("A device gets one offer.")
    return Invite(call_id=call_id, to=to, offers=letters)


def _accept(frame: Mapping[str, Any]) -> Accept:
    call_id = _text(frame, "call_id", CALL_ID)
    if frame.get("envelope") is None:
        return Accept(call_id=call_id)
    letter = read_envelope(frame["envelope"])
    if letter.header.type is not SealedType.ANSWER or letter.header.call_id != call_id:
        raise bad_envelope("Who accepts a call brings the answer of that call.")
    return Accept(call_id=call_id, answer=letter)


def _decline(frame: Mapping[str, Any]) -> Decline:
    call_id = _text(frame, "call_id", CALL_ID)
    match frame.get("reason"):
        case None | "declined":
            return Decline(call_id=call_id)
        case "busy":
            return Decline(call_id=call_id, reason="busy")
        case _:
            raise bad_frame("reason", "is `declined` or `busy`")


def _hang_up(frame: Mapping[str, Any]) -> HangUp:
    has_reason = frame.get("reason") is not None
    return HangUp(
        call_id=_text(frame, "call_id", CALL_ID),
        reason=_text(frame, "reason", _REASON) if has_reason else None,
    )


def _signal(frame: Mapping[str, Any]) -> Signal:
    letter = read_envelope(frame.get("envelope"))
    if letter.header.type is SealedType.OFFER:
        raise bad_envelope("Offers come with an invitation.")
    return Signal(letter=letter)


def _sync(frame: Mapping[str, Any]) -> Sync:
    have = frame.get("have")
    if have is None:
        have = {}
    if not isinstance(have, dict) or len(have) > MOST_PARTNERS:
        raise bad_frame("have", f"is an object of at most {MOST_PARTNERS} devices")
    for device_id, seq in have.items():
        if not DEVICE_ID.match(device_id) or type(seq) is not int or not 0 <= seq <= MOST_IN_ORDER:
            raise bad_frame("have", f"says for each device a number from 0 to {MOST_IN_ORDER}")
    return Sync(call_id=_call_id_if_any(frame), have=have)


def _call_id_if_any(frame: Mapping[str, Any]) -> str | None:
    return None if frame.get("call_id") is None else _text(frame, "call_id", CALL_ID)


def _text(frame: Mapping[str, Any], field: str, pattern: re.Pattern[str]) -> str:
    value = frame.get(field)
    if not isinstance(value, str) or not pattern.match(value):
        raise bad_frame(field, _FORMS[pattern])
    return value


_FORMS: Final[Mapping[re.Pattern[str], str]] = {
    CALL_ID: "is `call_` and a ULID",
    UNIQUE_ID: "is the eight digits of a person",
    _REASON: "is a word of at most 32 small letters, digits and hyphens",
}
_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Wish]]] = {
    "call.invite": _invite,
    "call.ringing": lambda frame: Ringing(call_id=_text(frame, "call_id", CALL_ID)),
    "call.accept": _accept,
    "call.decline": _decline,
    "call.hangup": _hang_up,
    "call.connected": lambda frame: Connected(call_id=_text(frame, "call_id", CALL_ID)),
    "signal": _signal,
    "sync": _sync,
    "ping": lambda frame: Ping(call_id=_call_id_if_any(frame)),
}
