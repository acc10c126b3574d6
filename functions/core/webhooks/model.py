"""Where owners want to be told what happens, and what each place was told; pure."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from functions.core.errors import Conflict, NotFound

MOST_WEBHOOKS: Final = 10
"""Webhooks of one owner: all of them lie in one document."""
PATIENCE: Final = timedelta(days=5)
"""A receiver that has done nothing but fail for so long is told nothing any more."""
SPELL: Final = timedelta(days=2)
"""Failures that lie further apart say nothing together; messages that fail are tried again within a day."""
PRECISION: Final = timedelta(minutes=1)
"""How exactly successes and failures are noted: a busy webhook's document is not written with every message."""
KEPT_FOR: Final = timedelta(days=30)
"""How long it is shown what was told."""
REMOVED_FOR: Final = timedelta(days=60)
"""How long a removed webhook's deliveries may still lie there; AWS deletes late."""
LEASE: Final = timedelta(minutes=2)
"""How long a delivery is somebody's who sends it; longer than a function may take."""
TEST: Final = "webhook.test"
"""The type of what is sent because the owner asked for it; nobody subscribes to it."""


class EventType(StrEnum):
    """What owners can be told."""

    RECORDING_UPLOADED = "recording.uploaded"
    RECORDING_REFUSED = "recording.refused"
    RECORDING_UPDATED = "recording.updated"
    RECORDING_READY = "recording.ready"
    RECORDING_DELETED = "recording.deleted"
    JOB_STARTED = "job.started"
    JOB_SUCCEEDED = "job.succeeded"
    JOB_FAILED = "job.failed"
    JOB_CANCELLED = "job.cancelled"


class WebhookStatus(StrEnum):
    """Whether a webhook is told anything."""

    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What went wrong, for programs and for people, and when."""

    code: str
    detail: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One webhook: where to send what."""

    id: str
    url: str
    created_at: datetime
    description: str = ""
    events: tuple[EventType, ...] = ()
    """Which are sent; none named: all."""
    disabled: Trouble | None = None
    """Why nothing is sent there, and since when."""
    failing_since: datetime | None = None
    """Since when nothing has succeeded."""
    last_success_at: datetime | None = None
    last_failure: Trouble | None = None

    @property
    def status(self) -> WebhookStatus:
        """Whether it is told anything."""
        return WebhookStatus.ACTIVE if self.disabled is None else WebhookStatus.DISABLED

    def wants(self, event: EventType) -> bool:
        """Tell whether an event is to be sent there."""
        return self.disabled is None and (not self.events or event in self.events)

    def succeeded(self, now: datetime) -> "Endpoint":
        """Take note of a success; unchanged where that says nothing new."""
        is_known = self.last_success_at is not None and now - self.last_success_at < PRECISION
        if is_known and self.failing_since is None:
            return self
        return replace(self, last_success_at=now, failing_since=None)

    def failed(self, trouble: Trouble) -> "Endpoint":
        """Take note of a failure, and give up on who has done nothing but fail; unchanged if it says nothing new."""
        since = self._failing_since(trouble.at)
        if self.disabled is None and trouble.at - since >= PATIENCE:
            days = f"Every message of {PATIENCE.days} days failed, the last one so: {trouble.detail}"
            reason = Trouble(code="failing", detail=days, at=trouble.at)
            return replace(self, failing_since=since, last_failure=trouble, disabled=reason)
        last = self.last_failure
        if since == self.failing_since and last is not None and trouble.at - last.at < PRECISION:
            return self
        return replace(self, failing_since=since, last_failure=trouble)

    def stopped(self, reason: Trouble) -> "Endpoint":
        """Tell it nothing any more; a reason that stands already stays."""
        return self if self.disabled is not None else replace(self, disabled=reason)

    def resumed(self) -> "Endpoint":
        """Tell it what happens from now on, with new patience."""
        return self if self.disabled is None else replace(self, disabled=None, failing_since=None)

    def moved(self, url: str) -> "Endpoint":
        """Send to another address, with new patience."""
        return self if url == self.url else replace(self, url=url, failing_since=None)

    def _failing_since(self, now: datetime) -> datetime:
        if self.failing_since is None or self.last_failure is None or now - self.last_failure.at > SPELL:
            return now
        return self.failing_since


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """All webhooks of one owner, in one document: mostly there are none, and one read must say so."""

    id: str
    """The owner."""
    endpoints: tuple[Endpoint, ...] = ()
    removed: dict[str, datetime] = field(default_factory=dict)
    """When webhooks were removed of which deliveries may still lie there, by id."""
    version: int = 0

    @property
    def all_ids(self) -> list[str]:
        """The ids of those that are there, and of those that were."""
        return [*(one.id for one in self.endpoints), *self.removed]

    @property
    def failing(self) -> list[Endpoint]:
        """Those where nothing has succeeded lately, and which are told more all the same."""
        return [one for one in self.endpoints if one.failing_since is not None and one.disabled is None]

    @property
    def disabled(self) -> list[Endpoint]:
        """Those that are told nothing any more."""
        return [one for one in self.endpoints if one.disabled is not None]

    def get(self, webhook_id: str) -> Endpoint:
        """Return one of them; raises NotFound."""
        found = self.find(webhook_id)
        if found is None:
            raise NotFound("There is no such webhook.")
        return found

    def find(self, webhook_id: str) -> Endpoint | None:
        """Return one of them, or None."""
        return next((one for one in self.endpoints if one.id == webhook_id), None)

    def wanting(self, event: EventType) -> list[Endpoint]:
        """Return those that an event is to be sent to."""
        return [one for one in self.endpoints if one.wants(event)]

    def adding(self, endpoint: Endpoint) -> "Endpoints":
        """Add one; raises Conflict where there are too many."""
        if len(self.endpoints) >= MOST_WEBHOOKS:
            raise Conflict(f"You may have {MOST_WEBHOOKS} webhooks.", code="too-many-webhooks", limit=MOST_WEBHOOKS)
        return replace(self, endpoints=(*self.endpoints, endpoint))

    def changing(self, webhook_id: str, transition: Callable[[Endpoint], Endpoint]) -> "Endpoints":
        """Change one; unchanged where the transition changes nothing; raises NotFound."""
        old = self.get(webhook_id)
        new = transition(old)
        if new == old:
            return self
        return replace(self, endpoints=tuple(new if one is old else one for one in self.endpoints))

    def without(self, webhook_id: str, now: datetime) -> "Endpoints":
        """Remove one, and remember it while its deliveries may be there; raises NotFound."""
        gone = self.get(webhook_id)
        lately = {one: at for one, at in self.removed.items() if now - at < REMOVED_FOR}
        rest = tuple(one for one in self.endpoints if one is not gone)
        return replace(self, endpoints=rest, removed=lately | {webhook_id: now})


class DeliveryStatus(StrEnum):
    """How far the sending of one message to one webhook is; the last two are final until it is replayed."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What came of one try."""

    at: datetime
    took_ms: int
    status: int | None = None
    """The HTTP status; None: there was no answer."""
    answer: str = ""
    """How the answer begins."""
    error: str = ""
    """Why there was no answer, for people."""

    @property
    def is_success(self) -> bool:
        """Whether the receiver has taken it."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message for one webhook."""

    id: str
    owner_id: str
    webhook_id: str
    message_id: str
    """The same wherever it is sent to, and however often."""
    type: str
    payload: str
    """What is sent, to the byte: ASCII, as it is signed."""
    created_at: datetime
    due_at: datetime
    """When it is to be tried next."""
    until: datetime
    """When it is forgotten."""
    status: DeliveryStatus = DeliveryStatus.PENDING
    turn: int = 0
    """The number of the next try; whoever was told of an earlier one is late."""
    attempts: int = 0
    """Tries since it was made, or replayed."""
    claimed_until: datetime | None = None
    last: Attempt | None = None
    reason: str = ""
    """Why it failed for good."""
    version: int = 0

    @property
    def is_untouched(self) -> bool:
        """Whether nobody has tried it yet."""
        return self.status is DeliveryStatus.PENDING and self.turn == 0 and self.attempts == 0

    def wait(self, now: datetime) -> timedelta:
        """Return how long it is to wait: until it is due, and until nobody else is at it."""
        return max(self.due_at, self.claimed_until or self.due_at) - now

    def claimed(self, now: datetime) -> "Delivery":
        """Begin a try."""
        return replace(self, attempts=self.attempts + 1, claimed_until=now + LEASE)

    def delivered(self, attempt: Attempt) -> "Delivery":
        """Take note that the receiver has taken it."""
        return replace(self, status=DeliveryStatus.DELIVERED, claimed_until=None, last=attempt)

    def postponed(self, attempt: Attempt, due_at: datetime) -> "Delivery":
        """Try again later."""
        return replace(self, turn=self.turn + 1, due_at=due_at, claimed_until=None, last=attempt)

    def ended(self, reason: str, attempt: Attempt | None = None) -> "Delivery":
        """Give it up."""
        return replace(self, status=DeliveryStatus.FAILED, claimed_until=None, last=attempt or self.last, reason=reason)

    def replayed(self, now: datetime) -> "Delivery":
        """Try again from the beginning; unchanged while somebody is at it."""
        if self.claimed_until is not None and self.claimed_until > now:
            return self
        return replace(
            self,
            status=DeliveryStatus.PENDING,
            # Two further: who was told of the last turn would take the next one for the one after it.
            turn=self.turn + 2,
            attempts=0,
            due_at=now,
            until=now + KEPT_FOR,
            claimed_until=None,
            reason="",
        )
