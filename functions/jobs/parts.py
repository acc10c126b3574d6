"""What the routes of this door are given, and what several of them do."""

from typing import Annotated, Any, Final

from fastapi import Depends, Path

from functions.api.services import service
from functions.core.accounts.model import Caller
from functions.core.batches.making import BatchMaking
from functions.core.batches.store import Batches
from functions.core.clock import Clock
from functions.core.errors import NotFound
from functions.core.jobs.allowed_models import AllowedModels
from functions.core.jobs.model import Job
from functions.core.jobs.store import Jobs
from functions.core.presets.store import Presets
from functions.core.presets.wishes import Wishes
from functions.core.recordings.media import Media
from functions.core.recordings.orders import Orders
from functions.core.recordings.store import Recordings
from functions.jobs.announcing import Announcing
from functions.jobs.ascii_files import AsciiFiles

TheAllowedModels = Annotated[AllowedModels, Depends(service(AllowedModels))]
TheAnnouncing = Annotated[Announcing, Depends(service(Announcing))]
TheAsciiFiles = Annotated[AsciiFiles, Depends(service(AsciiFiles))]
TheBatches = Annotated[Batches, Depends(service(Batches))]
TheBatchMaking = Annotated[BatchMaking, Depends(service(BatchMaking))]
TheClock = Annotated[Clock, Depends(service(Clock))]
TheJobs = Annotated[Jobs, Depends(service(Jobs))]
TheMedia = Annotated[Media, Depends(service(Media))]
TheOrders = Annotated[Orders, Depends(service(Orders))]
ThePresets = Annotated[Presets, Depends(service(Presets))]
TheRecordings = Annotated[Recordings, Depends(service(Recordings))]
TheWishes = Annotated[Wishes, Depends(service(Wishes))]
JobId = Annotated[str, Path(max_length=64, description="`job_...`")]

LOCATED: Final[dict[str, Any]] = {
    "headers": {"Location": {"description": "Where to see how far it is", "schema": {"type": "string"}}}
}
"""What the document says of an answer about something new."""


def seen_job(job_id: str, caller: Caller, jobs: Jobs) -> Job:
    """Return the job if the caller may see it; raises NotFound alike for none and for somebody else's."""
    job = jobs.find(job_id)
    if job is None or not caller.may_see(job.owner_id):
        raise NotFound("There is no such job.")
    return job
