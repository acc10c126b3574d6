"""Start a job, or one that came to nothing once more."""

from fastapi import Response

from functions.api.callers import JobsWriter
from functions.api.problems import problems
from functions.api.repeats import IdempotencyKey
from functions.api.views import JobView
from functions.core.errors import Conflict, Invalid, NotFound
from functions.core.ids import new_id
from functions.core.observability import log
from functions.core.recordings.store import seen_by
from functions.jobs.parts import (
    LOCATED,
    JobId,
    TheAllowedModels,
    TheJobs,
    TheOrders,
    TheRecordings,
    TheWishes,
    seen_job,
)
from functions.jobs.routes.door import router
from functions.jobs.schemas import JobRequest, asked_by


@router.post(
    "/jobs",
    status_code=202,
    responses={
        202: {"description": "The job, which will be worked off", **LOCATED},
        **problems(NotFound, Conflict, Invalid),
    },
)
def start_job(
    request: JobRequest,
    caller: JobsWriter,
    recordings: TheRecordings,
    orders: TheOrders,
    wishes: TheWishes,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> JobView:
    """Transcribe a recording again, with another model say, or summarise it again: from another point of view.

    A summary needs no new transcript; where one is in the making it waits for it. The newest result of a kind is the
    recording's, the earlier ones stay to be read by their jobs. Options may come from a `preset`; those given besides
    come before its own.
    """
    recording = seen_by(caller, recordings.find(request.recording_id))
    [process] = wishes.granted([request], owner_id=caller.user_id)
    job = orders.start(
        recording,
        process,
        request_id=log.request_id() or new_id("request"),
        idempotency_key=idempotency_key,
        asked=asked_by(request),
    )
    log.info("job asked for", job_id=job.id, kind=job.kind, recording_id=recording.id)
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return JobView.of(job)


@router.post(
    "/jobs/{job_id}/retry",
    status_code=202,
    responses={
        202: {"description": "The new job, which will be worked off", **LOCATED},
        **problems(NotFound, Conflict, Invalid),
    },
)
def retry_job(
    job_id: JobId,
    caller: JobsWriter,
    jobs: TheJobs,
    orders: TheOrders,
    allowed: TheAllowedModels,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> JobView:
    """Do once more what has failed or was cancelled: by a new job, with the same options, on the same recording.

    The old one stays as it is, and the new one names it in `retry_of`. It is in no batch, even if the old one was.
    """
    job = seen_job(job_id, caller, jobs)
    allowed.check(job.options)
    request_id = log.request_id() or new_id("request")
    again = orders.retry(job, request_id=request_id, idempotency_key=idempotency_key)
    log.info("job asked for once more", job_id=again.id, retry_of=job.id)
    response.headers["Location"] = f"/v1/jobs/{again.id}"
    return JobView.of(again)
