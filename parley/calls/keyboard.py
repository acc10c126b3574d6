"""Questions to the person while a call goes on."""

import asyncio
import sys
import threading
from typing import Final

import click

YES: Final = frozenset({"y", "yes"})


class Keyboard:
    """Reads lines in a thread of its own: a question whose call is over is not waited for."""

    def __init__(self) -> None:
        self._lines: asyncio.Queue[str | None] | None = None
        self._turn = asyncio.Lock()

    async def ask(self, question: str) -> bool:
        """Ask for yes or no; where there is nobody to be asked it is no."""
        async with self._turn:
            lines = self._reading()
            while not lines.empty():
                lines.get_nowait()  # typed before the question was put
            click.echo(f"{question} [y/N]: ", err=True, nl=False)
            answer = await lines.get()
            if answer is None:
                lines.put_nowait(None)
                return False
            return answer.strip().lower() in YES

    def _reading(self) -> "asyncio.Queue[str | None]":
        if self._lines is None:
            self._lines = asyncio.Queue()
            loop, lines = asyncio.get_running_loop(), self._lines
            # A daemon: nobody can interrupt a read of a terminal, and the program may end in the middle of one.
            threading.Thread(target=_read, args=(loop, lines), daemon=True).start()
        return self._lines


def _read(loop: asyncio.AbstractEventLoop, lines: "asyncio.Queue[str | None]") -> None:
    while True:
        line = sys.stdin.readline()
        try:
            loop.call_soon_threadsafe(lines.put_nowait, line or None)
        except RuntimeError:  # the loop is closed: the program ends
            return
        if not line:
            return
