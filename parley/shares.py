"""Links to recordings as the API knows them; `raw` keeps the whole JSON, as in `parley.answers`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from parley.transport import Transport, once, segment, understanding


@dataclass(frozen=True, slots=True)
class Share:
    """A link by which others read a recording without an account."""

    id: str
    url: str = field(repr=False)
    parts: tuple[str, ...]
    label: str
    expires_at: datetime
    raw: dict[str, Any] = field(repr=False)


class ShareCalls(Transport):
    """What can be asked about links."""

    def share(self, recording_id: str, *, parts: Sequence[str], days: int | None, label: str | None) -> Share:
        """Make a link; what is left out, the server decides."""
        wanted = {"parts": list(parts) or None, "expires_in_days": days, "label": label}
        body = {name: value for name, value in wanted.items() if value is not None}
        response = self._ask("POST", _path(recording_id), json=body, headers=once())
        with understanding(response):
            return _read(response.json())

    def shares(self, recording_id: str) -> list[Share]:
        """Return all that are still open, the newest first."""
        return self._list(_path(recording_id), _read)[0]

    def revoke_share(self, recording_id: str, share_id: str) -> None:
        """Revoke one."""
        self._ask("DELETE", f"{_path(recording_id)}/{segment(share_id)}")


def _read(data: dict[str, Any]) -> Share:
    return Share(
        id=data["id"],
        url=data["url"],
        parts=tuple(data["parts"]),
        label=data.get("label") or "",
        expires_at=datetime.fromisoformat(data["expires_at"]),
        raw=data,
    )


def _path(recording_id: str) -> str:
    return f"/v1/recordings/{segment(recording_id)}/shares"
