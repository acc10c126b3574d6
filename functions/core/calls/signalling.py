"""What a frame of somebody means for a call: what is written, what is answered, and who is told; pure.

No clock and no table: who calls these functions has read what they are given, writes what they decide if it is still
so, and only then answers and tells.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from functions.core.calls.envelope_header import Header, Letter, bad_envelope
from functions.core.calls.frames import Accept, Connected, Decline, HangUp, Invite, Move, Ringing, Signal, Sync
from functions.core.calls.mail import Wanted, mail_id
from functions.core.calls.model import RING_FOR, Call, CallStatus, elsewhere, no_such_call
from functions.core.calls.people import Reachable
from functions.core.calls.view import incoming_event, ringing_event, signal_event, state_event, view_of
from functions.core.errors import Conflict, ParleyError
from functions.core.realtime.model import Connection, Notice

ACK: Final[dict[str, Any]] = {"type": "ack"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who has sent a frame: a connection of a device that takes part in calls."""

    connection_id: str
    user_id: str
    unique_id: str
    device_id: str

    @classmethod
    def of(cls, connection: Connection) -> "Sender | None":
        """Return who is behind a connection, or None: no device is."""
        if connection.device_id is None:
            return None
        return cls(
            connection_id=connection.id,
            user_id=connection.user_id,
            unique_id=connection.unique_id,
            device_id=connection.device_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a frame leads to."""

    before: Call
    after: Call
    """As it is to be saved; `before` itself where it stays as it is."""
    letters: tuple[Letter, ...] = ()
    """What is to be kept for its receiver."""
    reply: dict[str, Any]
    notices: tuple[Notice, ...] = ()
    refusal: ParleyError | None = None
    """Raised instead of the reply, after all else is done."""

    @property
    def is_change(self) -> bool:
        """Whether the call changes."""
        return self.after is not self.before

    @property
    def ends_ringing(self) -> bool:
        """Whether it rings no more."""
        return self.before.status is CallStatus.RINGING and self.after.status is not CallStatus.RINGING


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What an invitation meets."""

    mine: Call | None
    """The call that takes the caller's line; None: it is free."""
    theirs: Call | None
    reachable: Reachable
    is_caller_secret: bool


def invited(wish: Invite, sender: Sender, scene: Scene, now: datetime) -> Decision:
    """Call somebody.

    Raises:
        Conflict: the caller's line is taken, perhaps by a call of the very person that they call.
    """
    if scene.mine is not None:
        if scene.mine.status is CallStatus.RINGING and scene.mine.caller == wish.to:
            raise Conflict("They are calling you at this moment.", code="glare", call_id=scene.mine.id)
        raise Conflict("Your line is taken.", code="line-taken")
    call = _new_call(wish, sender, scene, now)
    if scene.theirs is not None:
        return _decided(call, call.found_busy(), told=(call.callee_user_id,), sender=sender, refusal=busy())
    after = replace(call, version=1)
    return Decision(
        before=call,
        after=call,
        letters=wish.offers,
        reply={**ACK, "call": view_of(after)},
        notices=announced(after, wish.offers),
    )


def announced(call: Call, offers: Sequence[Letter]) -> tuple[Notice, ...]:
    """Say to each device of the callee that an offer was made to that it is called."""
    return tuple(
        Notice(
            user_id=call.callee_user_id,
            device_id=offer.header.receiver_device,
            event=incoming_event(call, offer.envelope),
        )
        for offer in offers
    )


def need_addressed(letters: Sequence[Letter], sender: Sender) -> None:
    """Take envelopes only from the device that is behind the connection; raises Invalid."""
    for letter in letters:
        if (letter.header.sender, letter.header.sender_device) != (sender.unique_id, sender.device_id):
            raise bad_envelope("This envelope is not from the device of this connection.")


def letters_of(wish: Move) -> tuple[Letter, ...]:
    """Return the envelopes that a frame brings."""
    match wish:
        case Signal():
            return (wish.letter,)
        case Accept(answer=Letter() as answer):
            return (answer,)
        case _:
            return ()


def moved(wish: Move, call: Call, sender: Sender, now: datetime) -> Decision:
    """Do as a frame about a call says.

    Raises:
        NotFound: it is others' call.
        Conflict: it may not be done, not any more, or not by this device.
        Invalid: an envelope goes elsewhere than to the other one's device.
    """
    if sender.unique_id not in call.people:
        raise no_such_call()
    try:
        match wish:
            case Ringing():
                return _rung(call, sender)
            case Accept():
                return _accepted(wish, call, sender, now)
            case Decline():
                _need_callee(call, sender)
                return _decided(call, call.declined(sender.device_id, wish.reason, now), sender=sender)
            case HangUp():
                after = call.hung_up(sender.unique_id, sender.device_id, wish.reason, now)
                return _decided(call, after, sender=sender)
            case Connected():
                after = call.connected(sender.unique_id, sender.device_id, now)
                return _decided(call, after, told=None if after is not call else (), sender=sender)
            case Signal():
                return _signalled(wish.letter, call, sender)
    except Conflict as refusal:
        # How it stands instead: who asks is one of its two people.
        raise Conflict(refusal.detail, code=refusal.code, call=view_of(call)) from None


def ended(call: Call, judged: Call) -> Decision:
    """Let a call be over that nobody has ended."""
    return _decided(call, judged, sender=None)


def wanted(wish: Sync, call: Call, sender: Sender) -> Wanted | None:
    """Return what a device can have missed of a call, or None: nothing is said to this one."""
    theirs = call.device_of(call.other_than(sender.unique_id))
    if theirs is None or (call.is_over and call.callee_device is None):
        return None
    mine = call.device_of(sender.unique_id)
    if sender.device_id != mine and not (mine is None and sender.device_id in call.offered):
        return None
    return Wanted(call_id=call.id, to_device=sender.device_id, from_device=theirs, since=wish.have.get(theirs, 0))


def offer_id(call: Call, sender: Sender) -> str | None:
    """Return under what the offer lies by which a call rings at a device, or None: it does not ring there."""
    if call.status is not CallStatus.RINGING or sender.unique_id != call.callee:
        return None
    seq = call.offered.get(sender.device_id)
    return None if seq is None else mail_id(call.id, sender.device_id, call.caller_device, seq)


def takes_part(call: Call, unique_id: str, device_id: str) -> bool:
    """Tell whether a device is one of the two that talk."""
    return call.callee_device is not None and device_id == call.device_of(unique_id)


def busy() -> Conflict:
    """Say that somebody's line is taken."""
    return Conflict("Their line is taken.", code="busy")


def _new_call(wish: Invite, sender: Sender, scene: Scene, now: datetime) -> Call:
    return Call(
        id=wish.call_id,
        caller=sender.unique_id,
        callee=wish.to,
        caller_user_id=sender.user_id,
        callee_user_id=scene.reachable.user_id,
        caller_device=sender.device_id,
        created_at=now,
        ring_until=now + RING_FOR,
        offered={offer.header.receiver_device: offer.header.seq for offer in wish.offers},
        is_callee_secret=scene.reachable.is_secret,
        is_caller_secret=scene.is_caller_secret,
    )


def _rung(call: Call, sender: Sender) -> Decision:
    _need_callee(call, sender)
    is_news = call.rung(sender.device_id)
    event = ringing_event(call, sender.device_id)
    notice = Notice(user_id=call.caller_user_id, device_id=call.caller_device, event=event)
    return Decision(before=call, after=call, reply=_ack(call), notices=(notice,) if is_news else ())


def _accepted(wish: Accept, call: Call, sender: Sender, now: datetime) -> Decision:
    _need_callee(call, sender)
    after = call.accepted(sender.device_id, now)
    if wish.answer is None:
        return _decided(call, after, sender=sender)
    _need_receiver(wish.answer.header, call.caller, call.caller_device)
    decision = _decided(call, after, sender=sender)
    return replace(
        decision, letters=(wish.answer,), notices=(*decision.notices, _handed(wish.answer, call.caller_user_id))
    )


def _signalled(letter: Letter, call: Call, sender: Sender) -> Decision:
    other = call.other_than(sender.unique_id)
    device_id = letter.header.receiver_device
    if call.is_over:
        raise Conflict("The call is over.", code="call-over")
    if sender.device_id != call.device_of(sender.unique_id):
        if sender.unique_id == call.callee and call.callee_device is None:
            raise Conflict("Accept the call first.", code="wrong-state")
        raise elsewhere()
    if call.callee_device is None or sender.unique_id == call.callee:
        _need_receiver(letter.header, other, *(call.offered if other == call.callee else (call.caller_device,)))
    else:
        _need_receiver(letter.header, other, call.callee_device, *call.offered)
        if device_id != call.callee_device:
            # What was on its way to the others when one of them accepted.
            raise elsewhere()
    user_id = call.callee_user_id if other == call.callee else call.caller_user_id
    return Decision(before=call, after=call, letters=(letter,), reply=ACK, notices=(_handed(letter, user_id),))


def _need_callee(call: Call, sender: Sender) -> None:
    if sender.unique_id != call.callee:
        raise Conflict("Only who is called can do that.", code="wrong-state")


def _need_receiver(header: Header, unique_id: str, *device_ids: str) -> None:
    if header.receiver != unique_id or header.receiver_device not in device_ids:
        raise bad_envelope("This envelope is not for a device in this call.")


def _handed(letter: Letter, user_id: str) -> Notice:
    return Notice(user_id=user_id, device_id=letter.header.receiver_device, event=signal_event(letter.envelope))


def _decided(
    before: Call,
    after: Call,
    *,
    sender: Sender | None,
    told: tuple[str, ...] | None = None,
    refusal: ParleyError | None = None,
) -> Decision:
    """Answer with the call as it will be, and tell all devices of both, also again: the first time may have failed."""
    seen = after if after is before else replace(after, version=before.version + 1)
    people = (before.caller_user_id, before.callee_user_id) if told is None else told
    but = None if sender is None else sender.connection_id
    return Decision(
        before=before,
        after=after,
        reply=_ack(seen),
        notices=tuple(Notice(user_id=one, event=state_event(seen), but=but) for one in people),
        refusal=refusal,
    )


def _ack(call: Call) -> dict[str, Any]:
    return {**ACK, "call": view_of(call)}
