"""What the routes of this door are given, and what several of them do."""

from typing import Annotated

from fastapi import Depends, Path

from functions.api.services import service
from functions.core.clock import Clock
from functions.core.jobs.store import Jobs
from functions.core.locations.store import Locations
from functions.core.presets.wishes import Wishes
from functions.core.recordings.media import Media
from functions.core.recordings.model import Recording
from functions.core.recordings.multipart import MultipartUploads
from functions.core.recordings.store import Recordings
from functions.core.settings import Keeping, Uploads
from functions.core.stats.store import Stats
from functions.recordings.schemas import RecordingView

TheClock = Annotated[Clock, Depends(service(Clock))]
TheJobs = Annotated[Jobs, Depends(service(Jobs))]
TheKeeping = Annotated[Keeping, Depends(service(Keeping))]
TheLocations = Annotated[Locations, Depends(service(Locations))]
TheMedia = Annotated[Media, Depends(service(Media))]
TheMultipart = Annotated[MultipartUploads, Depends(service(MultipartUploads))]
TheRecordings = Annotated[Recordings, Depends(service(Recordings))]
TheStats = Annotated[Stats, Depends(service(Stats))]
TheUploads = Annotated[Uploads, Depends(service(Uploads))]
TheWishes = Annotated[Wishes, Depends(service(Wishes))]
RecordingId = Annotated[str, Path(max_length=64, description="`rec_...`")]


def views_of(recordings: list[Recording], jobs: Jobs, clock: Clock) -> list[RecordingView]:
    """Show recordings with their jobs; the jobs of all of them are read together."""
    now = clock()
    found = {job.id: job for job in jobs.get_many([job_id for one in recordings for job_id in one.job_ids])}
    return [
        RecordingView.of(one, [found[job_id] for job_id in one.job_ids if job_id in found], now) for one in recordings
    ]
