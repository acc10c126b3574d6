"""Drives one call: between the connection to the server, the sound, and the person."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from functools import partial
from math import inf
from typing import Any, Final, Protocol

from parley.calls.actions import Action, AddCandidates, CloseMedia, MakeAnswer, MakeOffer, News, Send, TakeAnswer, Tell
from parley.calls.call import Call, Outcome, Phase
from parley.errors import Failure
from parley.realtime.errors import Refusal

MEDIA_WITHIN: Final = 20.0
"""For candidates to be gathered: a STUN server that does not answer costs five seconds."""
LAST_WORDS_WITHIN: Final = 5.0
"""What the other side is not told by then, their own timers tell them."""

MediaAction = MakeOffer | MakeAnswer | TakeAnswer | AddCandidates | CloseMedia


class Server(Protocol):
    """What a call needs of the connection."""

    async def ask(self, frame: Mapping[str, Any]) -> dict[str, Any]:
        """Return the reply to a frame; raises Failure."""
        ...

    def server_now(self) -> float:
        """Return the server's time."""
        ...

    def attend(self, call_id: str | None) -> None:
        """Keep a call's line from now on; None: no call's."""
        ...


class Sound(Protocol):
    """What a call needs of a peer connection."""

    async def offer(self) -> str:
        """Describe this end."""
        ...

    async def answer(self, sdp: str) -> str:
        """Answer an offer."""
        ...

    async def take_answer(self, sdp: str) -> None:
        """Take in an answer."""
        ...

    async def add(self, candidates: "tuple[Mapping[str, Any] | None, ...]") -> None:
        """Take in candidates."""
        ...

    def close(self) -> Coroutine[Any, Any, None]:
        """End it."""
        ...


class Person(Protocol):
    """Who is told, and may say something through the phone's wishes."""

    def told(self, news: News, detail: Mapping[str, Any]) -> None:
        """Hear of something."""
        ...


class Phone:
    """One call, from its first action to its end."""

    def __init__(self, call: Call, *, server: Server, person: Person, sound: "Callable[[Phone], Sound]") -> None:
        """`sound` opens the sound when the call wants it, and not before."""
        self.call = call
        self._server = server
        self._person = person
        self._sound = sound
        self._open: Sound | None = None
        self._closing: asyncio.Task[None] | None = None
        self._inputs: asyncio.Queue[Callable[[], None]] = asyncio.Queue()
        self._to_do: asyncio.Queue[MediaAction] = asyncio.Queue()
        self._sending: set[asyncio.Task[None]] = set()
        self._is_ending = False

    def wish(self, change: Callable[[], None]) -> None:
        """Have something done to the call when its turn comes; the phone's only entrance, from the loop's thread."""
        self._inputs.put_nowait(change)

    @property
    def is_ending(self) -> bool:
        """Whether somebody has hung up already."""
        return self._is_ending or self.call.phase in {Phase.ENDING, Phase.OVER}

    def hang_up(self) -> None:
        """End the call when its turn comes."""
        self._is_ending = True
        self.wish(self.call.hang_up)

    def take(self, event: Mapping[str, Any]) -> None:
        """Take in one of the server's events."""
        self.wish(lambda: _understood(self.call, event))

    def media_connected(self) -> None:
        """Sound flows."""
        self.wish(self.call.media_connected)

    def media_failed(self, reason: str) -> None:
        """No sound flows any more, or never did."""
        self.wish(lambda: self.call.media_failed(reason))

    async def run(self) -> Outcome:
        """Serve the call until it is over; returns what became of it. Cancelled, it hangs up first."""
        self._server.attend(self.call.id)
        media = asyncio.create_task(self._media())
        try:
            await self._serve()
        except asyncio.CancelledError:
            self.call.hang_up()
            await self._serve()
            raise
        finally:
            self._server.attend(None)
            await self._settled(media)
        assert self.call.outcome is not None
        return self.call.outcome

    async def _serve(self) -> None:
        while True:
            for action in self.call.take_actions():
                self._do(action)
            if self.call.is_over:
                return
            pause = self.call.next_due() - self._server.server_now()
            try:
                async with asyncio.timeout(None if pause == inf else max(0.0, pause)):
                    change = await self._inputs.get()
            except TimeoutError:
                change = self.call.tick
            change()

    def _do(self, action: Action) -> None:
        match action:
            case Send():
                task = asyncio.create_task(self._send(action.frame))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)
            case Tell(news, detail):
                self._person.told(news, detail)
            case _:
                self._to_do.put_nowait(action)

    async def _send(self, frame: dict[str, Any]) -> None:
        try:
            reply = await self._server.ask(frame)
        except Refusal as refusal:
            self.wish(partial(_refused, self.call, frame, refusal.code, refusal.frame))
        except Failure as failure:
            self.wish(partial(_refused, self.call, frame, failure.code))
        else:
            self.wish(lambda: _answered(self.call, frame, reply))

    async def _media(self) -> None:
        """Do what concerns the sound, one after the other."""
        while True:
            action = await self._to_do.get()
            try:
                async with asyncio.timeout(MEDIA_WITHIN):
                    await self._handle(action)
            except (Failure, TimeoutError) as error:
                self._person.told(News.DISTRUSTED, {"detail": str(error) or "The sound could not be opened in time."})
                self.media_failed("media-failed")
            if isinstance(action, CloseMedia):
                return

    async def _handle(self, action: MediaAction) -> None:
        if isinstance(action, CloseMedia):
            await self._close()
            return
        if self._open is None:
            self._open = self._sound(self)
        match action:
            case MakeOffer():
                sdp = await self._open.offer()
                self.wish(lambda: self.call.offer_made(sdp))
            case MakeAnswer(offer, is_again):
                sdp = await self._open.answer(offer)
                self.wish(lambda: self.call.answer_made(sdp, is_again=is_again))
            case TakeAnswer(answer):
                await self._open.take_answer(answer)
            case AddCandidates(candidates):
                await self._open.add(candidates)

    async def _settled(self, media: asyncio.Task[None]) -> None:
        """Let what is on its way go out, and end the sound."""
        if self._sending:
            _, late = await asyncio.wait(self._sending, timeout=LAST_WORDS_WITHIN)
            for task in late:
                task.cancel()
        # Over, the call has asked for the sound's end; it may still be in the middle of its beginning.
        media.cancel()
        with suppress(asyncio.CancelledError):
            await media
        await self._close()

    async def _close(self) -> None:
        """End the sound, once; whoever is cancelled while waiting does not cancel that."""
        if self._closing is None and self._open is not None:
            self._closing = asyncio.create_task(self._open.close())
        if self._closing is not None:
            await asyncio.shield(self._closing)


def _understood(call: Call, event: Mapping[str, Any]) -> None:
    # What cannot be read is nothing that this version knows.
    with suppress(KeyError, TypeError, ValueError):
        call.take(event)


def _answered(call: Call, frame: Mapping[str, Any], reply: Mapping[str, Any]) -> None:
    with suppress(KeyError, TypeError, ValueError):
        call.answered(frame, reply)


def _refused(call: Call, frame: Mapping[str, Any], code: str, more: Mapping[str, Any] | None = None) -> None:
    with suppress(KeyError, TypeError, ValueError):
        call.refused(frame, code, more)
