"""The HTTP API as typed methods."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from parley.account_calls import AccountCalls
from parley.answers import (
    FormUpload,
    Job,
    PartsUpload,
    Recording,
    Summary,
    Transcript,
    read_job,
    read_part_urls,
    read_recording,
    read_summary,
    read_transcript,
    read_upload,
)
from parley.system import SystemCalls
from parley.transport import once, segment, understanding


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something to do with a recording."""

    kind: str
    options: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return it as the server takes it."""
        return {"kind": self.kind, "options": self.options}


@dataclass(frozen=True, slots=True)
class NewRecording:
    """What there is to announce about a file."""

    filename: str
    size: int
    content_type: str
    title: str | None = None
    language: str | None = None
    process: tuple[Wanted, ...] = ()


class Api(AccountCalls, SystemCalls):
    """All that the command line asks of a server: recordings here, the rest in what it is made of."""

    def announce(self, new: NewRecording) -> tuple[Recording, FormUpload | PartsUpload]:
        """Say what will be uploaded; returns where."""
        body = {
            "filename": new.filename,
            "size": new.size,
            "content_type": new.content_type,
            "process": [wanted.as_json() for wanted in new.process],
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

    def start(self, recording_id: str, wanted: Wanted) -> Job:
        """Have something done with a recording that is there."""
        body = {"recording_id": recording_id} | wanted.as_json()
        response = self._ask("POST", "/v1/jobs", json=body, headers=once())
        with understanding(response):
            return read_job(response.json())

    def cancel(self, job_id: str) -> Job:
        """Cancel a job."""
        response = self._ask("POST", f"/v1/jobs/{segment(job_id)}/cancel", headers=once())
        with understanding(response):
            return read_job(response.json())

    def job_transcript(self, job_id: str) -> Transcript:
        """Return what a job heard, be it the recording's newest transcript or not."""
        response = self._fetch(f"/v1/jobs/{segment(job_id)}/result")
        with understanding(response):
            return read_transcript(response.json())

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

    def transcript_file(
        self,
        recording_id: str,
        form: str,
        *,
        max_line_length: int | None = None,
        max_lines: int | None = None,
        speakers: bool = True,
    ) -> bytes:
        """Return the transcript as a file of the given format, captions laid out as wanted or as the server does."""
        look = {"max_line_length": max_line_length, "max_lines": max_lines, "speakers": None if speakers else "false"}
        wanted = {name: str(value) for name, value in look.items() if value is not None}
        return self._transcript(recording_id, form, **wanted).content

    def summary(self, recording_id: str) -> Summary:
        """Return the summary."""
        response = self._ask("GET", f"/v1/recordings/{segment(recording_id)}/summary")
        with understanding(response):
            return read_summary(response.json())

    def _transcript(self, recording_id: str, form: str, **look: str) -> httpx.Response:
        path = f"/v1/recordings/{segment(recording_id)}/transcript"
        return self._fetch(path, params={"format": form} | look)
