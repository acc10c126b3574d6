"""Webhooks on the wire; never the stored item."""

import json
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, model_validator

from functions.core.exact_types import Truth
from functions.core.webhooks.addresses import LONGEST_URL
from functions.core.webhooks.model import (
    Attempt,
    Delivery,
    DeliveryStatus,
    Endpoint,
    EventType,
    Trouble,
    WebhookStatus,
)


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("may not hold control characters")
    return text


Url = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_URL)]
Description = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), AfterValidator(_printable)]
Events = Annotated[
    list[EventType],
    Field(max_length=100, description="Which events are sent; none named: all, also those to come"),
]


def _order(events: list[EventType]) -> tuple[EventType, ...]:
    return tuple(one for one in EventType if one in events)


class WebhookRequest(BaseModel):
    """A new webhook."""

    url: Url = Field(description="Where to send: `https://`, public", examples=["https://example.com/parley"])
    events: Events = []
    description: Description = ""

    def chosen(self) -> tuple[EventType, ...]:
        """Return the events, each once."""
        return _order(self.events)


class WebhookChange(BaseModel):
    """What is to be different; the rest stays."""

    url: Url = ""
    events: Events | None = None
    description: Description | None = None
    active: Truth | None = Field(default=None, description="True sends again to a webhook that was disabled")

    @model_validator(mode="after")
    def _says_something(self) -> "WebhookChange":
        if not self.model_fields_set:
            raise ValueError("nothing to change: give `url`, `events`, `description` or `active`")
        return self

    def chosen(self) -> tuple[EventType, ...] | None:
        """Return the events, each once, if any were named."""
        return None if self.events is None else _order(self.events)


class TroubleView(BaseModel):
    """What went wrong, and when."""

    code: str = Field(description="For programs", examples=["http-500"])
    detail: str = Field(description="For people", examples=["The receiver answered 500."])
    at: datetime

    @classmethod
    def of(cls, trouble: Trouble | None) -> "TroubleView | None":
        """Show it, if there is any."""
        return None if trouble is None else cls(code=trouble.code, detail=trouble.detail, at=trouble.at)


class WebhookView(BaseModel):
    """A webhook without its secret."""

    id: str
    url: str
    description: str
    events: list[EventType] = Field(description="None named: all")
    status: WebhookStatus
    disabled: TroubleView | None = Field(description="Why nothing is sent, and since when")
    failing_since: datetime | None = Field(description="Since when nothing has succeeded")
    last_success_at: datetime | None = Field(description="To the minute")
    last_failure: TroubleView | None
    created_at: datetime

    @classmethod
    def of(cls, webhook: Endpoint) -> "WebhookView":
        """Show a webhook."""
        return cls(
            id=webhook.id,
            url=webhook.url,
            description=webhook.description,
            events=list(webhook.events),
            status=webhook.status,
            disabled=TroubleView.of(webhook.disabled),
            failing_since=webhook.failing_since,
            last_success_at=webhook.last_success_at,
            last_failure=TroubleView.of(webhook.last_failure),
            created_at=webhook.created_at,
        )


class NewWebhook(WebhookView):
    """A new webhook with its secret: shown this once and never again."""

    secret: str = Field(description="What verifies its messages", examples=["whsec_..."])


class NewSecret(BaseModel):
    """A secret: shown this once and never again. The one before signs beside it for a while."""

    id: str
    secret: str = Field(examples=["whsec_..."])
    former_until: datetime = Field(description="Until then messages are signed with the former secret, too")


class AttemptView(BaseModel):
    """What came of the last try."""

    at: datetime
    took_ms: int
    status: int | None = Field(description="What the receiver answered; null: nothing")
    error: str | None = Field(description="Why there was no answer")

    @classmethod
    def of(cls, attempt: Attempt | None) -> "AttemptView | None":
        """Show it, if there was one."""
        if attempt is None:
            return None
        return cls(at=attempt.at, took_ms=attempt.took_ms, status=attempt.status, error=attempt.error or None)


class DeliveryView(BaseModel):
    """One message on its way to one webhook."""

    id: str
    message_id: str = Field(description="`webhook-id`: the same for every webhook and with every try")
    event: str = Field(examples=["recording.ready"])
    status: DeliveryStatus
    attempts: int = Field(description="Since it was made, or replayed")
    next_attempt_at: datetime | None
    last_attempt: AttemptView | None
    reason: str | None = Field(description="Why it was given up", examples=["attempts-exhausted"])
    created_at: datetime

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryView":
        """Show a delivery."""
        return cls(
            id=delivery.id,
            message_id=delivery.message_id,
            event=delivery.type,
            status=delivery.status,
            attempts=delivery.attempts,
            next_attempt_at=delivery.due_at if delivery.status is DeliveryStatus.PENDING else None,
            last_attempt=AttemptView.of(delivery.last),
            reason=delivery.reason or None,
            created_at=delivery.created_at,
        )


class DeliveryDetails(DeliveryView):
    """A delivery with what was sent and what was answered."""

    body: dict[str, Any] = Field(description="What is sent")
    answer: str | None = Field(description="How the receiver's last answer began")

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryDetails":
        """Show all of a delivery."""
        return cls(
            **DeliveryView.of(delivery).model_dump(),
            body=json.loads(delivery.payload),
            answer=delivery.last.answer if delivery.last is not None else None,
        )
