"""Uploads that were interrupted, found again by what is uploaded and what was to be done with it."""

from typing import Final

from parley.answers import PartsUpload, Recording
from parley.client import Api, NewRecording
from parley.errors import Problem

LOOKED_AT: Final = 100
"""Recordings, the newest ones: what is further back is uploaded from its beginning."""


class Unfinished:
    """What the server still waits for. It is asked once, when first needed."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._waiting: list[Recording] | None = None

    def find(self, new: NewRecording) -> tuple[Recording, PartsUpload] | None:
        """Return the recording that the same command has begun to upload, and how far it is; or None."""
        for recording in self._awaited():
            if not _is_same(recording, new):
                continue
            try:
                return recording, self._api.stored_parts(recording.id)
            except Problem as problem:
                # It is not sent in parts, or its time is over.
                if problem.status not in {404, 409}:
                    raise
        return None

    def _awaited(self) -> list[Recording]:
        if self._waiting is None:
            newest, _ = self._api.recordings(limit=LOOKED_AT)
            self._waiting = [one for one in newest if one.status == "awaiting_upload"]
        return self._waiting


def _is_same(recording: Recording, new: NewRecording) -> bool:
    there = recording.raw
    process = [(one.get("kind"), one.get("options")) for one in there.get("process") or ()]
    return (
        (there.get("sha256"), there.get("size"), there.get("filename")) == (new.sha256, new.size, new.filename)
        and there.get("language") == new.language
        and new.title in {None, recording.title}
        and process == [(one.kind, one.options) for one in new.process]
    )
