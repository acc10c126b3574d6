"""What a table's stream says: a document was made, changed or removed.

Changes of one document come in their order; any change may come twice, or late. Who reacts to one reads what is so now,
or does something that may be done again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from functions.core.table import Document, load


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One document before and after; None where it was not there."""

    pk: str
    old: Document | None
    new: Document | None

    def became(self, field: str) -> Any:
        """Return what a field is now, if that is something else than before; else None."""
        now = (self.new or {}).get(field)
        return None if now == (self.old or {}).get(field) else now

    def id_of(self, prefix: str) -> str | None:
        """Return the id of the document, if its key begins with `prefix`, for example `JOB#`."""
        return self.pk.removeprefix(prefix) if self.pk.startswith(prefix) else None


class Reaction(Protocol):
    """What follows from changes."""

    def react(self, changes: Sequence[Change]) -> None:
        """Do what follows; an exception makes all of these changes come again."""
        ...


def change_of(record: Mapping[str, Any]) -> Change:
    """Read a record of a stream with both images.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html
    """
    images = record["dynamodb"]
    old, new = images.get("OldImage"), images.get("NewImage")
    return Change(
        pk=images["Keys"]["pk"]["S"],
        old=None if old is None else load(old),
        new=None if new is None else load(new),
    )
