"""Runs coroutines without touching the thread's own event loop.

`asyncio.run` drops that one, and tests of handlers leave it behind open: Mangum makes it and never closes it.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(work)
