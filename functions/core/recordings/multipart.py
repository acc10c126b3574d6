"""Uploads in parts: what was sent of a large file stays, however often the line breaks.

A part comes with its SHA-256 either always or never: S3 is told which when the upload begins. Of the whole file it
checks the size alone, for it knows no SHA-256 of an object that came in parts.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from functions.core.clock import Clock
from functions.core.errors import Conflict, Invalid, NotFound
from functions.core.observability import log
from functions.core.recordings.division import Division
from functions.core.recordings.media import Media, StoredPart, UploadRequest, source_key
from functions.core.recordings.model import Recording, RecordingStatus
from functions.core.recordings.store import Recordings

LIFE: Final = timedelta(days=2)
"""How long an upload may be gone on with. The bucket drops it at the first midnight (UTC) after that."""


@dataclass(frozen=True, slots=True)
class SignedPart:
    """Where one part goes."""

    number: int
    size: int
    request: UploadRequest


@dataclass(frozen=True, slots=True)
class SentPart:
    """A part as who sent it knows it; None: they don't."""

    number: int
    etag: str | None = None
    checksum_sha256: str | None = None


def division_of(recording: Recording) -> Division:
    """Return how a recording that comes in parts is divided; what does not is one part."""
    return Division(recording.size, recording.part_size or recording.size)


class MultipartUploads:
    """Begins, signs, lists, completes and gives up uploads in parts."""

    def __init__(self, *, recordings: Recordings, media: Media, clock: Clock) -> None:
        self._recordings = recordings
        self._media = media
        self._clock = clock

    def begin(self, recording: Recording, *, checked: bool) -> Recording:
        """Begin a recording's upload, unless one goes on; `checked`: each part will come with its SHA-256.

        Raises:
            NotFound: the recording is gone.
        """
        now = self._clock()
        if recording.upload_id is not None and now < recording.upload_until:
            return recording
        key = source_key(recording)
        upload_id = self._media.begin_parts(key, content_type=recording.content_type, checked=checked)
        part_size = Division.of(recording.size).part_size
        kept: str | None = None
        try:
            begun = self._recordings.change(
                recording,
                lambda fresh: fresh.in_parts(
                    upload_id, part_size=part_size, checked=checked, now=now, until=now + LIFE
                ),
            )
            kept = begun.upload_id
        finally:
            # The same announcement at the same time was faster, or the recording is gone: nobody will ask for this one.
            if kept != upload_id:
                self._media.abort_parts(key, upload_id)
        return begun

    def sign(self, recording: Recording, checksums: Mapping[int, str | None], *, life: timedelta) -> list[SignedPart]:
        """Sign parts by their numbers, each with its checksum (base64) where they are checked.

        Raises:
            Conflict: nothing of this recording is awaited in parts.
            Invalid: there is no such part, or a checksum is missing or too much.
        """
        upload_id, division = self._going_on(recording)
        _need_parts(checksums, division)
        _need_checksums(checksums.values(), recording)
        key = source_key(recording)
        return [
            SignedPart(
                number,
                division.length(number),
                self._media.part_request(
                    key,
                    upload_id,
                    number,
                    size=division.length(number),
                    checksum_sha256=checksum,
                    life=life,
                ),
            )
            for number, checksum in checksums.items()
        ]

    def sign_first(self, recording: Recording, *, most: int, life: timedelta) -> list[SignedPart]:
        """Sign the first parts; none where each needs its checksum, which nobody has named yet."""
        if recording.parts_are_checked:
            return []
        _, division = self._going_on(recording)
        return self.sign(recording, dict.fromkeys(range(1, min(most, division.count) + 1)), life=life)

    def parts(self, recording: Recording) -> list[StoredPart]:
        """List what is there; raises Conflict where nothing of this recording is awaited in parts."""
        upload_id, _ = self._going_on(recording)
        try:
            return self._media.parts(source_key(recording), upload_id)
        except NotFound as error:
            raise self._over(recording) from error

    def complete(self, recording: Recording, claimed: Sequence[SentPart]) -> None:
        """Put the parts together; doing it again is no error. `claimed` is held against what is there.

        Raises:
            Conflict: parts are missing or not as they should be, and stay; or nothing is awaited in parts.
            Invalid: there is no such part.
        """
        if recording.stored_status is RecordingStatus.UPLOADED:
            return
        upload_id, division = self._going_on(recording)
        _need_parts([part.number for part in claimed], division)
        _need_no_checksums([part.checksum_sha256 for part in claimed], recording)
        key = source_key(recording)
        try:
            stored = {part.number: part for part in self._media.parts(key, upload_id)}
            _need_all(stored, division)
            _need_same(stored, claimed)
            ordered = [stored[number] for number in range(1, division.count + 1)]
            self._media.complete_parts(key, upload_id, ordered, size=recording.size)
        except NotFound as error:
            if not self._is_there(recording):
                raise _gone() from error
        log.info("upload in parts completed", recording_id=recording.id, parts=division.count)

    def give_up(self, recording: Recording) -> Recording:
        """Delete what was sent and expect no more; doing it again is no error.

        Raises:
            Conflict: the recording is here, or was not to come in parts.
            NotFound: the recording is gone.
        """
        if _is_given_up(recording):
            return recording
        upload_id, _ = self._begun(recording)
        self._media.abort_parts(source_key(recording), upload_id)
        if self._is_there(recording):
            # It was complete already, and its report is on its way.
            raise _here()
        log.info("upload in parts given up", recording_id=recording.id)
        return self._recordings.change(recording, lambda fresh: fresh.given_up(self._clock()))

    def _going_on(self, recording: Recording) -> tuple[str, Division]:
        upload_id, division = self._begun(recording)
        if recording.status(self._clock()) is RecordingStatus.EXPIRED:
            raise Conflict("The time for this upload is over; announce the recording again.", code="upload-expired")
        return upload_id, division

    def _begun(self, recording: Recording) -> tuple[str, Division]:
        match recording.stored_status:
            case RecordingStatus.UPLOADED:
                raise _here()
            case RecordingStatus.REFUSED:
                recording.need_bytes(self._clock())
        if _is_given_up(recording):
            raise _gone()
        if recording.upload_id is None:
            raise Conflict("This recording is not sent in parts.", code="not-in-parts")
        return recording.upload_id, division_of(recording)

    def _over(self, recording: Recording) -> Conflict:
        return _here() if self._is_there(recording) else _gone()

    def _is_there(self, recording: Recording) -> bool:
        return self._media.find(source_key(recording)) is not None


def _is_given_up(recording: Recording) -> bool:
    was_in_parts = recording.part_size is not None and recording.upload_id is None
    return was_in_parts and recording.stored_status is RecordingStatus.AWAITING_UPLOAD


def _here() -> Conflict:
    return Conflict("The recording has been uploaded already.", code="already-uploaded")


def _gone() -> Conflict:
    return Conflict("This upload was given up; announce the recording again.", code="upload-expired")


def _need_parts(numbers: Iterable[int], division: Division) -> None:
    wrong = [number for number in numbers if not division.length(number)]
    if wrong:
        raise Invalid(
            f"There is no part {wrong[0]}: this upload has parts 1 to {division.count}.",
            code="no-such-part",
            part_count=division.count,
        )


def _need_checksums(checksums: Collection[str | None], recording: Recording) -> None:
    if recording.parts_are_checked and None in checksums:
        raise Invalid(
            "This upload was announced with `part_checksums`: every part that is signed needs its `checksum_sha256`.",
            code="checksum-missing",
        )
    _need_no_checksums(checksums, recording)


def _need_no_checksums(checksums: Collection[str | None], recording: Recording) -> None:
    if not recording.parts_are_checked and any(checksum is not None for checksum in checksums):
        raise Invalid(
            "This upload was announced without `part_checksums`: nothing is known of its parts' checksums.",
            code="checksum-not-announced",
        )


def _need_all(stored: Mapping[int, StoredPart], division: Division) -> None:
    numbers = range(1, division.count + 1)
    missing = [number for number in numbers if number not in stored]
    if missing:
        raise Conflict(
            f"{len(missing)} of {division.count} parts are not here yet.", code="parts-missing", missing=missing
        )
    wrong = [number for number in numbers if stored[number].size != division.length(number)]
    if wrong:
        raise Conflict(
            f"Parts have another size than they should: {_listed(wrong)}. Send them again.",
            code="parts-differ",
            parts=wrong,
        )


def _need_same(stored: Mapping[int, StoredPart], claimed: Sequence[SentPart]) -> None:
    differing = [part.number for part in claimed if not _is_as_sent(stored[part.number], part)]
    if differing:
        raise Conflict(
            f"Parts are not here as they were sent: {_listed(differing)}. Send them again.",
            code="parts-differ",
            parts=differing,
        )


def _is_as_sent(stored: StoredPart, sent: SentPart) -> bool:
    has_etag = sent.etag is None or sent.etag.strip('"') == stored.etag.strip('"')
    return has_etag and sent.checksum_sha256 in {None, stored.checksum_sha256}


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:10])) + (" and more" if len(numbers) > 10 else "")
