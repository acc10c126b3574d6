"""Deleting recordings through the API."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from parley.errors import Reason
from parley.transport import Transport, understanding

AT_ONCE: Final = 1000
"""Recordings that the server takes in one request."""


@dataclass(frozen=True, slots=True)
class Deletions:
    """What was deleted, and why the rest was not."""

    deleted: tuple[str, ...]
    failed: dict[str, Reason]

    def as_json(self) -> dict[str, Any]:
        """Return it as the server says it."""
        failed = [{"id": one, "code": why.code, "detail": why.detail} for one, why in self.failed.items()]
        return {"deleted": list(self.deleted), "failed": failed}


class DeletionCalls(Transport):
    """How recordings are deleted."""

    def delete_recordings(self, recording_ids: Sequence[str]) -> Deletions:
        """Delete recordings with everything that is theirs, as far as that goes."""
        deleted, failed = list[str](), dict[str, Reason]()
        for start in range(0, len(recording_ids), AT_ONCE):
            some = list(recording_ids[start : start + AT_ONCE])
            response = self._ask("POST", "/v1/recordings/bulk-delete", json={"ids": some})
            with understanding(response):
                data = response.json()
                deleted += data["deleted"]
                failed |= {one["id"]: Reason(one["code"], one["detail"]) for one in data["failed"]}
        return Deletions(tuple(deleted), failed)
