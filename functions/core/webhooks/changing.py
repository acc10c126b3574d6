"""What an owner wants a webhook to be; pure."""

from dataclasses import dataclass, replace
from datetime import datetime

from functions.core.webhooks.model import Endpoint, EventType, Trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be different; None: what is not."""

    url: str | None = None
    events: tuple[EventType, ...] | None = None
    description: str | None = None
    active: bool | None = None


def changed(webhook: Endpoint, wish: Wish, now: datetime) -> Endpoint:
    """Return a webhook as its owner wants it."""
    if wish.url is not None:
        webhook = webhook.moved(wish.url)
    if wish.events is not None:
        webhook = replace(webhook, events=wish.events)
    if wish.description is not None:
        webhook = replace(webhook, description=wish.description)
    match wish.active:
        case True:
            return webhook.resumed()
        case False:
            return webhook.stopped(Trouble(code="by-owner", detail="Its owner has disabled it.", at=now))
        case None:
            return webhook
