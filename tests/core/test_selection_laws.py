"""Page by page, a list holds just what was asked for, whatever comes meanwhile."""

from datetime import datetime, timedelta, timezone
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from ulid import ULID

from functions.core.recordings import store
from functions.core.recordings.model import MediaKind, Recording, RecordingStatus, Work, folded
from functions.core.recordings.selection import Selection, Span
from functions.core.recordings.store import Recordings
from tests.builders import NOON, a_recording
from tests.fakes.clock import FakeClock
from tests.fakes.table import FakeTable

OWNERS, PLACES, TITLES = ("usr_anna", "usr_boris"), ("loc_1", "loc_2"), ("Планёрка", "call", "CALL 2")

# Moments that lie together closely enough to meet, to the microsecond and from anywhere.
moments = st.builds(
    lambda half_seconds, microseconds, zone: (
        NOON + timedelta(seconds=half_seconds / 2, microseconds=microseconds)
    ).astimezone(timezone(timedelta(hours=zone))),
    st.integers(-4, 4),
    st.integers(0, 1),
    st.sampled_from([0, 3, -11]),
)
perhaps = st.none() | moments
recordings = st.fixed_dictionaries(
    {
        "owner_id": st.sampled_from(OWNERS),
        "title": st.sampled_from(TITLES),
        "content_type": st.sampled_from(["audio/mp4", "video/mp4", "application/octet-stream"]),
        "location_id": st.none() | st.sampled_from(PLACES),
        "recorded_at": perhaps,
        "upload_until": moments,
        "keep_until": perhaps,
        "stored_status": st.sampled_from(
            [RecordingStatus.AWAITING_UPLOAD, RecordingStatus.UPLOADED, RecordingStatus.REFUSED]
        ),
        "work": st.sampled_from(Work),
        "deleted_at": st.sampled_from([None, None, None, NOON]),
    }
)


def _span(since: datetime | None, before: datetime | None) -> Span:
    is_turned = since is not None and before is not None and since > before
    return Span(since=before, before=since) if is_turned else Span(since=since, before=before)


spans = st.builds(_span, perhaps, perhaps)
selections = st.builds(
    Selection,
    owner_id=st.none() | st.sampled_from(OWNERS),
    location_id=st.none() | st.sampled_from(PLACES),
    status=st.none() | st.sampled_from([*RecordingStatus, Work.WORKING, Work.DONE, Work.FAILED]),
    kind=st.none() | st.sampled_from(MediaKind),
    text=st.none() | st.sampled_from(["CALL", "ё", "M4A"]),
    added=spans,
    recorded=spans,
)


def is_meant(one: Recording, asked: Selection, now: datetime) -> bool:
    kind = None if asked.kind is None else f"{asked.kind}/"
    milliseconds = Span(since=_floor(asked.added.since), before=_floor(asked.added.before))
    return (
        one.deleted_at is None
        and (one.keep_until is None or one.keep_until > now)
        and asked.owner_id in {None, one.owner_id}
        and asked.location_id in {None, one.location_id}
        and asked.status in {None, one.status(now), one.work}
        and (kind is None or one.content_type.startswith(kind))
        and (asked.text is None or folded(asked.text) in folded(one.title) + folded(one.filename))
        and milliseconds.holds(one.created_at)
        and (asked.recorded == Span() or (one.recorded_at is not None and asked.recorded.holds(one.recorded_at)))
    )


def _floor(at: datetime | None) -> datetime | None:
    return at and at.replace(microsecond=at.microsecond // 1000 * 1000)


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(-3000, 3000), recordings), max_size=12, unique_by=lambda one: one[0]),
    selections,
    st.integers(1, 4),
    st.integers(1, 4),
)
def test_pages_hold_what_was_asked_for_once_and_nothing_else(
    made: list[tuple[int, dict[str, Any]]], asked: Selection, limit: int, looked_at: int
) -> None:
    clock, table = FakeClock(), FakeTable()
    library = Recordings(table, clock=clock)

    def add(milliseconds: int, fields: dict[str, Any]) -> Recording:
        at = NOON + timedelta(milliseconds=milliseconds)
        recording = a_recording(id=f"rec_{ULID.from_datetime(at)}", created_at=at, **fields)
        return library.add(recording)

    there = [add(*one) for one in made]
    wanted = sorted((one.id for one in there if is_meant(one, asked, NOON)), reverse=True)
    found, before = list[str](), None
    with patch.object(store, "MOST_LOOKED_AT", looked_at):
        while True:
            page = library.look(asked, before=before, limit=limit)
            assert len(page.things) <= limit
            found += [one.id for one in page.things]
            if page.following is None:
                break
            before = page.following
            # Newer than all that was there.
            add(3_600_000 + len(table.documents), {"owner_id": OWNERS[0]})

    assert found == wanted


def test_moments_from_elsewhere_are_kept_in_utc_since_a_table_compares_texts() -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=-11)))

    recording = a_recording(recorded_at=elsewhere, upload_until=elsewhere)

    assert str(recording.recorded_at) == str(recording.upload_until) == str(NOON)
