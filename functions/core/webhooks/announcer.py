"""Tells webhooks what has happened to their owners' recordings and jobs."""

from collections.abc import Sequence

from functions.core.changes import Change
from functions.core.clock import Clock
from functions.core.observability import log
from functions.core.webhooks.events import events_of
from functions.core.webhooks.outbox import Outbox
from functions.core.webhooks.store import Webhooks


class Announcer:
    """Reacts to changes. Most owners have no webhook: to learn that costs one read for all changes together."""

    def __init__(self, webhooks: Webhooks, outbox: Outbox, *, clock: Clock) -> None:
        self._webhooks = webhooks
        self._outbox = outbox
        self._clock = clock

    def react(self, changes: Sequence[Change]) -> None:
        """Send what owners want to be told; the same change again is the same messages."""
        events = [event for change in changes for event in events_of(change, self._clock())]
        if not events:
            return
        owners = self._webhooks.of_many(list({event.owner_id: None for event in events}))
        letters = [
            self._outbox.letter(
                webhook,
                event.owner_id,
                message_id=event.message_id,
                event_type=event.type,
                payload=event.payload,
            )
            for event in events
            if event.owner_id in owners
            for webhook in owners[event.owner_id].wanting(event.type)
        ]
        if letters:
            self._outbox.post(letters)
            log.info("webhooks are told", messages=len(letters))
