"""Puts calls through: reads what a frame needs, decides (`signalling`), writes, and only then tells people.

Frames come side by side, out of order and more than once. Whatever is decided is written only while what it rests on is
as it was read; otherwise it is decided anew. Who is not told what happened learns it with their next ping or sync.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from functions.core.calls.envelope_header import bad_envelope
from functions.core.calls.frames import Connected, Invite, Move, Ping, Signal, Sync, read_frame
from functions.core.calls.mail import NOTHING, Mail
from functions.core.calls.model import Call, CallStatus, Line, no_such_call
from functions.core.calls.people import AddressBook, Reachable, Ringer, SilentRinger
from functions.core.calls.signalling import (
    Decision,
    Scene,
    Sender,
    announced,
    busy,
    ended,
    invited,
    letters_of,
    moved,
    need_addressed,
    offer_id,
    takes_part,
    wanted,
)
from functions.core.calls.store import Calls, Lines, raced
from functions.core.calls.timers import RingTimers
from functions.core.calls.view import view_of, written_time
from functions.core.clock import Clock
from functions.core.collection import RACES
from functions.core.errors import Conflict, Refused, TooMany, Unavailable
from functions.core.limits.model import Limit, Limiter
from functions.core.observability import log
from functions.core.realtime.model import Connection, Notice
from functions.core.realtime.push import Push
from functions.core.table import Changed, Table

INVITES: Final = Limit(name="invites", calls=10, seconds=60, is_exact=True)
INVITES_OF_A_PAIR: Final = Limit(name="invites of a pair", calls=3, seconds=60, is_exact=True)

Reply = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Found:
    """A call of the sender as it stands now, and their line."""

    call: Call
    mine: Line | None
    """None: the call is over, and their line may be anything."""


class Switchboard:
    """All calls of everybody."""

    def __init__(  # noqa: PLR0913 - all by name, and the last two have a default
        self,
        table: Table,
        *,
        push: Push,
        people: AddressBook,
        timers: RingTimers,
        clock: Clock,
        ringer: Ringer | None = None,
        limiter: Limiter | None = None,
    ) -> None:
        """Without a limiter nobody's invitations are counted: for who takes no frames."""
        self._calls = Calls(table, clock=clock)
        self._push = push
        self._people = people
        self._timers = timers
        self._clock = clock
        self._ringer = ringer or SilentRinger()
        self._limiter = limiter

    def handle(self, frame: Mapping[str, Any], sender: Connection) -> Reply:
        """Do as a frame says and return the answer, without the `id` of the frame.

        Raises:
            Invalid: the frame, or an envelope in it, is wrong.
            Refused: no device is behind the connection.
            NotFound: there is no such call, or it is others'.
            Conflict: the state of the call, or of a line, forbids it.
            TooMany: these are too many invitations.
            Unavailable: the table takes no more.
        """
        wish = read_frame(frame)
        device = Sender.of(sender)
        if isinstance(wish, Ping | Sync) and wish.call_id is None and (device is None or isinstance(wish, Ping)):
            # What any connection may say: there is no call.
            return self._pong(sender) if isinstance(wish, Ping) else _synced(None)
        if device is None:
            raise Refused("Only a connection of a registered device takes part in calls.", code="no-device")
        try:
            match wish:
                case Invite():
                    return self._invite(wish, device)
                case Ping():
                    assert wish.call_id is not None
                    return self._pong(sender) | {"call": view_of(self._signed(wish.call_id, device).call)}
                case Sync():
                    return self._sync(wish, device)
                case _:
                    return self._move(wish, device)
        except Unavailable as error:
            # `busy` is what somebody's line is.
            raise Unavailable(error.detail, code=Unavailable.code) from error

    def expire(self, call_id: str) -> None:
        """Let a call be missed that has rung for long enough; one that has not gets its timer again."""
        for _ in range(RACES):
            call = self._calls.read(call_id)
            if call is None or call.status is not CallStatus.RINGING:
                return
            judged = call.judged((), self._clock())
            if judged is call:
                self._timers.start(call.id, call.ring_until)
                return
            with suppress(Changed):
                self._end(call, judged, {})
                return
        raise raced()

    # Invitations

    def _invite(self, wish: Invite, sender: Sender) -> Reply:
        need_addressed(wish.offers, sender)
        for attempt in range(RACES):
            call, lines = self._calls.read_with_lines(wish.call_id, [sender.unique_id, wish.to])
            if call is not None:
                return self._invite_again(wish, call, sender)
            if attempt == 0:
                self._count(wish, sender)
            with suppress(Changed):
                return self._invite_to(wish, sender, self._scene(wish, sender, lines), lines)
        raise raced()

    def _scene(self, wish: Invite, sender: Sender, lines: Lines) -> Scene:
        """Find out what an invitation meets; what is over by itself on one of the lines is ended first.

        Whoever cannot be reached is looked at no further, so that all of them look the same.

        Raises:
            Conflict: they cannot be reached.
            Changed: somebody else has changed a call on one of the lines.
        """
        reachable = self._people.reach(sender.unique_id, wish.to)
        if reachable is None or not wish.offers or wish.to == sender.unique_id:
            raise Conflict("They cannot be reached.", code="unreachable")
        on_lines = {unique_id: self._as_of_now(call, lines) for unique_id, call in self._calls.on(lines).items()}
        running = {unique_id: call for unique_id, call in on_lines.items() if not call.is_over}
        back: Reachable | None = self._people.reach(wish.to, sender.unique_id)
        return Scene(
            mine=running.get(sender.unique_id),
            theirs=running.get(wish.to),
            reachable=reachable,
            is_caller_secret=back is not None and back.is_secret,
        )

    def _as_of_now(self, call: Call, lines: Lines) -> Call:
        """Return a call as it stands now; only the lines are judged that are known.

        Raises:
            Changed: it is over and could not be ended. Until it is, its lines are nobody else's.
        """
        own = [line for line in lines.values() if line.call_id == call.id]
        judged = call.judged(own, self._clock())
        if judged is not call:
            self._end(call, judged, {line.id: line for line in own})
        return judged

    def _invite_to(self, wish: Invite, sender: Sender, scene: Scene, lines: Lines) -> Reply:
        now = self._clock()
        decision = invited(wish, sender, scene, now)
        if decision.refusal is not None:
            self._calls.note(decision.after)
            self._tell(decision.notices)
            raise decision.refusal
        call = self._calls.begin(decision.after, lines, [Mail.of(letter, now) for letter in decision.letters])
        self._ring(call, decision.notices)
        return decision.reply

    def _invite_again(self, wish: Invite, call: Call, sender: Sender) -> Reply:
        """Answer as the first time, and ring again: that may not have been done."""
        if sender.unique_id not in call.people:
            raise no_such_call()
        if (call.caller_device, call.callee) != (sender.device_id, wish.to):
            raise Conflict("This id is another call's.", code="call-id-used")
        if not call.has_rung:
            raise busy()
        call = self._found(call.id, sender).call
        if call.status is CallStatus.RINGING:
            kept = {
                mail.envelope for mail in self._calls.mail([Mail.of(one, call.created_at).id for one in wish.offers])
            }
            self._ring(call, announced(call, [one for one in wish.offers if one.envelope in kept]))
        return {"type": "ack", "call": view_of(call)}

    def _ring(self, call: Call, notices: Sequence[Notice]) -> None:
        heard = self._tell(notices)
        if not heard or not all(heard):
            # Also where another device of theirs is connected: it may lie at home.
            self._quietly(lambda: self._ring_elsewhere(call), "nobody could be rung")
        self._quietly(lambda: self._timers.start(call.id, call.ring_until), "no timer could be started")

    def _ring_elsewhere(self, call: Call) -> None:
        self._calls.note_rung(call)
        self._ringer.ring(call.callee, call.id)

    def _stop_elsewhere(self, call: Call) -> None:
        if self._calls.was_rung(call):
            self._ringer.stop(call.callee, call.id)

    def _count(self, wish: Invite, sender: Sender) -> None:
        if self._limiter is None:
            return
        for limit, key in (
            (INVITES, sender.unique_id),
            (INVITES_OF_A_PAIR, f"{sender.unique_id}#{wish.to}"),
        ):
            verdict = self._limiter.take(limit, key, now=self._clock())
            if not verdict.is_allowed:
                raise TooMany("These are too many calls.", code="too-fast", retry_after=verdict.seconds_to_wait)

    # Calls that are there

    def _move(self, wish: Move, sender: Sender) -> Reply:
        need_addressed(letters_of(wish), sender)
        for _ in range(RACES):
            is_sign = isinstance(wish, Signal | Connected)
            found = (self._signed if is_sign else self._found)(wish.call_id, sender)
            try:
                decision = moved(wish, found.call, sender, self._clock())
            except Conflict:
                if isinstance(wish, Signal) and self._calls.has(Mail.of(wish.letter, self._clock())):
                    # It is kept already: this is a repetition, and the call has gone on.
                    return {"type": "ack"}
                raise
            with suppress(Changed):
                self._write(decision, found)
                self._tell_of(decision)
                return decision.reply
        raise raced()

    def _write(self, decision: Decision, found: _Found) -> None:
        mail = [Mail.of(letter, self._clock()) for letter in decision.letters]
        if not decision.is_change:
            for one in mail:
                if not self._calls.keep(one):
                    raise bad_envelope("Another envelope with this `seq` was sent before.")
        elif decision.after.is_over:
            self._calls.end(decision.after, {} if found.mine is None else {found.mine.id: found.mine})
        else:
            self._calls.save(decision.after, mail)

    def _sync(self, wish: Sync, sender: Sender) -> Reply:
        call_id = wish.call_id
        if call_id is None:
            line = self._calls.lines([sender.unique_id]).get(sender.unique_id)
            if line is None or line.call_id is None:
                return _synced(None)
            call_id = line.call_id
        call = self._signed(call_id, sender, with_both=True).call
        if wish.call_id is None and call.is_over:
            return _synced(None)
        missed, offered = wanted(wish, call, sender), offer_id(call, sender)
        mail_ids = [*(missed.ids if missed else []), *([offered] if offered else [])]
        found = self._calls.mail(mail_ids)
        offer = next((mail for mail in found if mail.id == offered), None)
        letters = [mail for mail in found if missed is not None and mail.seq in missed.seqs]
        return _synced(call) | ({} if missed is None else missed.answer(letters, offer=offer))

    def _signed(self, call_id: str, sender: Sender, *, with_both: bool = False) -> _Found:
        """Find a call and take this for a sign of life; only now and then a line is written, and the other's read."""
        found = self._found(call_id, sender, is_sign=True, with_both=with_both)
        if found.mine is not None and self._is_due(found.call, found.mine, sender):
            self._calls.hold(found.mine)
        return found

    def _found(self, call_id: str, sender: Sender, *, is_sign: bool = False, with_both: bool = False) -> _Found:
        """Read a call of the sender's; what is over by itself is ended first.

        Raises:
            NotFound: there is none, or it is others'.
        """
        for _ in range(RACES):
            call, lines = self._calls.read_with_lines(call_id, [sender.unique_id])
            if call is None or sender.unique_id not in call.people:
                raise no_such_call()
            if call.is_over:
                return _Found(call, None)
            mine = lines.get(sender.unique_id)
            if mine is None or mine.call_id != call.id:
                # Not read at one moment: it has been ended in between.
                continue
            if with_both or (is_sign and self._is_due(call, mine, sender)):
                lines = {**lines, **self._calls.lines([call.other_than(sender.unique_id)])}
            judged = call.judged([line for line in lines.values() if line.call_id == call.id], self._clock())
            if judged is call:
                return _Found(call, mine)
            with suppress(Changed):
                self._end(call, judged, lines)
        raise raced()

    def _is_due(self, call: Call, mine: Line, sender: Sender) -> bool:
        return takes_part(call, sender.unique_id, sender.device_id) and call.is_due(mine, self._clock())

    def _end(self, call: Call, judged: Call, lines: Lines) -> None:
        """End a call that is over by itself; raises Changed."""
        decision = ended(call, judged)
        self._calls.end(judged, lines)
        self._tell_of(decision)

    # Telling

    def _tell(self, notices: Sequence[Notice]) -> list[int]:
        """Tell people; returns how many connections heard each."""
        heard: list[int] = []
        self._quietly(lambda: heard.extend(self._push.send(notices)), "nobody could be told")
        return heard

    def _tell_of(self, decision: Decision) -> None:
        self._tell(decision.notices)
        if decision.ends_ringing:
            self._quietly(lambda: self._stop_elsewhere(decision.before), "nobody could be told that it rings no more")

    def _quietly(self, action: Callable[[], object], failure: str) -> None:
        """Do what changes nothing of what has happened; it is found out by all who ask."""
        try:
            action()
        except Exception:  # noqa: BLE001 (the write has gone through: the answer must say so)
            log.error(failure)

    def _pong(self, connection: Connection) -> Reply:
        server_time = int(self._clock().timestamp() * 1000)
        return {"type": "pong", "server_time": server_time, "until": written_time(connection.until)}


def _synced(call: Call | None) -> Reply:
    return {"type": "synced", "call": None if call is None else view_of(call), **NOTHING}
