"""One client's side of `parley.v1` without the network: what to send when, and what an arriving frame means.

Times are seconds of one steady clock, handed in by the caller.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Any, Final

from parley.realtime.errors import Refusal
from parley.realtime.server_clock import ServerClock

RESEND_AFTER: Final = 2.0
LONGEST_RESEND: Final = 15.0
PING_EVERY: Final = 300.0
"""API Gateway closes what was silent for ten minutes."""
PING_IN_CALL: Final = 25.0
JITTER: Final = 0.1
PONG_WITHIN: Final = 5.0
RENEW_EARLIEST: Final = 15 * 60.0
RENEW_LATEST: Final = 5 * 60.0
"""Before the server's end of a connection; all clients of a deployment must not come at once."""

LONGEST_WAIT: Final = 5.0
"""Seconds that a refused frame waits for its next try; a person would rather read of a longer wait."""
PASSING: Final = frozenset({"too-fast", "unavailable"})
DISOWNED: Final = frozenset({"connection-over", "session-over"})
"""The server knows this connection no more; whether there can be another, the next ticket says."""

Chance = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Answered:
    """A frame of ours got its reply."""

    id: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refused:
    """A frame of ours was refused."""

    id: str
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Event:
    """The server says something by itself."""

    body: dict[str, Any]


@dataclass(slots=True)
class _Waiting:
    text: str
    due: float
    pause: float = RESEND_AFTER


class Wire:
    """Keeps what is unanswered, pings, and judges how long a connection is good for."""

    def __init__(self, *, ids: Callable[[], str], chance: Chance, wall: Callable[[], float]) -> None:
        self.clock = ServerClock()
        self.is_proven = False
        """Whether the server has answered on this connection."""
        self._ids = ids
        self._chance = chance
        self._wall = wall
        self._waiting: dict[str, _Waiting] = {}
        self._ping: tuple[str, float] | None = None
        self._next_ping = inf
        self._renew_at = inf
        self._call_id: str | None = None
        self._is_disowned = False

    def opened(self, now: float) -> None:
        """Start on a new connection: what has no reply yet is sent again, under its old id."""
        self.is_proven = self._is_disowned = False
        self._ping, self._next_ping, self._renew_at = None, now, inf
        for waiting in self._waiting.values():
            waiting.due, waiting.pause = now, RESEND_AFTER

    def ask(self, frame: Mapping[str, Any], now: float) -> str:
        """Have a frame sent until it is answered; returns its id."""
        frame_id = self._ids()
        self._waiting[frame_id] = _Waiting(_written({**frame, "id": frame_id}), now)
        return frame_id

    def forget(self, frame_id: str) -> None:
        """Send a frame no more."""
        self._waiting.pop(frame_id, None)

    def attend(self, call_id: str | None, now: float) -> None:
        """Ping for a call from now on, as its line is held by that; None: for no call."""
        self._call_id = call_id
        self._next_ping = min(self._next_ping, now + self._pause())

    def due(self, now: float) -> list[str]:
        """Return what is to be sent now."""
        sent = [waiting for waiting in self._waiting.values() if waiting.due <= now]
        for waiting in sent:
            waiting.due = now + waiting.pause
            waiting.pause = min(LONGEST_RESEND, waiting.pause * 2)
        return [*self._due_ping(now), *(waiting.text for waiting in sent)]

    def next_due(self) -> float:
        """Return when to look again at the latest."""
        silence = self._ping[1] + PONG_WITHIN if self._ping else inf
        return min([self._next_ping, self._renew_at, silence, *(one.due for one in self._waiting.values())])

    def is_silent(self, now: float) -> bool:
        """Tell whether nobody seems to be at the other end, or nobody who knows us."""
        return self._is_disowned or (self._ping is not None and now >= self._ping[1] + PONG_WITHIN)

    def is_old(self, now: float) -> bool:
        """Tell whether it is time for the next connection; says so once."""
        if now < self._renew_at:
            return False
        self._renew_at = inf
        return True

    def take(self, text: str | bytes, now: float) -> Answered | Refused | Event | None:
        """Read a frame; None where it means nothing to this client."""
        frame = _read(text)
        if frame is None:
            return None
        frame_id = frame.get("id")
        match frame["type"]:
            case "error" if frame.get("code") in DISOWNED:
                self._is_disowned = True
            case "pong" | "error" if self._ping is not None and frame_id == self._ping[0]:
                self._take_pong(frame, self._ping[1], now)
            case "error" if frame_id in self._waiting:
                return self._refused(str(frame_id), Refusal(frame), now)
            case "ack" | "synced" if frame_id in self._waiting:
                self.forget(str(frame_id))
                return Answered(str(frame_id), frame)
            case "ack" | "synced" | "error" | "pong":
                pass  # the second answer to what was sent twice, or to nothing we know
            case _:
                return Event(frame)
        return None

    def _refused(self, frame_id: str, refusal: Refusal, now: float) -> Refused | None:
        if refusal.code in PASSING and refusal.retry_after <= LONGEST_WAIT:
            # Refused before it was looked at, so the same frame may come again.
            self._waiting[frame_id].due = now + refusal.retry_after * (1 + self._chance())
            return None
        self.forget(frame_id)
        return Refused(frame_id, refusal)

    def _due_ping(self, now: float) -> list[str]:
        if now < self._next_ping:
            return []
        ping_id = self._ids()
        self._ping = (ping_id, now)
        self._next_ping = now + self._pause()
        call = {"call_id": self._call_id} if self._call_id else {}
        return [_written({"type": "ping", **call, "id": ping_id})]

    def _pause(self) -> float:
        every = PING_IN_CALL if self._call_id else PING_EVERY
        return every * (1 - JITTER + 2 * JITTER * self._chance())

    def _take_pong(self, frame: dict[str, Any], asked: float, now: float) -> None:
        took, self._ping = now - asked, None
        self.is_proven = True
        wall = self._wall()
        if isinstance(frame.get("server_time"), int | float):
            self.clock.learn(frame["server_time"] / 1000, took=took, arrived=wall)
        if self._renew_at == inf and (until := _moment(frame.get("until"))) is not None:
            left = until - (wall + self.clock.offset)
            margin = RENEW_LATEST + (RENEW_EARLIEST - RENEW_LATEST) * self._chance()
            # A connection that is short by itself is renewed halfway.
            self._renew_at = now + max(left - margin, left / 2, 1.0)


def _written(frame: Mapping[str, Any]) -> str:
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))


def _read(text: str | bytes) -> dict[str, Any] | None:
    """Read a frame, or None: API Gateway's own errors have no type, and a newer server may say what we don't know."""
    try:
        frame = json.loads(text)
    except ValueError:
        return None
    return frame if isinstance(frame, dict) and isinstance(frame.get("type"), str) else None


def _moment(text: object) -> float | None:
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return None
