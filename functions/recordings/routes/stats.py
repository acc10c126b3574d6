"""What recordings add up to."""

from datetime import UTC, date
from typing import Annotated, Final, Literal

from fastapi import Query

from functions.api.callers import RecordingsReader
from functions.api.problems import problems
from functions.core.accounts.model import Scope
from functions.core.errors import Invalid
from functions.core.stats.model import report
from functions.recordings.parts import TheClock, TheStats
from functions.recordings.routes.door import router
from functions.recordings.stats_schemas import Day, StatsView

USUAL_DAYS: Final = 30
MOST_DAYS: Final = 366


@router.get("/recordings/stats", responses=problems(Invalid))
def read_stats(
    caller: RecordingsReader,
    stats: TheStats,
    clock: TheClock,
    scope: Annotated[Literal["mine", "all"], Query(description="`all`: everybody's; for admins")] = "mine",
    first: Annotated[Day | None, Query(alias="from", description="Without it, 30 days up to the last one")] = None,
    last: Annotated[Day | None, Query(alias="to", description="Included; without it, today")] = None,
    location_id: Annotated[str | None, Query(max_length=64, description="Only what was recorded there")] = None,
) -> StatsView:
    """Count recordings, hours and words of some days: by day, location and seller.

    A recording counts on the day of the conversation (`recorded_at`, or else when it was announced; in UTC), at the
    location and with the status that it has now; a deleted one counts no more. What was changed within the last
    seconds may not be counted yet. At most 366 days.
    """
    is_all = scope == "all"
    if is_all:
        caller.need(Scope.ADMIN)
    last = last or clock().astimezone(UTC).date()
    first = first or date.fromordinal(max(1, last.toordinal() - USUAL_DAYS + 1))
    _check(first, last)
    sheets = stats.sheets_of(None if is_all else caller.user_id, first=first, last=last, location_id=location_id)
    return StatsView.of(report(sheets, first=first, last=last), first=first, last=last, with_sellers=is_all)


def _check(first: date, last: date) -> None:
    if first > last:
        raise Invalid(f"The days begin on {first} and end before that, on {last}.", code="invalid-range")
    if (last - first).days >= MOST_DAYS:
        raise Invalid(f"Ask for {MOST_DAYS} days at most.", code="range-too-long", limit=MOST_DAYS)
