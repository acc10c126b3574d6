"""Webhooks in miniature. What a real server refuses is refused here too."""

from dataclasses import dataclass, field
from typing import Any

from tests.parley.fake_accounts import Answer, Refusal

NOBODY = "There is no such webhook."


@dataclass
class FakeWebhooks:
    """What the server knows about webhooks."""

    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    deliveries: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    remembered: dict[str, Answer] = field(default_factory=dict)
    """First answer by Idempotency-Key."""
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    """What becomes of a delivery, one step at each look; the last one stays."""

    def answer(self, method: str, rest: list[str], query: dict[str, str], body: Any, key: str | None) -> Answer:
        if key in self.remembered:
            return self.remembered[key]
        answer = self._answer(method, rest, query, body)
        if key is not None:
            self.remembered[key] = answer
        return answer

    def _answer(  # noqa: PLR0911 - a line for each route
        self, method: str, rest: list[str], query: dict[str, str], body: Any
    ) -> Answer:
        match method, rest:
            case "GET", []:
                return 200, {"items": list(self.made.values())[::-1], "next_cursor": None}
            case "POST", []:
                return self._make(body)
            case _, [webhook_id, *_] if webhook_id not in self.made:
                raise Refusal(404, "not-found", NOBODY)
            case "PATCH", [webhook_id]:
                assert body == {"active": True}
                self.made[webhook_id] |= {"status": "active", "disabled": None}
                return 200, self.made[webhook_id]
            case "DELETE", [webhook_id]:
                del self.made[webhook_id]
                return 204, None
            case "POST", [webhook_id, "rotate"]:
                return 200, {"id": webhook_id, "secret": "whsec_new", "former_until": "2026-11-22T09:00:00Z"}
            case "POST", [webhook_id, "test"]:
                return 202, self.deliver(webhook_id, "webhook.test")
            case _, [webhook_id, "deliveries", *which]:
                return self._deliveries(method, webhook_id, which, query)
        raise Refusal(404, "not-found", "There is no such route.")

    def deliver(self, webhook_id: str, event: str, **changes: Any) -> dict[str, Any]:
        """Let there be a delivery."""
        delivery = {
            "id": f"dlv_{sum(map(len, self.deliveries.values()))}",
            "message_id": "msg_1",
            "event": event,
            "status": "pending",
            "attempts": 0,
            "next_attempt_at": None,
            "last_attempt": None,
            "reason": None,
            "created_at": "2026-11-21T09:00:00Z",
        } | changes
        self.deliveries.setdefault(webhook_id, []).append(delivery)
        return delivery

    def _make(self, body: dict[str, Any]) -> Answer:
        assert body.keys() == {"url", "events", "description"}
        if not body["url"].startswith("https://"):
            raise Refusal(422, "unusable-url", "The URL must begin with https://.")
        webhook_id = f"whk_{len(self.made)}"
        self.made[webhook_id] = {
            "id": webhook_id,
            **body,
            "status": "active",
            "disabled": None,
            "failing_since": None,
            "last_failure": None,
        }
        return 201, self.made[webhook_id] | {"secret": f"whsec_{webhook_id}"}

    def _deliveries(self, method: str, webhook_id: str, which: list[str], query: dict[str, str]) -> Answer:
        all_of_it = self.deliveries.get(webhook_id, [])
        found = [one for one in all_of_it if one["id"] == which[0]] if which else all_of_it[::-1]
        match method, which:
            case "GET", []:
                return self._page([one for one in found if one["status"] == query.get("status", one["status"])], query)
            case _ if not found:
                raise Refusal(404, "not-found", "There is no such delivery.")
            case "GET", [_]:
                if self.outcomes:
                    found[0] |= self.outcomes.pop(0)
                return 200, found[0]
            case "POST", [_, "replay"]:
                found[0] |= {"status": "pending", "attempts": 0}
                return 202, found[0]
        raise Refusal(404, "not-found", "There is no such route.")

    def _page(self, found: list[dict[str, Any]], query: dict[str, str]) -> Answer:
        start, size = int(query.get("cursor", 0)), int(query["limit"])
        end = start + min(size, 3)
        return 200, {"items": found[start:end], "next_cursor": str(end) if end < len(found) else None}
