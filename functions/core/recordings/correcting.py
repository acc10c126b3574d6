"""Corrections where they are kept: beside the transcript that a job has made, which stays as it was.

`results/<job>/corrections/<ulid>/` holds the corrections and the whole corrected transcript, so that reading one costs
no more than reading the original; the recording names the newest. Every change writes it anew: 3 MB for three hours.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ulid import ULID

from functions.core.collection import RACES
from functions.core.errors import Conflict, NotFound
from functions.core.jobs.corrections import Corrections, corrected, corrections_from_json, corrections_to_json
from functions.core.jobs.model import Job
from functions.core.jobs.results import Transcript, transcript_from_json, transcript_to_json
from functions.core.recordings.media import Media, results_of
from functions.core.recordings.model import Recording
from functions.core.recordings.store import Recordings

CORRECTIONS: Final = "corrections.json"
TRANSCRIPT: Final = "transcript.json"


def transcript_key(recording: Recording, job: Job) -> str | None:
    """Return where the transcript that a job made lies, corrected if somebody has corrected it."""
    place = recording.corrections.get(job.id)
    return job.result_key if place is None else f"{place}{TRANSCRIPT}"


class Correcting:
    """Corrects transcripts."""

    def __init__(self, *, recordings: Recordings, media: Media) -> None:
        self._recordings = recordings
        self._media = media

    def correct(
        self,
        recording: Recording,
        job: Job,
        *,
        texts: Mapping[int, str | None],
        speakers: Mapping[int, str | None],
        names: Mapping[str, str | None],
    ) -> Transcript:
        """Add to the corrections of a job's transcript, and return it as it is then.

        People who correct at the same time lose nothing; of one segment the later text stays.

        Raises:
            NotFound: the recording or the transcript is gone.
            Invalid: the transcript has no such segment or speaker.
            Conflict: it is being corrected by too many at once.
        """
        original = transcript_from_json(self._media.read(job.result_key or ""))
        for _ in range(RACES):
            earlier = recording.corrections.get(job.id)
            known = Corrections() if earlier is None else self._read(earlier)
            merged = known.merged(texts=texts, speakers=speakers, names=names)
            transcript = corrected(original, merged)
            if self._save(recording, job, merged, transcript):
                return transcript
            recording = self._recordings.get(recording.id)
        raise Conflict("The transcript is being corrected by many at once; try again.", code="busy")

    def take_back(self, recording: Recording, job: Job) -> None:
        """Forget all corrections of a job's transcript; raises NotFound where the recording is gone."""
        place = recording.corrections.get(job.id)
        if place is not None:
            self._recordings.change(recording, lambda fresh: _with(fresh, job.id, None))
            self._remove(place)

    def _save(self, recording: Recording, job: Job, corrections: Corrections, transcript: Transcript) -> bool:
        earlier = recording.corrections.get(job.id)
        place = f"{results_of(job.id)}corrections/{ULID()}/" if corrections else None
        if place is not None:
            for name, body in (
                (CORRECTIONS, corrections_to_json(corrections)),
                (TRANSCRIPT, transcript_to_json(transcript)),
            ):
                self._media.write(f"{place}{name}", body, content_type="application/json")

        def note(fresh: Recording) -> Recording:
            if job.id not in fresh.job_ids:
                raise NotFound("The transcript is not there any more.")
            return _with(fresh, job.id, place) if fresh.corrections.get(job.id) == earlier else fresh

        try:
            changed = self._recordings.change(recording, note)
        except NotFound:
            self._remove(place)
            raise
        is_ours = changed.corrections.get(job.id) == place
        self._remove(earlier if is_ours else place)
        return is_ours

    def _read(self, place: str) -> Corrections:
        try:
            return corrections_from_json(self._media.read(f"{place}{CORRECTIONS}"))
        except NotFound:
            # Somebody has corrected meanwhile; saving will notice.
            return Corrections()

    def _remove(self, place: str | None) -> None:
        if place is not None:
            self._media.remove(f"{place}{CORRECTIONS}")
            self._media.remove(f"{place}{TRANSCRIPT}")


def _with(recording: Recording, job_id: str, place: str | None) -> Recording:
    others = {made_by: where for made_by, where in recording.corrections.items() if made_by != job_id}
    return replace(recording, corrections=others if place is None else others | {job_id: place})
