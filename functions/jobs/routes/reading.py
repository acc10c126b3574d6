"""Say how far jobs are, and what came of them."""

from typing import Annotated

from fastapi import Query, Response

from functions.api.callers import JobsReader
from functions.api.paging import CurrentPage, Page
from functions.api.problems import problems
from functions.api.results import answer_with
from functions.api.views import JobView
from functions.core.errors import Conflict, Invalid, NotFound
from functions.core.jobs.model import Kind, Status
from functions.core.table import Where
from functions.jobs.parts import JobId, TheJobs, TheMedia, TheOrders, TheRecordings, seen_job
from functions.jobs.routes.door import router


@router.get("/jobs", responses=problems(Invalid))
def list_jobs(
    caller: JobsReader,
    jobs: TheJobs,
    paging: CurrentPage,
    status: Annotated[Status | None, Query()] = None,
    kind: Annotated[Kind | None, Query()] = None,
    recording_id: Annotated[str | None, Query(max_length=64, description="Those of this recording")] = None,
    batch_id: Annotated[str | None, Query(max_length=64, description="Those that this batch asked for")] = None,
) -> Page[JobView]:
    """List my jobs, newest first, also those that have ended.

    With filters a page may be short, or empty, and not the last one: go on with its `next_cursor` until that is null.
    """
    asked = {"status": status, "kind": kind, "recording_id": recording_id, "batch_id": batch_id}
    where = Where(equal={name: str(value) for name, value in asked.items() if value is not None})
    return paging.found(
        f"jobs of {caller.user_id} {sorted(where.equal.items())}",
        lambda before, limit: jobs.look(caller.user_id, where, before=before, limit=limit),
        lambda found: [JobView.of(job) for job in found],
    )


@router.get("/jobs/{job_id}", responses=problems(NotFound))
def read_job(job_id: JobId, caller: JobsReader, jobs: TheJobs, orders: TheOrders) -> JobView:
    """Read how far a job is."""
    return JobView.of(orders.look_after(seen_job(job_id, caller, jobs)))


@router.get(
    "/jobs/{job_id}/result",
    response_class=Response,
    responses={
        200: {"description": "The result", "content": {"application/json": {"schema": {"type": "object"}}}},
        307: {"description": "A result too large for an answer, at a signed address"},
        **problems(NotFound, Conflict),
    },
)
def read_job_result(
    job_id: JobId, caller: JobsReader, jobs: TheJobs, recordings: TheRecordings, media: TheMedia
) -> Response:
    """Read what a job made: a transcript or a summary."""
    job = seen_job(job_id, caller, jobs)
    if job.status is Status.SUCCEEDED and job.result_key is not None:
        # A job stays for a moment after its recording is deleted; what was said does not.
        recordings.get(job.recording_id)
        return answer_with(media, job.result_key, filename=f"{job.id}.json")
    if not job.is_finished:
        raise Conflict(f"The job is {job.status}.", code="job-not-finished", progress=job.progress)
    why = job.error.detail if job.error else ""
    raise Conflict(f"The job has {job.status}. {why}".strip(), code=f"job-{job.status}")
