"""What the library table's stream starts when recordings and jobs have changed."""

from collections.abc import Sequence
from typing import Any

from functions.core.changes import Reaction, change_of
from functions.core.observability import set_up_logging
from functions.core.settings import LibraryTable, Logging
from functions.core.table import DynamoTable


class Settings(LibraryTable, Logging):
    """What this function is told."""


settings = Settings()
set_up_logging("notify", level=settings.log_level, form=settings.log_format)
library = DynamoTable(settings.library_table)
reactions: Sequence[Reaction] = ()


def handler(event: dict[str, Any], _context: object) -> None:
    """React to changes; an exception makes Lambda show the batch again, in halves."""
    changes = [change_of(record) for record in event["Records"]]
    for reaction in reactions:
        reaction.react(changes)
