"""Statistics on the wire."""

import re
from datetime import date
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, Field

from functions.core.recordings.model import RecordingStatus, Work
from functions.core.stats.model import Counts, Report

MOST_SELLERS: Final = 100


def _written_as_a_day(said: object) -> object:
    # A number would be taken for seconds since 1970.
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", str(said)) is None:
        raise ValueError("must be a day, as 2026-11-21")
    return said


Day = Annotated[date, BeforeValidator(_written_as_a_day)]


class CountsView(BaseModel):
    """What some recordings come to."""

    recordings: int
    hours: float = Field(description="Of sound, as far as it is known: once transcribed")
    words: int

    @classmethod
    def of(cls, counts: Counts) -> "CountsView":
        """Show counts."""
        return cls(recordings=counts.recordings, hours=_hours(counts), words=counts.words)


class TotalsView(CountsView):
    """What all recordings of the days come to."""

    seconds: float = Field(description="The hours, exactly")
    bytes: int = Field(description="Of those that were uploaded")
    transcribed: int = Field(description="How many a worker has listened to")
    realtime_factor: float | None = Field(
        description="Seconds of sound for each second of listening; null where nothing was listened to"
    )

    @classmethod
    def of(cls, counts: Counts) -> "TotalsView":
        """Show counts."""
        return cls(
            **CountsView.of(counts).model_dump(),
            seconds=counts.milliseconds / 1000,
            bytes=counts.size,
            transcribed=counts.transcribed,
            realtime_factor=counts.realtime_factor,
        )


class LocationCounts(CountsView):
    """What was recorded at a location."""

    location_id: str | None = Field(description="null: at none that was named")


class SellerCounts(CountsView):
    """What somebody recorded."""

    owner_id: str


class DayCounts(CountsView):
    """What was recorded on a day."""

    day: date


class StatsView(BaseModel):
    """What the recordings of some days add up to."""

    first: date = Field(serialization_alias="from")
    last: date = Field(serialization_alias="to", description="Included")
    totals: TotalsView
    by_status: dict[RecordingStatus, int] = Field(
        description="How many uploads are so; those that were promised and never came count as `awaiting_upload`"
    )
    by_work: dict[Work, int] = Field(description="How far the work on them is, all jobs of each together")
    by_location: list[LocationCounts] = Field(description="The largest first")
    by_seller: list[SellerCounts] | None = Field(
        description=f"Whose they are, the largest first, at most {MOST_SELLERS}; null unless all were asked for"
    )
    sellers: int | None = Field(description="How many there are, shown or not; null unless all were asked for")
    by_day: list[DayCounts] = Field(description="Each day, those without recordings too")

    @classmethod
    def of(cls, report: Report, *, first: date, last: date, with_sellers: bool) -> "StatsView":
        """Show a report."""
        shown = list(report.by_seller.items())[:MOST_SELLERS]
        sellers = [SellerCounts(owner_id=one, **_shown(counts)) for one, counts in shown]
        return cls(
            first=first,
            last=last,
            totals=TotalsView.of(report.total),
            by_status=_statuses(report.total),
            by_work=_work(report.total),
            by_location=[LocationCounts(location_id=one, **_shown(it)) for one, it in report.by_location.items()],
            by_seller=sellers if with_sellers else None,
            sellers=len(report.by_seller) if with_sellers else None,
            by_day=[DayCounts(day=date.fromisoformat(day), **_shown(it)) for day, it in report.by_day.items()],
        )


def _statuses(counts: Counts) -> dict[RecordingStatus, int]:
    return {
        RecordingStatus.AWAITING_UPLOAD: counts.awaiting_upload,
        RecordingStatus.UPLOADED: counts.uploaded,
        RecordingStatus.REFUSED: counts.refused,
    }


def _work(counts: Counts) -> dict[Work, int]:
    return {
        Work.NONE: counts.without_work,
        Work.WORKING: counts.working,
        Work.DONE: counts.done,
        Work.FAILED: counts.failed,
    }


def _shown(counts: Counts) -> dict[str, int | float]:
    return CountsView.of(counts).model_dump()


def _hours(counts: Counts) -> float:
    return round(counts.milliseconds / 3_600_000, 3)
