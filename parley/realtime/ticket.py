"""What opens a connection."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Ticket:
    """Lets one connection in."""

    url: str
    secret: str = field(repr=False)
