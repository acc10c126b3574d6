"""Start work and cancel it, say how far it is, and what came of it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from functions.api.callers import JobsReader, JobsWriter
from functions.api.problems import problems
from functions.api.repeats import IdempotencyKey
from functions.api.results import answer_with
from functions.api.services import service
from functions.api.views import JobView
from functions.core.accounts.model import Caller
from functions.core.errors import Conflict, Invalid, NotFound
from functions.core.ids import new_id
from functions.core.jobs.model import Job, Status
from functions.core.jobs.store import Jobs
from functions.core.observability import log
from functions.core.recordings.media import Media
from functions.core.recordings.orders import Orders
from functions.core.recordings.store import Recordings, seen_by
from functions.jobs.schemas import JobRequest, process_of

router = APIRouter(prefix="/v1", tags=["jobs"])

TheJobs = Annotated[Jobs, Depends(service(Jobs))]
TheMedia = Annotated[Media, Depends(service(Media))]
TheOrders = Annotated[Orders, Depends(service(Orders))]
TheRecordings = Annotated[Recordings, Depends(service(Recordings))]
JobId = Annotated[str, Path(max_length=64, description="`job_...`")]


@router.post(
    "/jobs",
    status_code=202,
    responses={
        202: {
            "description": "The job, which will be worked off",
            "headers": {"Location": {"description": "Where to see how far it is", "schema": {"type": "string"}}},
        },
        **problems(NotFound, Conflict, Invalid),
    },
)
def start_job(
    request: JobRequest,
    caller: JobsWriter,
    recordings: TheRecordings,
    orders: TheOrders,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> JobView:
    """Transcribe a recording again, with another model say, or summarise it again: from another point of view.

    A summary needs no new transcript; where one is in the making it waits for it. The newest result of a kind is the
    recording's, the earlier ones stay to be read by their jobs.
    """
    recording = seen_by(caller, recordings.find(request.recording_id))
    job = orders.start(
        recording,
        process_of(request),
        request_id=log.request_id() or new_id("request"),
        idempotency_key=idempotency_key,
    )
    log.info("job asked for", job_id=job.id, kind=job.kind, recording_id=recording.id)
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return JobView.of(job)


@router.get("/jobs/{job_id}", responses=problems(NotFound))
def read_job(job_id: JobId, caller: JobsReader, jobs: TheJobs, orders: TheOrders) -> JobView:
    """Read how far a job is."""
    return JobView.of(orders.look_after(_seen(job_id, caller, jobs)))


@router.post("/jobs/{job_id}/cancel", responses=problems(NotFound, Conflict))
def cancel_job(job_id: JobId, caller: JobsWriter, jobs: TheJobs, orders: TheOrders) -> JobView:
    """Cancel a job that is no longer wanted, and the summary that waits for it. A cancelled one stays cancelled."""
    return JobView.of(orders.cancel(_seen(job_id, caller, jobs)))


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
    job = _seen(job_id, caller, jobs)
    if job.status is Status.SUCCEEDED and job.result_key is not None:
        return answer_with(media, job.result_key, filename=f"{job.id}.json")
    if not job.is_finished:
        raise Conflict(f"The job is {job.status}.", code="job-not-finished", progress=job.progress)
    why = job.error.detail if job.error else ""
    raise Conflict(f"The job has {job.status}. {why}".strip(), code=f"job-{job.status}")


def _seen(job_id: str, caller: Caller, jobs: Jobs) -> Job:
    job = jobs.find(job_id)
    if job is None or not caller.may_see(job.owner_id):
        raise NotFound("There is no such job.")
    return job
