"""Links in miniature, without HTTP. What a real server refuses is refused here too."""

from dataclasses import dataclass, field
from typing import Any

from tests.parley.fake_accounts import Answer, Refusal

EVERYTHING = ["transcript", "summary", "audio"]


@dataclass
class FakeShares:
    """What the server knows, the newest last."""

    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    recordings: dict[str, str] = field(default_factory=dict)
    """Which one each is about."""
    remembered: dict[str, str] = field(default_factory=dict)
    """The link that was made under each Idempotency-Key."""

    def answer(self, method: str, recording_id: str, rest: list[str], body: Any, key: str | None) -> Answer:
        match method, rest:
            case "GET", []:
                found = [one for one in self.views.values() if self.recordings[one["id"]] == recording_id]
                return 200, {"items": found[::-1], "next_cursor": None}
            case "POST", []:
                assert key
                if key not in self.remembered:
                    self.remembered[key] = self._make(recording_id, body)
                return 201, self.views[self.remembered[key]]
            case "DELETE", [share_id]:
                if self.recordings.get(share_id) != recording_id or share_id not in self.views:
                    raise Refusal(404, "not-found", "There is no such link.")
                del self.views[share_id]
                return 204, None
        raise Refusal(404, "not-found", "There is no such route.")

    def _make(self, recording_id: str, body: dict[str, Any]) -> str:
        if "label" in body and not body["label"].strip():
            raise Refusal(422, "invalid", "The label is empty.")
        share_id = f"shr_{len(self.recordings) + 1:026}"
        self.recordings[share_id] = recording_id
        self.views[share_id] = {
            "id": share_id,
            "token": f"secret-{share_id}",
            "url": f"https://parley.example.org/shared/secret-{share_id}",
            "parts": body.get("parts", EVERYTHING),
            "label": body.get("label"),
            "created_at": "2026-11-21T09:00:00Z",
            "expires_at": "2026-12-21T09:00:00Z",
            "something_new": 1,
        }
        return share_id
