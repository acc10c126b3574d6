"""The files that a video was turned into: where they are, and until when."""

from dataclasses import dataclass
from datetime import datetime

from functions.core.clock import Clock
from functions.core.errors import Conflict, Gone, NotFound
from functions.core.jobs.ascii_video import (
    ENDINGS,
    PREVIEW,
    STILL_ENDING,
    STORED_AS,
    AsciiVideo,
    ascii_video_from_json,
    download_name,
)
from functions.core.jobs.model import Job, Kind, Status
from functions.core.recordings.media import Media, result_key
from functions.core.recordings.store import Recordings
from functions.jobs.ascii_schemas import FileName


@dataclass(frozen=True, slots=True)
class MadeVideo:
    """What a job has made, and when the files of it go."""

    video: AsciiVideo
    under: str
    """Where its files lie."""
    expires_at: datetime


class AsciiFiles:
    """Leads to what jobs have made of videos."""

    def __init__(self, *, recordings: Recordings, media: Media, keep_days: int, clock: Clock) -> None:
        self._recordings = recordings
        self._media = media
        self._keep_days = keep_days
        self._clock = clock

    def made(self, job: Job) -> MadeVideo:
        """Return what a job that has succeeded made.

        Raises:
            NotFound: it made something else, or its recording is gone.
            Conflict: it has not ended, or came to nothing.
        """
        if job.kind is not Kind.ASCII_VIDEO:
            raise NotFound(f"The job makes no files: its kind is {job.kind}.", code="no-such-file")
        need_result(job)
        assert job.result_key is not None
        assert job.finished_at is not None
        # A job stays for a moment after its recording is deleted; what was made of that does not.
        self._recordings.get(job.recording_id)
        video = ascii_video_from_json(self._media.read(job.result_key))
        expires_at = video.kept_until(job.finished_at, days=self._keep_days)
        return MadeVideo(video, job.result_key.rpartition("/")[0], expires_at)

    def address(self, job: Job, name: FileName) -> str:
        """Sign the way to a file, under the name of the recording.

        Raises:
            NotFound: the job made no such file.
            Conflict: it has not ended, or came to nothing.
            Gone: the file is not kept any more.
        """
        made = self.made(job)
        file = name.file_in(made.video)
        if file is None:
            there = ", ".join(sorted(made.video.files)) or "nothing"
            raise NotFound(f"The job made no {name}; it made: {there}.", code="no-such-file")
        self._refuse_what_is_over(made)
        stored_as, content_type = STORED_AS[file]
        return self._sign(job, f"{made.under}/{stored_as}", ENDINGS[file], content_type)

    def still(self, job: Job) -> str:
        """Sign the way to the first frame, which is there before the job has ended.

        Raises:
            NotFound: the job draws nothing, or has ended before there was a frame.
            Conflict: it is not there yet.
            Gone: it is not kept any more.
        """
        if job.kind is not Kind.ASCII_VIDEO:
            raise NotFound(f"The job draws nothing: its kind is {job.kind}.", code="no-preview")
        if job.status is Status.SUCCEEDED:
            self._refuse_what_is_over(self.made(job))
        self._recordings.get(job.recording_id)
        key = result_key(job.id, job.attempts, PREVIEW)
        if job.attempts and self._media.find(key) is not None:
            return self._sign(job, key, STILL_ENDING, "image/png")
        if job.is_finished:
            raise NotFound(f"There is no first frame: the job has {job.status}.", code="no-preview")
        raise Conflict("The first frame is not drawn yet.", code="preview-not-ready", retry_after=1)

    def _sign(self, job: Job, key: str, ending: str, content_type: str) -> str:
        filename = self._recordings.get(job.recording_id).filename
        return self._media.download_url(key, filename=download_name(filename, ending), content_type=content_type)

    def _refuse_what_is_over(self, made: MadeVideo) -> None:
        if self._clock() >= made.expires_at:
            raise Gone(
                f"The files were kept until {made.expires_at:%Y-%m-%d %H:%M} UTC; a new job makes them again.",
                code="result-expired",
                expired_at=made.expires_at.isoformat(),
            )


def need_result(job: Job) -> None:
    """Go on only if a job has left a result; raises Conflict, which says why it has not."""
    if job.status is Status.SUCCEEDED and job.result_key is not None:
        return
    if not job.is_finished:
        raise Conflict(f"The job is {job.status}.", code="job-not-finished", progress=job.progress)
    why = job.error.detail if job.error else ""
    raise Conflict(f"The job has {job.status}. {why}".strip(), code=f"job-{job.status}")
