"""Change what is said of a recording."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from functions.api.callers import RecordingsWriter
from functions.api.problems import problems
from functions.core.errors import Conflict, Invalid, NotFound
from functions.core.observability import log
from functions.core.recordings.store import seen_by
from functions.recordings.parts import RecordingId, TheClock, TheJobs, TheLocations, TheRecordings, views_of
from functions.recordings.routes.door import router
from functions.recordings.schemas import RecordingChange, RecordingView


@router.patch("/recordings/{recording_id}", responses=problems(NotFound, Conflict, Invalid))
def change_recording(
    recording_id: RecordingId,
    change: RecordingChange,
    caller: RecordingsWriter,
    recordings: TheRecordings,
    jobs: TheJobs,
    locations: TheLocations,
    clock: TheClock,
) -> RecordingView:
    """Change a recording's title, location, language or time, or until when it is kept; what is not given stays.

    The language counts for what is transcribed from now on. From `keep_until` on the recording is there for nobody, and
    within a day it is deleted, with everything that is its.
    """
    fields: dict[str, Any] = {name: getattr(change, name) for name in change.model_fields_set}
    _refuse_past(fields.get("keep_until"), clock())
    recording = seen_by(caller, recordings.find(recording_id))
    location_id = fields.get("location_id")
    if location_id is not None and location_id != recording.location_id:
        locations.need(location_id)
    changed = recordings.change(recording, lambda fresh: replace(fresh, **fields))
    log.info("recording changed", recording_id=recording.id, fields=sorted(fields))
    return views_of([changed], jobs, clock)[0]


def _refuse_past(keep_until: datetime | None, now: datetime) -> None:
    if keep_until is not None and keep_until <= now:
        raise Invalid("`keep_until` is over already; to delete the recording now, DELETE it.", code="keep-until-over")
