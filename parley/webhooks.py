"""Webhooks, as far as this program looks into them; `raw` keeps the whole JSON."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from parley.transport import Transport, once, segment, understanding


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where messages are sent."""

    id: str
    url: str
    events: tuple[str, ...]
    status: str
    description: str
    trouble: str
    """Why it is disabled, or what went wrong last."""
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A webhook's secret, as it is shown once."""

    id: str
    secret: str = field(repr=False)
    raw: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message for one webhook."""

    id: str
    event: str
    status: str
    attempts: int
    outcome: str
    """What came of the last try."""
    created_at: datetime
    raw: dict[str, Any]

    @property
    def is_over(self) -> bool:
        """Whether nobody tries it any more."""
        return self.status != "pending"


class WebhookCalls(Transport):
    """What can be asked about webhooks."""

    def webhooks(self) -> list[Webhook]:
        """Return all of the caller's."""
        return self._list("/v1/webhooks", read_webhook)[0]

    def make_webhook(self, url: str, *, events: tuple[str, ...], description: str) -> NewSecret:
        """Make one; without events it is told everything."""
        body = {"url": url, "events": list(events), "description": description}
        response = self._ask("POST", "/v1/webhooks", json=body, headers=once())
        with understanding(response):
            return _read_secret(response.json())

    def enable_webhook(self, webhook_id: str) -> Webhook:
        """Send to one again that was disabled."""
        response = self._ask("PATCH", _path(webhook_id), json={"active": True})
        with understanding(response):
            return read_webhook(response.json())

    def remove_webhook(self, webhook_id: str) -> None:
        """Remove one."""
        self._ask("DELETE", _path(webhook_id))

    def rotate_webhook(self, webhook_id: str) -> NewSecret:
        """Give one a new secret."""
        response = self._ask("POST", f"{_path(webhook_id)}/rotate", headers=once())
        with understanding(response):
            return _read_secret(response.json())

    def test_webhook(self, webhook_id: str) -> Delivery:
        """Have a message sent that says nothing."""
        response = self._ask("POST", f"{_path(webhook_id)}/test", headers=once())
        with understanding(response):
            return read_delivery(response.json())

    def deliveries(self, webhook_id: str, *, limit: int, status: str | None) -> tuple[list[Delivery], str | None]:
        """Return what was sent to one last, and the cursor behind it."""
        params = {"status": status} if status else None
        return self._list(f"{_path(webhook_id)}/deliveries", read_delivery, limit=limit, params=params)

    def delivery(self, webhook_id: str, delivery_id: str) -> Delivery:
        """Return one delivery."""
        response = self._ask("GET", f"{_path(webhook_id)}/deliveries/{segment(delivery_id)}")
        with understanding(response):
            return read_delivery(response.json())

    def replay_delivery(self, webhook_id: str, delivery_id: str) -> Delivery:
        """Have a message sent once more."""
        # Twice does no harm: what is on its way already is not sent beside itself.
        response = self._ask("POST", f"{_path(webhook_id)}/deliveries/{segment(delivery_id)}/replay", headers=once())
        with understanding(response):
            return read_delivery(response.json())


def read_webhook(data: dict[str, Any]) -> Webhook:
    """Read a webhook."""
    trouble = data.get("disabled") or (data.get("last_failure") if data.get("failing_since") else None)
    return Webhook(
        id=data["id"],
        url=data["url"],
        events=tuple(data.get("events") or ()),
        status=data["status"],
        description=data.get("description") or "",
        trouble=trouble["detail"] if trouble else "",
        raw=data,
    )


def read_delivery(data: dict[str, Any]) -> Delivery:
    """Read a delivery."""
    last = data.get("last_attempt")
    return Delivery(
        id=data["id"],
        event=data["event"],
        status=data["status"],
        attempts=data["attempts"],
        outcome=_outcome(last) if last else "",
        created_at=datetime.fromisoformat(data["created_at"]),
        raw=data,
    )


def _outcome(last: dict[str, Any]) -> str:
    if last.get("status") is None:
        return str(last.get("error") or "no answer")
    return f"{last['status']} in {last['took_ms']} ms"


def _read_secret(data: dict[str, Any]) -> NewSecret:
    return NewSecret(id=data["id"], secret=data["secret"], raw=data)


def _path(webhook_id: str) -> str:
    return f"/v1/webhooks/{segment(webhook_id)}"
