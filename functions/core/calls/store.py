"""Calls, lines, kept messages and the log, in the presence table (`functions.core.calls.keeping`)."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

from functions.core.calls.keeping import CallCollections, log_of
from functions.core.calls.mail import Mail
from functions.core.calls.model import RING_GRACE, Call, Line, LogEntry, Rung, no_such_call
from functions.core.clock import Clock
from functions.core.collection import RACES, Listing
from functions.core.errors import Conflict
from functions.core.table import Changed, Put, Table

PAGE: Final = 100
Lines = Mapping[str, Line]
"""By unique id; who has none has never been in a call."""


class Calls:
    """All calls."""

    def __init__(self, table: Table, *, clock: Clock) -> None:
        self._table = table
        self._kept = CallCollections(table)
        self._clock = clock

    # For everybody

    def get(self, call_id: str) -> Call:
        """Read one as it stands; raises NotFound."""
        call = self.find(call_id)
        if call is None:
            raise no_such_call()
        return call

    def find(self, call_id: str) -> Call | None:
        """Read one as it stands, or None: one that is over by itself is ended by who reads it."""
        for _ in range(RACES):
            call = self.read(call_id)
            if call is None or call.is_over:
                return call
            lines = self.lines(call.people)
            judged = call.judged(lines.values(), self._clock())
            if judged is call:
                return call
            with suppress(Changed):
                return self.end(judged, lines)
        raise raced()

    def log_of(self, unique_id: str, *, before: str | None, limit: int) -> Listing[LogEntry]:
        """List somebody's calls that are over, newest first."""
        line = self._kept.lines.find(unique_id) if before is None else None
        if line is not None and line.call_id is not None:
            # One that both have left without a word is noticed here.
            self.find(line.call_id)
        return self._kept.log.look("lists", log_of(unique_id), before=before, limit=limit)

    def erase_of(self, unique_id: str) -> None:
        """Forget somebody's calls and their line; what the others were called remains theirs."""
        while found := self._kept.log.newest(log_of(unique_id), before=None, limit=PAGE):
            for entry in found:
                self._table.write(self._kept.log.removal(entry.id))
        self._table.write(self._kept.lines.removal(unique_id))

    # For the switchboard

    def read(self, call_id: str) -> Call | None:
        """Read one as it was left, or None."""
        return self._kept.calls.find(call_id)

    def lines(self, unique_ids: Sequence[str]) -> Lines:
        """Read lines."""
        return {line.id: line for line in self._kept.lines.get_many(unique_ids)}

    def read_with_lines(self, call_id: str, unique_ids: Sequence[str]) -> tuple[Call | None, Lines]:
        """Read a call and lines together; one read, and no snapshot."""
        call_key = self._kept.calls.key_of(call_id)
        line_keys = [self._kept.lines.key_of(unique_id) for unique_id in unique_ids]
        found = self._table.get_many([call_key, *line_keys])
        lines = [self._kept.lines.load(found[key]) for key in line_keys if key in found]
        return (
            self._kept.calls.load(found[call_key]) if call_key in found else None,
            {line.id: line for line in lines},
        )

    def on(self, lines: Lines) -> dict[str, Call]:
        """Read the calls that take lines, as they were left; by unique id."""
        call_ids = sorted({line.call_id for line in lines.values() if line.call_id is not None})
        calls = {call.id: call for call in self._kept.calls.get_many(call_ids)} if call_ids else {}
        return {line.id: calls[line.call_id] for line in lines.values() if line.call_id in calls}

    def begin(self, call: Call, lines: Lines, mail: Sequence[Mail]) -> Call:
        """Make a call: it takes both lines, which must still be as they were read; raises Changed."""
        taken = [self._line(unique_id, lines).taken(call) for unique_id in call.people]
        self._table.write(
            self._kept.calls.put(call), *map(self._kept.lines.put, taken), *map(self._kept.mail.put, mail)
        )
        return self._kept.calls.saved(call)

    def note(self, call: Call) -> Call:
        """Keep a call that is over before it has begun, with its log; raises Changed."""
        self._table.write(self._kept.calls.put(call), *self._entries(call))
        return self._kept.calls.saved(call)

    def save(self, call: Call, mail: Sequence[Mail]) -> Call:
        """Save a call that goes on, and what was said with it; raises Changed."""
        self._table.write(self._kept.calls.put(call), *map(self._kept.mail.put, mail))
        return self._kept.calls.saved(call)

    def end(self, call: Call, lines: Lines) -> Call:
        """Save a call that is over: it frees both lines and stands in both logs; raises Changed.

        Lines that are not among `lines` are read.
        """
        known = {**self.lines([one for one in call.people if one not in lines]), **lines}
        # Who has been erased has none.
        own = [line for line in known.values() if line.call_id == call.id]
        freed = [line.freed(self._clock()) for line in own]
        self._table.write(self._kept.calls.put(call), *map(self._kept.lines.put, freed), *self._entries(call))
        return self._kept.calls.saved(call)

    def note_rung(self, call: Call) -> None:
        """Note that a call rings where nobody is connected."""
        with suppress(Changed):
            self._table.write(self._kept.rung.put(Rung(id=call.id, until=call.ring_until + RING_GRACE)))

    def was_rung(self, call: Call) -> bool:
        """Tell whether a call rings, or rang, where nobody is connected."""
        return self._kept.rung.find(call.id) is not None

    def hold(self, line: Line) -> None:
        """Keep a line after a sign of life; where somebody else has written it, that was one, or the call is over."""
        with suppress(Changed):
            self._table.write(self._kept.lines.put(line.held(self._clock())))

    def keep(self, mail: Mail) -> bool:
        """Keep a message once; returns False where another one lies in its place."""
        for _ in range(RACES):
            with suppress(Changed):
                self._table.write(self._kept.mail.put(mail))
                return True
            kept = self._kept.mail.find(mail.id)
            if kept is not None:
                return kept.envelope == mail.envelope
        raise raced()

    def has(self, mail: Mail) -> bool:
        """Tell whether this very message is kept."""
        kept = self._kept.mail.find(mail.id)
        return kept is not None and kept.envelope == mail.envelope

    def mail(self, mail_ids: Sequence[str]) -> list[Mail]:
        """Read those messages that are there; one read."""
        return self._kept.mail.get_many(list(dict.fromkeys(mail_ids))) if mail_ids else []

    def _entries(self, call: Call) -> list[Put]:
        return [self._kept.log.put(LogEntry.of(call, unique_id)) for unique_id in call.people]

    def _line(self, unique_id: str, lines: Lines) -> Line:
        return lines.get(unique_id) or Line(id=unique_id, until=self._clock())


def raced() -> Conflict:
    """Say that other writers won every race."""
    return Conflict("The call is being changed by many at once; try again.")
