"""How far the work is, and what came of it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from functions.api.callers import JobsReader
from functions.api.problems import problems
from functions.api.results import answer_with
from functions.api.services import service
from functions.api.views import JobView
from functions.core.accounts.model import Caller
from functions.core.errors import Conflict, NotFound
from functions.core.jobs.model import Job, Status
from functions.core.jobs.store import Jobs
from functions.core.recordings.media import Media

router = APIRouter(prefix="/v1", tags=["jobs"])

TheJobs = Annotated[Jobs, Depends(service(Jobs))]
TheMedia = Annotated[Media, Depends(service(Media))]
JobId = Annotated[str, Path(max_length=64, description="`job_...`")]


@router.get("/jobs/{job_id}", responses=problems(NotFound))
def read_job(job_id: JobId, caller: JobsReader, jobs: TheJobs) -> JobView:
    """Read how far a job is."""
    return JobView.of(_owned(job_id, caller, jobs))


@router.get(
    "/jobs/{job_id}/result",
    response_class=Response,
    responses={
        200: {"description": "The result", "content": {"application/json": {"schema": {"type": "object"}}}},
        307: {"description": "A result too large for an answer, at a signed address"},
        **problems(NotFound, Conflict),
    },
)
def read_job_result(job_id: JobId, caller: JobsReader, jobs: TheJobs, media: TheMedia) -> Response:
    """Read what a job made: a transcript or a summary."""
    job = _owned(job_id, caller, jobs)
    if job.status is Status.SUCCEEDED and job.result_key is not None:
        return answer_with(media, job.result_key, filename=f"{job.id}.json")
    if not job.is_finished:
        raise Conflict(f"The job is {job.status}.", code="job-not-finished", progress=job.progress)
    why = job.error.detail if job.error else ""
    raise Conflict(f"The job has {job.status}. {why}".strip(), code=f"job-{job.status}")


def _owned(job_id: str, caller: Caller, jobs: Jobs) -> Job:
    job = jobs.find(job_id)
    if job is None or job.owner_id != caller.user_id:
        raise NotFound("There is no such job.")
    return job
