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
from functions.jobs.ascii_files import need_result
from functions.jobs.ascii_schemas import AsciiVideoView
from functions.jobs.parts import JobId, TheAsciiFiles, TheJobs, TheMedia, TheOrders, TheRecordings, seen_job
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
    job_id: JobId,
    caller: JobsReader,
    jobs: TheJobs,
    recordings: TheRecordings,
    media: TheMedia,
    files: TheAsciiFiles,
) -> Response:
    """Read what a job made: a transcript, a summary, or which files a video was turned into and until when."""
    job = seen_job(job_id, caller, jobs)
    need_result(job)
    if job.kind is Kind.ASCII_VIDEO:
        made = files.made(job)
        view = AsciiVideoView.of(job, made.video, made.expires_at)
        return Response(view.model_dump_json(), media_type="application/json")
    # A job stays for a moment after its recording is deleted; what was said does not.
    recordings.get(job.recording_id)
    assert job.result_key is not None
    return answer_with(media, job.result_key, filename=f"{job.id}.json")
