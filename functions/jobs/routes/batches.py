"""Many recordings, one kind of work."""

from typing import Annotated, Any

from fastapi import Path, Response

from functions.api.callers import JobsReader, JobsWriter
from functions.api.paging import CurrentPage, Page
from functions.api.problems import problems
from functions.api.repeats import IdempotencyKey
from functions.core.accounts.model import Caller, Scope
from functions.core.batches.making import new_batch
from functions.core.batches.store import seen_by
from functions.core.errors import Conflict, Invalid, NotFound, TooLarge
from functions.core.ids import new_id
from functions.core.observability import log
from functions.core.repeats import Once
from functions.jobs.batch_schemas import BatchRequest, BatchSummary, BatchView, StartedBatch
from functions.jobs.parts import LOCATED, TheAnnouncing, TheBatches, TheBatchMaking, TheClock, TheWishes
from functions.jobs.routes.door import router
from functions.jobs.schemas import asked_by

BatchId = Annotated[str, Path(max_length=64, description="`bat_...`")]


@router.post(
    "/batches",
    status_code=202,
    responses={
        202: {"description": "The batch, which will be worked off", **LOCATED},
        201: {"model": StartedBatch, "description": "The batch, and where its recordings are to be sent", **LOCATED},
        **problems(TooLarge, Invalid),
    },
)
def start_batch(
    request: BatchRequest,
    caller: JobsWriter,
    making: TheBatchMaking,
    announcing: TheAnnouncing,
    wishes: TheWishes,
    clock: TheClock,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> StartedBatch:
    """Have the same done with up to 1,000 recordings that are there, or with up to 100 to come.

    - `recording_ids`: each gets a job of its own. Those that can get none are listed in `refused` and hold up no
      other; they count as failed.
    - `uploads`: announced as by `POST /v1/recordings`, each to be sent by its form; nothing else is done with them.
      Those that never come, are refused or are deleted before count as failed.

    The same request again, under its Idempotency-Key, makes what an interrupted one has left undone, and signs the
    forms anew.
    """
    [process] = wishes.granted([request], owner_id=caller.user_id)
    said = asked_by(request) or process.options
    batch = new_batch(process, caller, request_id=log.request_id() or new_id("request"), now=clock())
    if request.uploads is not None:
        caller.need(Scope.RECORDINGS_WRITE)
        asked = ("batch", request.kind, said, [one.model_dump(mode="json") for one in request.uploads])
        whole, sent = announcing.announce(
            batch, request.uploads, process, caller, _once(caller, idempotency_key, asked)
        )
        response.status_code = 201
    else:
        ids, sent = request.distinct_ids(), None
        whole = making.start(batch, ids, once=_once(caller, idempotency_key, ("batch", request.kind, said, ids)))
    response.headers["Location"] = f"/v1/batches/{whole.batch.id}"
    return StartedBatch.of_whole(whole, clock(), uploads=sent)


@router.get("/batches", responses=problems(Invalid))
def list_batches(caller: JobsReader, batches: TheBatches, clock: TheClock, paging: CurrentPage) -> Page[BatchSummary]:
    """List my batches, newest first."""
    return paging.found(
        f"batches of {caller.user_id}",
        lambda before, limit: batches.look(caller.user_id, before=before, limit=limit),
        lambda found: [BatchSummary.of(batch, clock()) for batch in found],
    )


@router.get("/batches/{batch_id}", responses=problems(NotFound))
def read_batch(
    batch_id: BatchId, caller: JobsReader, batches: TheBatches, making: TheBatchMaking, clock: TheClock
) -> BatchView:
    """Read how far a batch is."""
    return BatchView.of_whole(making.look_after(seen_by(caller, batches.find(batch_id))), clock())


@router.post("/batches/{batch_id}/cancel", responses=problems(NotFound, Conflict))
def cancel_batch(
    batch_id: BatchId, caller: JobsWriter, batches: TheBatches, making: TheBatchMaking, clock: TheClock
) -> BatchView:
    """Cancel all of a batch that has not ended; uploads that come later are kept, and nothing is done with them."""
    return BatchView.of_whole(making.cancel(seen_by(caller, batches.find(batch_id))), clock())


def _once(caller: Caller, key: str | None, asked: Any) -> Once | None:
    return None if key is None else Once(owner_id=caller.user_id, key=key, asked=asked)
