"""What nobody could do when it was due, done after all: an admin asks, and a function goes through the dead letters."""

import json
from enum import StrEnum
from typing import Final, Protocol

from functions.core.errors import Unavailable
from functions.core.events import EventBus
from functions.core.observability import log

SOURCE: Final = "parley.library"
DETAIL_TYPE: Final = "Redrive"
UPLOAD_AGAIN: Final = "Upload again"
CHANGES_AGAIN: Final = "Changes again"


class DeadQueue(StrEnum):
    """Dead letters that can be tried again. Dead jobs cannot: each has ended, and its owner can start another."""

    UPLOADS = "uploads"
    CHANGES = "changes"
    WEBHOOKS = "webhooks"


class Redrives(Protocol):
    """Has dead letters tried again."""

    def ask(self, queue: DeadQueue) -> None:
        """Have all of a queue tried again; raises Unavailable."""
        ...


class EventBridgeRedrives:
    """The real ones: EventBridge starts `functions.maintenance.redrive`."""

    def __init__(self, *, installation: str) -> None:
        self._bus = EventBus(SOURCE, installation=installation)

    def ask(self, queue: DeadQueue) -> None:
        """Have all of a queue tried again; raises Unavailable."""
        failure = self._bus.put(DETAIL_TYPE, json.dumps({"queue": queue}))
        if failure is not None:
            log.error("a redrive could not be asked for", queue=queue, code=failure)
            raise Unavailable("This could not be handed over; try again.")
