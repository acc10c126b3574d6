"""Make links to a recording, see them, revoke them."""

from datetime import timedelta
from typing import Annotated

from fastapi import Path, Request

from functions.api.callers import RecordingsReader, RecordingsWriter
from functions.api.paging import Page
from functions.api.problems import problems
from functions.api.repeats import IdempotencyKey
from functions.core.errors import Conflict, Invalid, NotFound
from functions.core.ids import new_id
from functions.core.observability import log
from functions.core.recordings.store import seen_by
from functions.core.repeats import Once
from functions.core.shares.model import Share
from functions.shares.routes.door import TheClock, TheLinks, TheRecordings, TheShares, router
from functions.shares.schemas import ShareRequest, ShareView

RecordingId = Annotated[str, Path(max_length=64, description="`rec_...`")]


@router.post("/v1/recordings/{recording_id}/shares", status_code=201, responses=problems(NotFound, Conflict, Invalid))
def share_recording(
    recording_id: RecordingId,
    wanted: ShareRequest,
    request: Request,
    caller: RecordingsWriter,
    recordings: TheRecordings,
    shares: TheShares,
    links: TheLinks,
    clock: TheClock,
    idempotency_key: IdempotencyKey = None,
) -> ShareView:
    """Make a link by which others read the transcript and the summary and hear the recording, without an account.

    It shows what there is at the time of reading, corrections included, and nothing of whose it is. It ends by itself,
    and at once when it is revoked or the recording is deleted.
    """
    recording = seen_by(caller, recordings.find(recording_id))
    now = clock()
    share = Share(
        id=new_id("share"),
        recording_id=recording.id,
        owner_id=recording.owner_id,
        made_by=caller.user_id,
        parts=tuple(dict.fromkeys(wanted.parts)),
        label=wanted.label,
        created_at=now,
        expires_at=now + timedelta(days=wanted.expires_in_days),
    )
    asked = ("share", recording.id, wanted.model_dump(mode="json"))
    once = Once(owner_id=caller.user_id, key=idempotency_key, asked=asked) if idempotency_key else None
    made = shares.add(share, once=once)
    log.info("recording shared", recording_id=recording.id, share_id=made.id)
    return ShareView.of(made, token=links.token_of(made.id), origin=_origin(request))


@router.get("/v1/recordings/{recording_id}/shares", responses=problems(NotFound))
def list_shares(
    recording_id: RecordingId,
    request: Request,
    caller: RecordingsReader,
    recordings: TheRecordings,
    shares: TheShares,
    links: TheLinks,
) -> Page[ShareView]:
    """List the links to a recording that are still open, newest first; all of them are on one page."""
    recording = seen_by(caller, recordings.find(recording_id))
    origin = _origin(request)
    return Page(
        items=[
            ShareView.of(share, token=links.token_of(share.id), origin=origin)
            for share in shares.of_recording(recording.id)
        ]
    )


@router.delete("/v1/recordings/{recording_id}/shares/{share_id}", status_code=204, responses=problems(NotFound))
def revoke_share(
    recording_id: RecordingId,
    share_id: Annotated[str, Path(max_length=64, description="`shr_...`")],
    caller: RecordingsWriter,
    recordings: TheRecordings,
    shares: TheShares,
) -> None:
    """Revoke a link: it shows nothing any more. What somebody has read or saved stays theirs."""
    recording = seen_by(caller, recordings.find(recording_id))
    shares.revoke(recording, share_id)
    log.info("share revoked", recording_id=recording.id, share_id=share_id)


def _origin(request: Request) -> str:
    return str(request.base_url).rstrip("/")
