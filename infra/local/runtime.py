"""One Lambda function in a process of its own: events come as lines of JSON on stdin, answers go out on stdout.

Several threads, since a laptop has no second machine to start for a second event; each stands for one of Lambda's
execution environments and meets one event at a time.
"""

import asyncio
import importlib
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, TextIO

from infra.local.leash import hold_on_to

THREADS: Final = 16

Handler = Callable[[dict[str, Any], "Context"], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What Lambda tells a handler beside the event."""

    function_name: str
    invoked_function_arn: str
    memory_limit_in_mb: str
    aws_request_id: str
    log_group_name: str
    ends_at: float
    function_version: str = "$LATEST"
    log_stream_name: str = "local"
    identity: None = None
    client_context: None = None

    def get_remaining_time_in_millis(self) -> int:
        """Return how long this invocation may still take."""
        return max(0, int((self.ends_at - time.monotonic()) * 1000))


class Runtime:
    """Serves events until stdin closes."""

    def __init__(self, handler: Handler, function: dict[str, str], answers: TextIO) -> None:
        self._handler = handler
        self._function = function
        self._answers = answers
        self._lock = threading.Lock()

    def serve(self, events: TextIO) -> None:
        """Answer every line; the order of answers is that in which they are ready."""
        # Mangum asks for the thread's event loop and does not make one.
        with ThreadPoolExecutor(THREADS, initializer=lambda: asyncio.set_event_loop(asyncio.new_event_loop())) as pool:
            for line in events:
                pool.submit(self._answer, line)
            # The supervisor is gone, and with it whoever waited for what is still running.
            os._exit(0)

    def say(self, message: dict[str, Any]) -> None:
        """Send one line."""
        line = json.dumps(message, separators=(",", ":"), default=_not_json)
        with self._lock:
            self._answers.write(line + "\n")
            self._answers.flush()

    def _answer(self, line: str) -> None:
        call = json.loads(line)
        try:
            self.say({"id": call["id"], "result": self._handler(call["event"], self._context(call))})
        except Exception as error:  # noqa: BLE001 (Lambda too survives whatever a handler raises)
            traceback.print_exc()
            self.say({"id": call["id"], "error": f"{type(error).__name__}: {error}"})

    def _context(self, call: dict[str, Any]) -> Context:
        name = self._function["name"]
        return Context(
            function_name=name,
            invoked_function_arn=self._function["arn"],
            memory_limit_in_mb=self._function["memory"],
            aws_request_id=call["id"],
            log_group_name=f"/aws/lambda/{name}",
            ends_at=time.monotonic() + call["seconds"],
        )


def _not_json(value: object) -> Any:
    raise TypeError(f"a handler answered with a {type(value).__name__}, which is not JSON")


def main() -> None:
    """Import the handler, say so, and serve."""
    supervisor, description = sys.argv[1:]
    hold_on_to(int(supervisor))
    function = json.loads(description)
    # What the handler prints must not end up between the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    module, _, name = function["handler"].rpartition(".")
    runtime = Runtime(getattr(importlib.import_module(module), name), function, answers)
    runtime.say({"ready": True})
    runtime.serve(sys.stdin)


if __name__ == "__main__":
    main()
