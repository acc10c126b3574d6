"""A call as the server shows it to both sides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

RINGING: Final = "ringing"
UNDER_WAY: Final = frozenset({"accepted", "connected"})


@dataclass(frozen=True, slots=True)
class View:
    """One version of a call."""

    id: str
    status: str
    version: int
    caller: str
    callee: str
    caller_device: str
    callee_device: str | None
    """Who answered."""
    reason: str | None
    ring_until: float
    """Seconds since 1970 on the server's clock."""
    raw: dict[str, Any] = field(repr=False, hash=False, compare=False)

    @property
    def is_over(self) -> bool:
        """Whether nothing will change any more."""
        return self.status != RINGING and self.status not in UNDER_WAY


def read_view(data: Mapping[str, Any]) -> View:
    """Read a call; raises KeyError, TypeError, ValueError where it is none."""
    return View(
        id=data["id"],
        status=data["status"],
        version=int(data["version"]),
        caller=data["caller"],
        callee=data["callee"],
        caller_device=data["caller_device"],
        callee_device=data.get("callee_device"),
        reason=data.get("reason"),
        ring_until=datetime.fromisoformat(data["ring_until"]).timestamp(),
        raw=dict(data),
    )
