"""Recordings of a batch that are still to come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from functions.api.announcements import ComingRecording, FormUpload, announced
from functions.core.accounts.model import Caller
from functions.core.batches.model import Batch
from functions.core.batches.store import Whole
from functions.core.batches.uploads import BatchUploads
from functions.core.clock import Clock
from functions.core.errors import ParleyError, TooLarge
from functions.core.locations.store import Locations
from functions.core.recordings.media import Media
from functions.core.recordings.model import Process, Recording, RecordingStatus
from functions.core.repeats import Once
from functions.core.settings import Keeping, Uploads
from functions.jobs.batch_schemas import BatchUpload

FORM_BYTES: Final = 5 * 1024**3
"""S3 takes no more in one request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcing:
    """Announces the recordings of a batch, and signs their forms."""

    batches: BatchUploads
    locations: Locations
    media: Media
    uploads: Uploads
    keeping: Keeping
    clock: Clock

    def announce(
        self,
        batch: Batch,
        coming: Sequence[ComingRecording],
        process: Process,
        caller: Caller,
        once: Once | None,
    ) -> tuple[Whole, list[BatchUpload]]:
        """Make the batch, and say where each recording is to be sent, in the order of `coming`.

        Raises:
            TooLarge: one of them is too large.
            Invalid: one of them is no recording, or the key was used for another request.
        """
        promises = [self._promise(one, number, process, caller) for number, one in enumerate(coming)]
        for location_id in {one.location_id for one in coming} - {None}:
            self.locations.need(str(location_id))
        life = timedelta(minutes=self.uploads.upload_minutes)
        whole, kept = self.batches.announce(batch, promises, until=self.clock() + life, once=once)
        return whole, [self._upload(recording, life) for recording in kept]

    def _promise(self, coming: ComingRecording, number: int, process: Process, caller: Caller) -> Recording:
        try:
            if coming.size > FORM_BYTES:
                raise TooLarge(
                    "In a batch a recording may have 5 GiB at most; announce a larger one with POST /v1/recordings.",
                    limit_bytes=FORM_BYTES,
                    use="POST /v1/recordings",
                )
            return announced(
                coming,
                caller,
                process=(process,),
                uploads=self.uploads,
                keeping=self.keeping,
                now=self.clock(),
            )
        except ParleyError as refusal:
            refusal.facts["upload"] = number
            raise

    def _upload(self, recording: Recording, life: timedelta) -> BatchUpload:
        if recording.stored_status is not RecordingStatus.AWAITING_UPLOAD:
            return BatchUpload(recording_id=recording.id, upload=None)
        form = self.media.upload_form(recording, life=life)
        return BatchUpload(recording_id=recording.id, upload=FormUpload.of(form))
