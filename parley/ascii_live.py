"""Shows in this terminal how the server draws a video."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final, Protocol, Self, TextIO

from parley.cast_player import BEGIN, END
from parley.live_frames import LiveFrame, NotAFrame, read_frame
from parley.realtime.live import CONNECTED, Live
from parley.realtime.socket import Ticket
from parley.show import clock

WATCH_EVERY: Final = 30.0
"""Seconds; the server forgets after 60 who does not say that he still watches."""
LOOK_EVERY: Final = 2.0

Size = Callable[[], os.terminal_size]
Pause = Callable[[float], Awaitable[None]]


class Line(Protocol):
    """A connection to the server (`parley.realtime.live.Live`)."""

    async def ask(self, frame: Mapping[str, Any]) -> dict[str, Any]:
        """Send a frame and return its reply."""
        ...

    def events(self) -> AsyncIterator[dict[str, Any]]:
        """Yield what the server says."""
        ...


class Picture:
    """The picture on a screen of its own; one that is larger than the terminal is shown smaller."""

    def __init__(self, screen: TextIO, size: Size) -> None:
        self._screen = screen
        self._size = size
        self._shape: tuple[int, ...] = ()

    def show(self, frame: LiveFrame) -> None:
        """Draw a frame, and below it when the video shows it."""
        size = self._size()
        # Every other character, or every third; the last line is for the time.
        step = max(1, -(-len(frame.lines[0]) // size.columns), -(-len(frame.lines) // max(1, size.lines - 1)))
        lines = [line[::step] for line in frame.lines[::step]]
        shape = (len(lines), len(lines[0]), *size)
        begin = "\x1b[H" if shape == self._shape else "\x1b[2J\x1b[H"
        self._shape = shape
        told = f"{clock(frame.milliseconds / 1000)}, frame {frame.number}"[: size.columns]
        self._screen.write(begin + "\r\n".join([*lines, f"{told}\x1b[K"]))
        self._screen.flush()

    def __enter__(self) -> Self:
        """Begin a screen without a cursor."""
        self._screen.write(BEGIN)
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the terminal as it was."""
        self._screen.write(END)
        self._screen.flush()


async def look_on(
    line: Line,
    job_id: str,
    picture: Picture,
    *,
    is_over: Callable[[], Awaitable[bool]],
    pause: Pause = asyncio.sleep,
) -> None:
    """Show a job's frames until it is over, however often its drawing begins anew; raises Failure."""
    showing = [
        asyncio.create_task(_show(line, job_id, picture)),
        asyncio.create_task(_keep_watching(line, job_id, pause)),
        asyncio.create_task(_until_over(is_over, pause)),
    ]
    try:
        done, _ = await asyncio.wait(showing, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in showing:
            task.cancel()
        await asyncio.gather(*showing, return_exceptions=True)


async def _show(line: Line, job_id: str, picture: Picture) -> None:
    async for event in line.events():
        if event["type"] == CONNECTED:
            # The server knows nothing of what an earlier connection has watched.
            await line.ask({"type": "watch", "job_id": job_id})
        elif event["type"] == "ascii.frame" and event.get("job_id") == job_id:
            with suppress(NotAFrame):
                picture.show(read_frame(event))


async def _keep_watching(line: Line, job_id: str, pause: Pause) -> None:
    while True:
        await pause(WATCH_EVERY)
        await line.ask({"type": "watch", "job_id": job_id})


async def _until_over(is_over: Callable[[], Awaitable[bool]], pause: Pause) -> None:
    while not await is_over():
        await pause(LOOK_EVERY)


def show_live(
    job_id: str,
    screen: TextIO,
    *,
    ticket: Callable[[], tuple[str, str]],
    is_over: Callable[[], bool],
    # Where a terminal says that it is of no size, it is taken for one of 80 by 24.
    size: Size = shutil.get_terminal_size,
) -> None:
    """Connect, and show a job's frames until it is over; raises Failure."""

    async def show() -> None:
        async with Live(lambda: _fetched(ticket)) as line:
            with Picture(screen, size) as picture:
                await look_on(line, job_id, picture, is_over=lambda: asyncio.to_thread(is_over))

    asyncio.run(show())


async def _fetched(ticket: Callable[[], tuple[str, str]]) -> Ticket:
    url, secret = await asyncio.to_thread(ticket)
    return Ticket(url, secret)
