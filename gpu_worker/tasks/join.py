"""Make one recording out of the tracks of a call: a side in each channel."""

import io
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from typing import Final

from functions.core.errors import NotFound
from functions.core.observability import log
from functions.core.recordings.media import Media, result_key, source_key, track_key
from functions.core.recordings.model import Recording, RecordingStatus
from functions.core.recordings.store import Recordings
from functions.core.recordings.tracks import RecordedCall, Track
from gpu_worker.calls.object_upload import PART, ObjectUpload
from gpu_worker.calls.sound import NoSound, TrackSound
from gpu_worker.calls.timeline import LONGEST, SAMPLE_RATE, Samples, Side, delays_of, side_by_side
from gpu_worker.calls.two_channels import CONTENT_TYPE, write_two_channels
from gpu_worker.claim import Claim, Hopeless
from gpu_worker.remote_file import ReadRange, RemoteFile
from gpu_worker.tasks.clock_time import clock_time
from gpu_worker.tasks.task import Outcome, Work

RESULT: Final = "join.json"


@dataclass(frozen=True, slots=True)
class _Joined:
    """What one side has become."""

    by: str
    seconds: float
    delay_seconds: float


@dataclass(frozen=True, slots=True)
class _OpenTrack:
    """One side while it is read."""

    track: Track
    file: RemoteFile
    sound: TrackSound


class JoinTask:
    """Writes the recording's own bytes; from then on it lives as an upload does."""

    def __init__(self, *, recordings: Recordings, media: Media, part: int = PART) -> None:
        self._recordings = recordings
        self._media = media
        self._part = part

    def run(self, work: Work) -> Outcome:
        """Do one attempt; raises Hopeless where there is nothing to be heard, or the recording is gone."""
        job, claim = work.claim.job, work.claim
        began = time.monotonic()
        claim.report("opening", 0.0)
        recording = self._recordings.find(job.recording_id)
        if recording is None or recording.call is None:
            raise _gone()
        joined: list[_Joined] = []
        # An earlier attempt may have died between the bytes and its own end: the tracks are gone then.
        if recording.stored_status is RecordingStatus.AWAITING_UPLOAD:
            joined = self._join(recording, recording.call, claim)
        key = result_key(job.id, job.attempts, RESULT)
        body = json.dumps({"format": 1, "tracks": [asdict(one) for one in joined]}).encode()
        self._media.write(key, body, content_type="application/json")
        return Outcome(key, {"queued": round(job.waited_seconds, 3), "joining": round(time.monotonic() - began, 3)})

    def _join(self, recording: Recording, call: RecordedCall, claim: Claim) -> list[_Joined]:
        with ExitStack() as stack:
            tracks = list(self._opened(recording, call, stack))
            if not tracks:
                raise Hopeless("not-media", "There is no sound in what was sent of this call.")
            delays = dict(zip((one.track.by for one in tracks), _delays(tracks), strict=True))
            sides = [_side(tracks, one, delays.get(one, 0)) for one in call.consent.people]
            key = source_key(recording)
            upload = stack.enter_context(ObjectUpload(self._media, key, content_type=CONTENT_TYPE, part=self._part))
            done = write_two_channels(_reported(side_by_side(sides), tracks, claim), upload.write)
            for one in tracks:
                # FFmpeg takes a connection that breaks for the end of the file.
                _raise_failure(one.file)
            if not done:
                raise Hopeless("not-media", "There is no sound in what was sent of this call.")
            self._note(recording, _notes(call, tracks, sides, done))
            size = upload.finish()
        log.info("call joined", recording_id=recording.id, size=size, seconds=round(done / SAMPLE_RATE, 1))
        return [
            _Joined(person, round(side.samples / SAMPLE_RATE, 3), round(delays.get(person, 0) / SAMPLE_RATE, 3))
            for person, side in zip(call.consent.people, sides, strict=True)
        ]

    def _opened(self, recording: Recording, call: RecordedCall, stack: ExitStack) -> Iterator[_OpenTrack]:
        for track in call.here:
            key = track_key(recording, track.by)
            stored = self._media.find(key)
            if stored is None:
                # Deleted, or joined by another attempt at this very moment.
                raise _gone()
            file = stack.enter_context(RemoteFile(_reading(self._media, key), stored.size))
            try:
                sound = stack.enter_context(TrackSound(io.BufferedReader(file)))
            except NoSound:
                _raise_failure(file)
                continue
            yield _OpenTrack(track, file, sound)

    def _note(self, recording: Recording, notes: list[str]) -> None:
        """Before the bytes: whoever takes them in reads the recording as it is then."""

        def note(fresh: Recording) -> Recording:
            return fresh if fresh.call is None else replace(fresh, call=fresh.call.joined(notes))

        try:
            self._recordings.change(recording, note)
        except NotFound as error:
            raise _gone() from error


def _delays(tracks: list[_OpenTrack]) -> list[int]:
    return delays_of([one.track.started_at for one in tracks])


def _side(tracks: list[_OpenTrack], person: str, delay: int) -> Side:
    found = next((one for one in tracks if one.track.by == person), None)
    return Side(iter(()) if found is None else found.sound.blocks(), delay=delay)


def _reported(pairs: Iterator[Samples], tracks: list[_OpenTrack], claim: Claim) -> Iterator[Samples]:
    """Say how far it is, by the bytes read: recorders write no length into what they have not ended yet."""
    total, done = sum(one.track.size for one in tracks), 0
    for pair in pairs:
        read = sum(one.file.tell() for one in tracks)
        claim.report("joining", min(0.99, read / total), message=clock_time(done / SAMPLE_RATE))
        done += pair.shape[1]
        yield pair


def _notes(call: RecordedCall, tracks: list[_OpenTrack], sides: list[Side], done: int) -> list[str]:
    notes = []
    opened = {one.track.by: one for one in tracks}
    here = {track.by for track in call.here}
    for person, name, side in zip(call.consent.people, call.names, sides, strict=True):
        if person not in here:
            notes.append(f"The side of {name} never arrived: it is silent.")
        elif person not in opened or not side.samples:
            notes.append(f"What was sent of the side of {name} cannot be heard: it is silent.")
        elif opened[person].sound.is_damaged:
            notes.append(f"The side of {name} is damaged: parts of it are missing.")
    if done >= LONGEST:
        notes.append(f"The call is longer than {LONGEST // SAMPLE_RATE // 3600} hours; what follows is left out.")
    return notes


def _reading(media: Media, key: str) -> ReadRange:
    return lambda start, end: media.read_range(key, start, end)


def _raise_failure(file: RemoteFile) -> None:
    try:
        file.raise_failure()
    except NotFound as error:
        raise _gone() from error


def _gone() -> Hopeless:
    return Hopeless("recording-gone", "The recording is not there any more.")
