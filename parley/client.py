"""The HTTP API as typed methods."""

from dataclasses import dataclass

import httpx

from parley.account_calls import AccountCalls
from parley.answers import (
    FormUpload,
    PartsUpload,
    Recording,
    Summary,
    Transcript,
    read_part_urls,
    read_recording,
    read_summary,
    read_transcript,
    read_upload,
)
from parley.transport import once, segment, understanding


@dataclass(frozen=True, slots=True)
class NewRecording:
    """What there is to announce about a file."""

    filename: str
    size: int
    content_type: str
    title: str | None = None
    language: str | None = None
    process: tuple[str, ...] = ()


class Api(AccountCalls):
    """All that the command line asks of a server: recordings here, people in `AccountCalls`."""

    def announce(self, new: NewRecording) -> tuple[Recording, FormUpload | PartsUpload]:
        """Say what will be uploaded; returns where."""
        body = {
            "filename": new.filename,
            "size": new.size,
            "content_type": new.content_type,
            "process": [{"kind": kind, "options": {}} for kind in new.process],
        }
        body |= {name: value for name, value in (("title", new.title), ("language", new.language)) if value}
        response = self._ask("POST", "/v1/recordings", json=body, headers=once())
        with understanding(response):
            data = response.json()
            return read_recording(data["recording"]), read_upload(data["upload"])

    def sign_parts(self, recording_id: str, numbers: list[int]) -> dict[int, str]:
        """Get URLs for parts of a multipart upload, anew or for the first time."""
        path = f"/v1/recordings/{segment(recording_id)}/parts"
        response = self._ask("POST", path, json={"numbers": numbers}, headers=once())
        with understanding(response):
            return read_part_urls(response.json())

    def complete(self, recording_id: str, etags: dict[int, str]) -> None:
        """Finish a multipart upload."""
        body = {"parts": [{"number": number, "etag": etags[number]} for number in sorted(etags)]}
        self._ask("POST", f"/v1/recordings/{segment(recording_id)}/complete", json=body, headers=once())

    def recording(self, recording_id: str) -> Recording:
        """Return a recording with its jobs."""
        response = self._ask("GET", f"/v1/recordings/{segment(recording_id)}")
        with understanding(response):
            return read_recording(response.json())

    def recordings(self, *, limit: int) -> tuple[list[Recording], str | None]:
        """Return the newest `limit` recordings, and the cursor behind them."""
        return self._list("/v1/recordings", read_recording, limit=limit)

    def transcript(self, recording_id: str) -> Transcript:
        """Return what was said."""
        response = self._transcript(recording_id, "json")
        with understanding(response):
            return read_transcript(response.json())

    def transcript_file(self, recording_id: str, form: str) -> bytes:
        """Return the transcript as a file of the given format."""
        return self._transcript(recording_id, form).content

    def summary(self, recording_id: str) -> Summary:
        """Return the summary."""
        response = self._ask("GET", f"/v1/recordings/{segment(recording_id)}/summary")
        with understanding(response):
            return read_summary(response.json())

    def _transcript(self, recording_id: str, form: str) -> httpx.Response:
        return self._ask("GET", f"/v1/recordings/{segment(recording_id)}/transcript", params={"format": form})
