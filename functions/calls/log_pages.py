"""Pages of a call log that show no gap where something is left out."""

from collections.abc import Callable
from typing import Final

from functions.core.calls.keeping import position_of
from functions.core.calls.model import LogEntry
from functions.core.calls.store import Calls
from functions.core.collection import Listing

READ_AT_ONCE: Final = 100


def page_of(
    calls: Calls, unique_id: str, *, before: str | None, limit: int, is_shown: Callable[[LogEntry], bool]
) -> Listing[LogEntry]:
    """Return the next calls of a log that are to be shown: as many as asked for, where there are so many."""
    shown: list[LogEntry] = []
    while True:
        found = calls.log_of(unique_id, before=before, limit=READ_AT_ONCE)
        shown += filter(is_shown, found.things)
        if len(shown) > limit:
            # What is left out may stand in between: the cursor names what was shown.
            return Listing(shown[:limit], position_of(shown[limit - 1]))
        if found.following is None:
            return Listing(shown, None)
        before = found.following
