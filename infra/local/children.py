"""Processes of the local system: each in a session of its own, so that ctrl-C reaches the supervisor alone."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from infra.local.settings import REPOSITORY

_LINE_LIMIT: Final = 64 * 1024 * 1024
"""Longer than any line of the function protocol: 6 MB of answer, escaped."""


def python_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables without which no Python of ours starts; nothing of the user's own leaks in."""
    return {"PATH": environ.get("PATH", os.defpath), "PYTHONPATH": str(REPOSITORY)}


async def start_child(*arguments: str, environment: Mapping[str, str], talks: bool) -> Process:
    """Start `python -m ...`; its stdin is its leash, its stderr our terminal, its stdout ours to read if it `talks`.

    Only ever from the main thread: the kernel signals a child when the thread that made it ends.
    """
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *arguments,
        env=dict(environment),
        cwd=REPOSITORY,
        stdin=PIPE,
        stdout=PIPE if talks else None,
        limit=_LINE_LIMIT,
        start_new_session=True,
    )


async def stop_child(child: Process, *, grace: float, first: signal.Signals = signal.SIGTERM) -> None:
    """Ask a child to end; after `grace` seconds end it and all that it has started."""
    if child.returncode is None:
        with suppress(ProcessLookupError):
            child.send_signal(first)
        with suppress(TimeoutError):
            await asyncio.wait_for(child.wait(), grace)
    kill_group(child)
    await child.wait()


def kill_group(child: Process) -> None:
    """End a child and all that it has started, at once."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
