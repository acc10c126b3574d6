"""Record a call with the consent of both sides, send one's own side of it, see what became of it, delete it."""

from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import Depends, Path, Response

from functions.api.announcements import FormUpload
from functions.api.callers import CallsReader, CallsWriter
from functions.api.problems import problems
from functions.api.services import service
from functions.calls.recording_schemas import (
    AnnouncedTrack,
    CallRecordingRequest,
    CallRecordingView,
    TrackAnnouncement,
)
from functions.calls.routes.door import router
from functions.core.accounts.model import Caller
from functions.core.calls.model import Call, no_such_call
from functions.core.calls.recording import AWAITED_FOR, KEPT_DAYS, CallRecordings
from functions.core.calls.recording_consent import checked_consent, during, registered_keys
from functions.core.calls.store import Calls
from functions.core.clock import Clock
from functions.core.devices.store import Devices
from functions.core.errors import Conflict, Gone, Invalid, NotFound, Refused, TooLarge
from functions.core.ids import new_id
from functions.core.jobs.model import Kind
from functions.core.observability import log
from functions.core.presets.wishes import Wishes
from functions.core.recordings.joining import Joining
from functions.core.recordings.media import Media, track_key
from functions.core.recordings.model import (
    MediaKind,
    Process,
    Recording,
    RecordingStatus,
    default_process,
    end_of_keeping,
    media_kind_of,
)
from functions.core.recordings.tracks import Consent, RecordedCall, told_apart
from functions.core.settings import Keeping, Uploads

MOST_TRACK_BYTES: Final = 1024**3
"""A day of sound as browsers record it; S3 takes five times as much in one request."""
JOINED_AS: Final = "audio/ogg"

CallId = Annotated[str, Path(max_length=64, description="`call_...`")]
TheCallRecordings = Annotated[CallRecordings, Depends(service(CallRecordings))]
TheCalls = Annotated[Calls, Depends(service(Calls))]
TheClock = Annotated[Clock, Depends(service(Clock))]
TheDevices = Annotated[Devices, Depends(service(Devices))]
TheJoining = Annotated[Joining, Depends(service(Joining))]
TheKeeping = Annotated[Keeping, Depends(service(Keeping))]
TheMedia = Annotated[Media, Depends(service(Media))]
TheUploads = Annotated[Uploads, Depends(service(Uploads))]
TheWishes = Annotated[Wishes, Depends(service(Wishes))]


@router.post(
    "/calls/{call_id}/recording", status_code=201, responses=problems(Refused, NotFound, Conflict, Gone, Invalid)
)
def record_call(
    call_id: CallId,
    wanted: CallRecordingRequest,
    caller: CallsWriter,
    calls: TheCalls,
    devices: TheDevices,
    call_recordings: TheCallRecordings,
    keeping: TheKeeping,
    wishes: TheWishes,
    clock: TheClock,
) -> CallRecordingView:
    """Make the recording of a call that you asked to record and the other side agreed to: yours, and awaited.

    Both statements are checked against the keys of the two devices that are in the call. Each side then sends its own
    track; what was recorded leaves the end-to-end encryption with that. The same request again answers the same.
    """
    call, now = _call_of(caller, calls.find(call_id)), clock()
    request, grant = wanted.signed()
    consent = checked_consent(
        call,
        request=request,
        grant=grant,
        asked_by=caller.unique_id,
        keys_of=registered_keys(devices),
        now=now,
    )
    assert request is not None
    assert grant is not None
    _refuse_past(wanted.keep_until, now)
    made = Recording(
        id=new_id("recording"),
        owner_id=caller.user_id,
        filename=f"{call.id}.ogg",
        title=wanted.title or f"Call with {wanted.name or consent.granted_by}",
        size=0,
        content_type=JOINED_AS,
        request_id=log.request_id() or new_id("request"),
        created_at=now,
        upload_until=now + AWAITED_FOR,
        process=_process(wanted, caller, wishes),
        language=wanted.language,
        recorded_at=call.connected_at or call.answered_at,
        keep_until=_keep_until(wanted, caller, keeping, now),
        call=RecordedCall(consent=consent, names=_names(consent, wanted.name)),
    )
    recording = call_recordings.begin(made, request=request, grant=grant)
    log.info("call recorded", call_id=call.id, recording_id=recording.id)
    return CallRecordingView.of(recording, now)


@router.post("/calls/{call_id}/tracks", status_code=201, responses=problems(NotFound, Conflict, TooLarge, Invalid))
def announce_track(
    call_id: CallId,
    announcement: TrackAnnouncement,
    caller: CallsWriter,
    calls: TheCalls,
    call_recordings: TheCallRecordings,
    joining: TheJoining,
    media: TheMedia,
    uploads: TheUploads,
    clock: TheClock,
) -> AnnouncedTrack:
    """Announce your side of a recorded call, and learn how to send it: by a signed form, as for `POST /v1/recordings`.

    When both sides are here they are joined by themselves. Announced again, it gets a fresh form, until it is here;
    `upload` is null then.
    """
    _, recording = call_recordings.of(call_id, caller.unique_id)
    now = clock()
    track = announcement.track_of(caller.unique_id)
    _refuse_size(track.size, uploads)
    if media_kind_of(track.content_type) is not MediaKind.AUDIO:
        raise Invalid(f"{track.content_type} is no sound; a track is.", code="unsupported-media-type")
    if not during(_call_of(caller, calls.find(call_id)), track.started_at, now):
        raise Invalid("The track does not begin within the call.", code="started-out-of-call")
    known = recording.call.track_of(track.by) if recording.call else None
    if known is None or not known.is_here:
        _need_time(recording, joining, now)
    recording = call_recordings.promise(recording, track, name=announcement.name or None)
    promised = recording.call.track_of(track.by) if recording.call else None
    if promised is None or promised.is_here:
        return AnnouncedTrack(recording=CallRecordingView.of(recording, now), upload=None)
    form = media.object_form(
        track_key(recording, track.by),
        content_type=track.content_type,
        size=track.size,
        life=timedelta(minutes=uploads.upload_minutes),
    )
    log.info("track announced", recording_id=recording.id, size=track.size)
    return AnnouncedTrack(recording=CallRecordingView.of(recording, now), upload=FormUpload.of(form))


@router.post("/calls/{call_id}/recording/finish", responses=problems(Refused, NotFound, Conflict))
def finish_recording(
    call_id: CallId,
    caller: CallsWriter,
    call_recordings: TheCallRecordings,
    joining: TheJoining,
    clock: TheClock,
) -> CallRecordingView:
    """Wait for the other side no longer: what is here becomes the recording. Its owner's right; it may be called again.

    Also what begins anew where joining has failed.
    """
    kept, recording = call_recordings.of(call_id, caller.unique_id)
    if caller.unique_id != kept.owner:
        raise Refused("Only whoever asked for the recording can finish it.", code="not-the-owner")
    if recording.stored_status is not RecordingStatus.UPLOADED:
        joining.join(recording, request_id=log.request_id() or recording.request_id)
        _, recording = call_recordings.of(call_id, caller.unique_id)
    return CallRecordingView.of(recording, clock())


@router.get("/calls/{call_id}/recording", responses=problems(NotFound))
def read_call_recording(
    call_id: CallId, caller: CallsReader, call_recordings: TheCallRecordings, clock: TheClock
) -> CallRecordingView:
    """See whether a call is recorded, who agreed to it and when, and what is here of it."""
    _, recording = call_recordings.of(call_id, caller.unique_id)
    return CallRecordingView.of(recording, clock())


@router.delete(
    "/calls/{call_id}/recording",
    status_code=204,
    response_class=Response,
    responses=problems(NotFound, Conflict),
)
def delete_call_recording(call_id: CallId, caller: CallsWriter, call_recordings: TheCallRecordings) -> None:
    """Delete the recording of a call with all that was made of it, whichever of the two sides you are.

    It is there for nobody from then on, and all of it is removed within minutes, for good.
    """
    kept, recording = call_recordings.of(call_id, caller.unique_id)
    call_recordings.delete(kept, recording)
    log.info("call recording deleted", recording_id=recording.id, by=caller.user_id)


def _call_of(caller: Caller, call: Call | None) -> Call:
    if call is None or not caller.unique_id or caller.unique_id not in call.people:
        raise no_such_call()
    return call


def _names(consent: Consent, name: str | None) -> tuple[str, str]:
    owner, other = consent.people
    return told_apart(owner, name, other) if name else (owner, other)


def _process(wanted: CallRecordingRequest, caller: Caller, wishes: Wishes) -> tuple[Process, ...]:
    if wanted.process is None:
        return default_process()
    process = wishes.granted(wanted.process, owner_id=caller.user_id)
    if any(one.kind is Kind.ASCII_VIDEO for one in process):
        raise Invalid("A call has no picture to be turned into ASCII.", code="no-video")
    return process


def _keep_until(wanted: CallRecordingRequest, caller: Caller, keeping: Keeping, now: datetime) -> datetime | None:
    if "keep_until" in wanted.model_fields_set:
        return wanted.keep_until.replace(microsecond=0) if wanted.keep_until else None
    usual = end_of_keeping(now, days=caller.keep_days, usual_days=keeping.keep_days)
    kept = end_of_keeping(now, days=KEPT_DAYS, usual_days=KEPT_DAYS)
    return min((end for end in (usual, kept) if end is not None), default=None)


def _refuse_past(keep_until: datetime | None, now: datetime) -> None:
    if keep_until is not None and keep_until <= now:
        raise Invalid("`keep_until` is over already.", code="keep-until-over")


def _refuse_size(size: int, uploads: Uploads) -> None:
    most = min(MOST_TRACK_BYTES, uploads.max_upload_bytes)
    if size > most:
        raise TooLarge(f"A track may have {most} bytes at most.", code="track-too-large", limit_bytes=most)


def _need_time(recording: Recording, joining: Joining, now: datetime) -> None:
    if joining.has_begun(recording):
        raise Conflict("The tracks of this call have been joined.", code="already-joined")
    if recording.status(now) is RecordingStatus.EXPIRED:
        raise Conflict("The time for the tracks of this call is over.", code="upload-expired")
