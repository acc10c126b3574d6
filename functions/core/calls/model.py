"""A call and the two lines that it takes; pure.

| from | to |
|---|---|
| ringing | accepted, declined, busy, cancelled, missed |
| accepted | connected, ended, failed |
| connected | ended, failed |

Every move makes a new version. A move that is not allowed raises and changes nothing; the same wish of the same device
again is answered as the first was.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from functions.core.errors import Conflict, NotFound

RING_FOR: Final = timedelta(seconds=45)
RING_GRACE: Final = timedelta(seconds=15)
"""How much longer than it rings a call keeps its lines: by then somebody has said that nobody answered."""
HELD_FOR: Final = timedelta(seconds=90)
"""How long a sign of life keeps a line: three pings of a client in a call may be lost."""
RENEWED_EVERY: Final = timedelta(seconds=30)
"""A line is written at most so often; signs of life come more often."""
KEPT_FOR: Final = timedelta(days=90)
"""How long calls, and the log of them, are kept."""
MOST_OFFERS: Final = 5
"""Devices of a person."""


class CallStatus(StrEnum):
    """How a call stands."""

    RINGING = "ringing"
    ACCEPTED = "accepted"
    CONNECTED = "connected"
    DECLINED = "declined"
    BUSY = "busy"
    CANCELLED = "cancelled"
    MISSED = "missed"
    ENDED = "ended"
    FAILED = "failed"


RUNNING: Final = frozenset({CallStatus.RINGING, CallStatus.ACCEPTED, CallStatus.CONNECTED})
ANSWERED: Final = frozenset({CallStatus.ACCEPTED, CallStatus.CONNECTED})


class Reason(StrEnum):
    """What the house says of why a call is over; clients say theirs."""

    LINE_TAKEN = "line-taken"
    """Busy without having rung."""
    NO_ANSWER = "no-answer"
    LOST = "lost"
    """One of the two has given no sign of life for too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A person's one telephone line. It is never removed while it is used, so that its versions never begin anew."""

    id: str
    """The person's unique id."""
    call_id: str | None = None
    """None: it is free."""
    other: str | None = None
    """Who is on its other end."""
    until: datetime
    """Until when the last sign of life keeps it; of a free one: since when it is free."""
    version: int = 0

    def taken(self, call: "Call") -> "Line":
        """Take it for a call that begins to ring."""
        until = call.ring_until + RING_GRACE
        return replace(self, call_id=call.id, other=call.other_than(self.id), until=until)

    def freed(self, now: datetime) -> "Line":
        """Free it."""
        return replace(self, call_id=None, other=None, until=now)

    def held(self, now: datetime) -> "Line":
        """Keep it after a sign of life."""
        return replace(self, until=now + HELD_FOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call between two people, each with one device in it in the end."""

    id: str
    caller: str
    """Unique ids name people to each other; account ids stay here."""
    callee: str
    caller_user_id: str
    callee_user_id: str
    caller_device: str
    created_at: datetime
    ring_until: datetime
    offered: dict[str, int] = field(default_factory=dict)
    """The devices of the callee that it rings at, with the sequence number of the offer to each."""
    status: CallStatus = CallStatus.RINGING
    callee_device: str | None = None
    """The one device that has accepted."""
    reason: str | None = None
    answered_at: datetime | None = None
    connected_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    """The device that has ended it; None: the house has."""
    is_callee_secret: bool = False
    """Whether the caller keeps the callee out of lists."""
    is_caller_secret: bool = False
    """Whether the callee keeps the caller out of lists."""
    version: int = 0

    @property
    def is_over(self) -> bool:
        """Whether nothing can become of it any more."""
        return self.status not in RUNNING

    @property
    def has_rung(self) -> bool:
        """Whether the callee's line was free for it."""
        # Only the house gives a reason to a busy call.
        return not (self.status is CallStatus.BUSY and self.reason == Reason.LINE_TAKEN)

    @property
    def people(self) -> tuple[str, str]:
        """The two unique ids."""
        return (self.caller, self.callee)

    def other_than(self, unique_id: str) -> str:
        """Return the other one of the two."""
        return self.callee if unique_id == self.caller else self.caller

    def device_of(self, unique_id: str) -> str | None:
        """Return the device with which one of the two takes part; None: not decided yet, or never."""
        return self.caller_device if unique_id == self.caller else self.callee_device

    # What devices wish

    def accepted(self, device_id: str, now: datetime) -> "Call":
        """Let a device of the callee have it.

        Raises:
            Conflict: it is over, another device was first, or no offer was made to this one.
        """
        if self.callee_device == device_id:
            return self
        if self.callee_device is not None:
            raise elsewhere()
        self._need_to_run()
        if device_id not in self.offered:
            raise Conflict("The caller did not know this device.", code="no-device")
        return replace(self, status=CallStatus.ACCEPTED, callee_device=device_id, answered_at=now)

    def declined(self, device_id: str, reason: Literal["declined", "busy"], now: datetime) -> "Call":
        """Refuse it, for all devices of the callee.

        Raises:
            Conflict: it is over without that, or was accepted.
        """
        if self.ended_by == device_id and self.callee_device is None:
            return self
        if self.callee_device == device_id:
            raise Conflict("This device has accepted the call; hang up.", code="wrong-state")
        if self.callee_device is not None:
            raise elsewhere()
        self._need_to_run()
        return self._over(CallStatus(reason), reason=None, by=device_id, at=now)

    def hung_up(self, unique_id: str, device_id: str, reason: str | None, now: datetime) -> "Call":
        """Be done with it; unchanged where it is over: that is what was wished.

        Raises:
            Conflict: it is on another device of theirs.
        """
        if unique_id == self.caller or self.callee_device is not None:
            if device_id != self.device_of(unique_id):
                raise elsewhere()
            ringing_to = CallStatus.CANCELLED
        else:
            ringing_to = CallStatus.DECLINED
        if self.is_over:
            return self
        status = ringing_to if self.status is CallStatus.RINGING else CallStatus.ENDED
        return self._over(status, reason=reason, by=device_id, at=now)

    def connected(self, unique_id: str, device_id: str, now: datetime) -> "Call":
        """Note that the two devices hear each other; the second of them changes nothing.

        Raises:
            Conflict: it is over, nobody has accepted it, or it is on another device.
        """
        if self.device_of(unique_id) not in {None, device_id}:
            raise elsewhere()
        if self.connected_at is not None:
            return self
        self._need_to_run()
        if self.status is not CallStatus.ACCEPTED:
            raise Conflict("Nobody has accepted the call yet.", code="wrong-state")
        return replace(self, status=CallStatus.CONNECTED, connected_at=now)

    def rung(self, device_id: str) -> bool:
        """Tell whether it is news that a device of the callee rings.

        Raises:
            Conflict: it rings no more.
        """
        if self.callee_device not in {None, device_id}:
            raise elsewhere()
        self._need_to_run()
        return self.status is CallStatus.RINGING

    def found_busy(self) -> "Call":
        """Return it as over before it has rung, for the callee's line is taken."""
        return self._over(CallStatus.BUSY, reason=Reason.LINE_TAKEN, by=None, at=self.created_at)

    # What time does

    def judged(self, lines: Iterable[Line], now: datetime) -> "Call":
        """Return what it has become by itself: missed, or lost where one of the lines was kept by nobody.

        The same where it goes on. Not all lines need to be known.
        """
        if self.is_over:
            return self
        if self.status is CallStatus.RINGING:
            if now < self.ring_until:
                return self
            return self._over(CallStatus.MISSED, reason=Reason.NO_ANSWER, by=None, at=self.ring_until)
        until = min((self.kept_until(line) for line in lines), default=None)
        if until is None or now < until:
            return self
        return self._over(CallStatus.FAILED, reason=Reason.LOST, by=None, at=until)

    def kept_until(self, line: Line) -> datetime:
        """Return until when a line of it is held: by signs of life, or because somebody has just answered.

        So to answer writes no line: the lease of both begins anew with it.
        """
        return line.until if self.answered_at is None else max(line.until, self.answered_at + HELD_FOR)

    def is_due(self, line: Line, now: datetime) -> bool:
        """Tell whether a sign of life is worth a write: a line of it has not been held for a while."""
        return self.status in ANSWERED and now + HELD_FOR - self.kept_until(line) >= RENEWED_EVERY

    def _over(self, status: CallStatus, *, reason: str | None, by: str | None, at: datetime) -> "Call":
        return replace(self, status=status, reason=reason, ended_by=by, ended_at=at)

    def _need_to_run(self) -> None:
        if self.is_over:
            raise Conflict("The call is over.", code="call-over")


def elsewhere() -> Conflict:
    """Say that a call is on another device of the same person, or of the other one."""
    return Conflict("The call is on another device.", code="answered-elsewhere")


def no_such_call() -> NotFound:
    """Say that there is no call, or that it is others': the two are never told apart."""
    return NotFound("There is no such call.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """Says that a call rings where nobody is connected, and that this must be taken back."""

    id: str
    """The call's."""
    until: datetime
    version: int = 0


class Direction(StrEnum):
    """Which side of a call somebody was on."""

    OUTGOING = "outgoing"
    INCOMING = "incoming"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """A call that is over, as one of its two people sees it."""

    id: str
    """`<unique id>#<call>`"""
    call_id: str
    direction: Direction
    other: str
    status: CallStatus
    created_at: datetime
    ended_at: datetime
    reason: str | None = None
    answered_at: datetime | None = None
    connected_at: datetime | None = None
    is_secret: bool = False
    """Whether its owner kept the other one out of lists then."""
    version: int = 0

    @classmethod
    def of(cls, call: Call, unique_id: str) -> "LogEntry":
        """Return what one of the two sees of a call that is over."""
        assert call.ended_at is not None
        is_caller = unique_id == call.caller
        # Who was on the telephone has missed a call; that it was so only the caller was told.
        is_missed = not is_caller and not call.has_rung
        return cls(
            id=f"{unique_id}#{call.id}",
            call_id=call.id,
            direction=Direction.OUTGOING if is_caller else Direction.INCOMING,
            other=call.other_than(unique_id),
            status=CallStatus.MISSED if is_missed else call.status,
            created_at=call.created_at,
            ended_at=call.ended_at,
            reason=call.reason,
            answered_at=call.answered_at,
            connected_at=call.connected_at,
            is_secret=call.is_callee_secret if is_caller else call.is_caller_secret,
        )

    @property
    def duration(self) -> timedelta:
        """How long the two could talk; nothing where they never could."""
        return timedelta() if self.connected_at is None else self.ended_at - self.connected_at

    @property
    def is_missed(self) -> bool:
        """Whether its owner was called, and neither answered nor refused."""
        return self.direction is Direction.INCOMING and self.status in {CallStatus.MISSED, CallStatus.CANCELLED}
