"""The template's functions, each in a process of its own under its own role."""

import asyncio
import json
import os
import uuid
from asyncio.subprocess import Process
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from functions.core.observability import log
from infra.local.children import kill_group, start_child
from infra.local.stack import Function

START_TIMEOUT: Final = 120
"""Seconds for a function's imports, on a machine that starts everything at once."""


class FunctionFailed(Exception):
    """The handler raised, or its process ended."""


class FunctionTimedOut(FunctionFailed):
    """No answer within the function's timeout."""


class Callee(Protocol):
    """What takes events."""

    async def call(self, event: Mapping[str, Any]) -> Any:
        """Return the handler's answer; raises FunctionFailed."""


@dataclass(slots=True)
class _Running:
    """A process that has imported its handler."""

    process: Process
    waiting: dict[str, asyncio.Future[Any]] = field(default_factory=dict)
    is_retired: bool = False

    @property
    def pid(self) -> int:
        return self.process.pid

    def send(self, call: Mapping[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(call, separators=(",", ":")).encode() + b"\n")

    async def listen(self) -> None:
        """Hand answers to those who wait; at the end of the process say so to all."""
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            answer = json.loads(line)
            waiting = self.waiting.pop(answer["id"], None)
            if waiting is None or waiting.done():
                continue
            if "error" in answer:
                waiting.set_exception(FunctionFailed(answer["error"]))
            else:
                waiting.set_result(answer["result"])
        for waiting in self.waiting.values():
            if not waiting.done():
                waiting.set_exception(FunctionFailed("The function's process ended."))
        await self.process.wait()


class LocalFunction:
    """One function. Its process is made at the start, and again after it has crashed or hung."""

    def __init__(self, function: Function, environment: Mapping[str, str]) -> None:
        self.function = function
        self._environment = environment
        self._running: _Running | None = None
        self._starting = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def pid(self) -> int | None:
        """The process that takes the next event, if it runs."""
        return None if self._running is None else self._running.pid

    async def start(self) -> None:
        """Make the process, so that the first event finds it warm; a failure shows at that event."""
        with suppress(FunctionFailed):
            await self._ensure_running()

    async def call(self, event: Mapping[str, Any]) -> Any:
        """Return the handler's answer.

        Raises:
            FunctionTimedOut: it took longer than it may; its process is replaced.
            FunctionFailed: it raised, or its process ended or did not start.
        """
        running = await self._ensure_running()
        call_id = str(uuid.uuid4())
        answer = running.waiting[call_id] = asyncio.get_running_loop().create_future()
        try:
            running.send({"id": call_id, "event": event, "seconds": self.function.timeout})
            return await asyncio.wait_for(answer, self.function.timeout)
        except TimeoutError:
            log.error(f"{self.function.logical_id} timed out", seconds=self.function.timeout)
            self._replace(running)
            raise FunctionTimedOut(f"Task timed out after {self.function.timeout} seconds.") from None
        finally:
            running.waiting.pop(call_id, None)
            self._end_if_idle(running)

    async def stop(self, grace: float) -> None:
        """End the process once what runs in it is done, or after `grace` seconds."""
        running, self._running = self._running, None
        if running is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await asyncio.gather(*running.waiting.values(), return_exceptions=True)
        kill_group(running.process)
        await running.process.wait()

    def kill(self) -> None:
        """End the process at once."""
        if self._running is not None:
            kill_group(self._running.process)

    async def _ensure_running(self) -> _Running:
        async with self._starting:
            if self._running is None or self._running.process.returncode is not None:
                self._running = await self._start()
            return self._running

    async def _start(self) -> _Running:
        description = {
            "name": self.function.name,
            "arn": self.function.arn,
            "memory": str(self.function.memory),
            "handler": self.function.handler,
        }
        process = await start_child(
            "infra.local.runtime",
            str(os.getpid()),
            json.dumps(description),
            environment=self._environment,
            talks=True,
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(START_TIMEOUT):
                is_ready = await process.stdout.readline()
        except TimeoutError:
            is_ready = b""
        except asyncio.CancelledError:
            kill_group(process)
            raise
        if not is_ready:
            kill_group(process)
            await process.wait()
            log.error(f"{self.function.logical_id} did not start", handler=self.function.handler)
            raise FunctionFailed(f"{self.function.logical_id} did not start.")
        running = _Running(process)
        self._keep(running.listen())
        return running

    def _replace(self, running: _Running) -> None:
        # Other events may still be in the old process: it ends with the last of them.
        running.is_retired = True
        if self._running is running:
            self._running = None
            self._keep(self.start())

    def _end_if_idle(self, running: _Running) -> None:
        if running.is_retired and not running.waiting:
            kill_group(running.process)

    def _keep(self, work: Any) -> None:
        # A task that nobody holds is collected.
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
