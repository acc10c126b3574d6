"""Functions that run side by side, one at a time, each until the next place where another may go on.

Threads that hand a baton on: whoever holds it runs, so that a seed leads to the same order every time.
"""

import threading
from collections.abc import Callable
from typing import Final


class Abandoned(BaseException):
    """Nobody waits for this function any more."""


class Task:
    def __init__(self, function: Callable[[], None]) -> None:
        self.is_done = False
        self._function = function
        self._error: BaseException | None = None
        self._is_abandoned = False
        self._turn, self._back = threading.Semaphore(0), threading.Semaphore(0)
        threading.Thread(target=self._run, daemon=True).start()

    def advance(self) -> None:
        """Go on until the next place, or the end; what it raises is raised here."""
        self._turn.release()
        self._back.acquire()
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def abandon(self) -> None:
        self._is_abandoned = True
        while not self.is_done:
            self._turn.release()
            self._back.acquire()

    def pause(self) -> None:
        """Let others go on; called by the function itself."""
        self._back.release()
        self._turn.acquire()
        if self._is_abandoned:
            raise Abandoned

    def _run(self) -> None:
        self._turn.acquire()
        _CURRENT.task = self
        try:
            if not self._is_abandoned:
                self._function()
        except Abandoned:
            pass
        except BaseException as error:  # noqa: BLE001 (raised where somebody waits for it)
            self._error = error
        self.is_done = True
        self._back.release()


_CURRENT: Final = threading.local()


def current() -> Task | None:
    """The task that this code runs in."""
    task: Task | None = getattr(_CURRENT, "task", None)
    return task
