"""End a job, or remove it for good."""

from contextlib import suppress

from fastapi import Response

from functions.api.callers import JobsWriter
from functions.api.problems import problems
from functions.api.views import JobView
from functions.core.errors import Conflict, NotFound
from functions.core.jobs.discarding import discard
from functions.core.jobs.model import JobAlreadyFinished
from functions.core.observability import log
from functions.jobs.parts import JobId, TheJobs, TheMedia, TheOrders, TheRecordings, seen_job
from functions.jobs.routes.door import router


@router.post("/jobs/{job_id}/cancel", responses=problems(NotFound, Conflict))
def cancel_job(job_id: JobId, caller: JobsWriter, jobs: TheJobs, orders: TheOrders) -> JobView:
    """Cancel a job that is no longer wanted, and the summary that waits for it. A cancelled one stays cancelled."""
    return JobView.of(orders.cancel(seen_job(job_id, caller, jobs)))


@router.delete("/jobs/{job_id}", status_code=204, response_class=Response, responses=problems(NotFound, Conflict))
def delete_job(
    job_id: JobId,
    caller: JobsWriter,
    jobs: TheJobs,
    orders: TheOrders,
    recordings: TheRecordings,
    media: TheMedia,
) -> None:
    """Delete a job with all that it made: its result, corrections of it, what it left to go on from.

    One that has not ended is cancelled first. What its recording shows is then the newest result that is left. An
    interrupted call may be made again.
    """
    job = seen_job(job_id, caller, jobs)
    if not job.is_finished:
        with suppress(JobAlreadyFinished):
            orders.cancel(job)
    discard(job, jobs=jobs, recordings=recordings, media=media)
    log.info("job deleted", job_id=job.id, recording_id=job.recording_id)
