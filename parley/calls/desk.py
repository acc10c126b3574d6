"""Sorts what the server says to the call that it is about, and tells of calls that come in."""

import asyncio
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from parley.calls.call import Outcome
from parley.calls.phone import Phone
from parley.calls.view import RINGING, View, read_view
from parley.errors import Failure
from parley.realtime.live import CONNECTED, Live
from parley.sealed import Refused, header_of

REMEMBERED: Final = 50
"""Events that came before anybody had looked at their call."""


class Desk:
    """One connection's calls, one at a time."""

    def __init__(self, live: Live, unique_id: str) -> None:
        self.current: Phone | None = None
        self._live = live
        self._unique_id = unique_id
        self._ringing: asyncio.Queue[tuple[View, Mapping[str, Any]] | Failure] = asyncio.Queue()
        self._known: set[str] = set()
        self._recent: deque[tuple[str, Mapping[str, Any]]] = deque(maxlen=REMEMBERED)
        self._looking: asyncio.Task[None] | None = None
        self._reader = asyncio.create_task(self._read())

    async def incoming(self) -> tuple[View, Mapping[str, Any]]:
        """Wait for a call that rings here; raises Failure where none can come any more."""
        found = await self._ringing.get()
        if isinstance(found, Failure):
            raise found
        return found

    async def serve(self, phone: Phone) -> Outcome:
        """Run a call to its end."""
        self.current = phone
        self._known.add(phone.call.id)
        for call_id, event in self._recent:
            if call_id == phone.call.id:
                phone.take(event)
        try:
            return await phone.run()
        finally:
            self.current = None

    async def close(self) -> None:
        """Read no more."""
        tasks = [task for task in (self._reader, self._looking) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self) -> None:
        try:
            async for event in self._live.events():
                with suppress(KeyError, TypeError, ValueError):  # what this version does not know
                    self._take(event)
        except Failure as failure:
            self._ringing.put_nowait(failure)

    def _take(self, event: Mapping[str, Any]) -> None:
        if event["type"] == CONNECTED:
            self._connected()
            return
        call_id = _call_of(event)
        if call_id is None:
            return
        self._recent.append((call_id, event))
        if self.current is not None and self.current.call.id == call_id:
            self.current.take(event)
        elif event["type"] == "call.incoming":
            self._rings(read_view(event["call"]), event["envelope"])

    def _connected(self) -> None:
        if self.current is not None:
            self.current.wish(self.current.call.reconnected)
        elif self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        """Find what began to ring while nobody was connected."""
        with suppress(Failure, KeyError, TypeError, ValueError):
            reply = await self._live.ask({"type": "sync"})
            if reply.get("call") and reply.get("offer"):
                self._rings(read_view(reply["call"]), reply["offer"])

    def _rings(self, view: View, envelope: Mapping[str, Any]) -> None:
        if view.status == RINGING and view.callee == self._unique_id and view.id not in self._known:
            self._known.add(view.id)
            self._ringing.put_nowait((view, envelope))


def _call_of(event: Mapping[str, Any]) -> str | None:
    match event["type"]:
        case "call.state" | "call.incoming":
            return str(event["call"]["id"])
        case "call.ringing":
            return str(event["call_id"])
        case "signal":
            with suppress(Refused):
                return header_of(event["envelope"]).call
    return None
