"""The worker on this machine: started again whenever it ends, with the rights of its role."""

import asyncio
import os
import time
from asyncio.subprocess import Process
from collections.abc import Mapping
from typing import Final

from functions.core.observability import log
from infra.local.children import kill_group, start_child, stop_child

MODULE: Final = "gpu_worker"

_FIRST_WAIT: Final = 1.0
_LONGEST_WAIT: Final = 60.0
_WELL_AFTER: Final = 60.0
"""Seconds after which an end counts as the first one again."""

_OF_THE_MACHINE: Final = (
    "CUDA_VISIBLE_DEVICES",
    "HF_ENDPOINT",
    "HF_HOME",
    "HF_HUB_CACHE",
    "HF_HUB_OFFLINE",
    "HF_TOKEN",
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LANG",
    "LD_LIBRARY_PATH",
    "NO_PROXY",
    "OMP_NUM_THREADS",
    "SSL_CERT_FILE",
    "TMPDIR",
    "XDG_CACHE_HOME",
)
"""What a container image would settle: where models are kept, which card is used, how the internet is reached."""


def machine_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what the worker needs to know of this machine."""
    return {name: environ[name] for name in _OF_THE_MACHINE if name in environ}


class LocalWorker:
    """Keeps one worker process running."""

    def __init__(self, environment: Mapping[str, str], *, stop_timeout: float) -> None:
        self._environment = environment
        self._stop_timeout = stop_timeout
        self._process: Process | None = None
        self._keeping: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start it, and again whenever it ends."""
        self._keeping = asyncio.create_task(self._keep_running())

    async def stop(self) -> None:
        """Ask it to release its work and end."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        if self._process is not None:
            await stop_child(self._process, grace=self._stop_timeout)

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            kill_group(self._process)

    async def _keep_running(self) -> None:
        wait = _FIRST_WAIT
        while True:
            began = time.monotonic()
            self._process = await start_child(
                "infra.local.leash", str(os.getpid()), MODULE, environment=self._environment, talks=False
            )
            status = await self._process.wait()
            if time.monotonic() - began > _WELL_AFTER:
                wait = _FIRST_WAIT
            log.error("The worker ended; it is started again", status=status, seconds=wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)
