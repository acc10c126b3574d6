"""Finished windows of an unfinished transcription, kept in the bucket: what is done is not done again.

A checkpoint is a handful of JSON objects, and the job names those that count: an attempt that lost its job can write
one, but not add it.
"""

import json
import time
from dataclasses import asdict
from typing import Any, Final

from functions.core.errors import NotFound
from functions.core.jobs.model import ClaimLost
from functions.core.jobs.results import segment_from_dict
from functions.core.observability import log
from functions.core.recordings.media import Media, checkpoint_key
from gpu_worker.claim import Claim
from gpu_worker.speech.excerpt import Language
from gpu_worker.speech.front_end import Place
from gpu_worker.speech.whisper import HeardWindow

SAVE_SECONDS: Final = 30.0
"""At most so much work is lost with a worker; a save is one PUT and one small write."""

_FORMAT: Final = 1


class SavedCheckpoint:
    """One job's checkpoint."""

    def __init__(self, claim: Claim, media: Media, *, fingerprint: str) -> None:
        """Read what earlier attempts left. `fingerprint` stands for everything that a window's text depends on."""
        self.language: Language | None = None
        self.recalled = 0
        """How many windows were recalled so far: work that this attempt need not do."""
        self._claim = claim
        self._media = media
        self._fingerprint = fingerprint
        self._known: dict[Place, HeardWindow] = {}
        self._fresh: dict[Place, HeardWindow] = {}
        self._saved_at = time.monotonic()
        for name in claim.job.checkpoints:
            self._read(name)
        if self._known:
            log.info("going on from a checkpoint", windows=len(self._known), parts=len(claim.job.checkpoints))

    def recall(self, place: Place) -> HeardWindow | None:
        """Return what an earlier attempt heard at a place, or None."""
        window = self._known.get(place)
        self.recalled += window is not None
        return window

    def keep(self, place: Place, window: HeardWindow) -> None:
        """Keep what was heard at a place; now and then it is saved."""
        self._fresh[place] = window
        if time.monotonic() - self._saved_at > SAVE_SECONDS:
            self.save()

    def save(self) -> None:
        """Save what is not saved yet; what fails is tried again with the next part.

        Raises:
            ClaimLost: the job is not ours any more.
        """
        self._saved_at = time.monotonic()
        if not self._fresh:
            return
        job = self._claim.job
        name = f"{job.attempts}-{len(job.checkpoints)}.json"
        try:
            self._media.write(checkpoint_key(job.id, name), self._part(), content_type="application/json")
            self._claim.leave_checkpoint(name)
        except ClaimLost:
            raise
        except Exception as error:  # noqa: BLE001 (a transcript must not fail for want of a note about it)
            log.warning("a checkpoint could not be saved", reason=type(error).__name__)
            return
        self._known |= self._fresh
        self._fresh = {}

    def _part(self) -> bytes:
        body = {
            "format": _FORMAT,
            "fingerprint": self._fingerprint,
            "language": asdict(self.language) if self.language else None,
            "windows": [
                {"track": place.track, "number": place.number, **asdict(window)}
                for place, window in self._fresh.items()
            ],
        }
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()

    def _read(self, name: str) -> None:
        try:
            part = json.loads(self._media.read(checkpoint_key(self._claim.job.id, name)))
        except NotFound:
            log.warning("a checkpoint is gone", name=name)
            return
        if part["format"] != _FORMAT or part["fingerprint"] != self._fingerprint:
            # Another release, another model: its windows would not fit to ours.
            log.info("a checkpoint does not fit", name=name)
            return
        self.language = Language(**part["language"]) if part["language"] else self.language
        for one in part["windows"]:
            self._known[Place(one["track"], one["number"])] = _window(one)


def _window(data: dict[str, Any]) -> HeardWindow:
    return HeardWindow(
        start=data["start"],
        end=data["end"],
        language=Language(**data["language"]),
        segments=tuple(segment_from_dict(segment) for segment in data["segments"]),
        likelihood=data["likelihood"],
    )
