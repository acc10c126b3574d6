"""The HTTP API as typed methods."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from parley.account_calls import AccountCalls
from parley.answers import (
    Announced,
    Job,
    PartsUpload,
    Recording,
    SignedPart,
    Summary,
    Transcript,
    read_announced,
    read_job,
    read_recording,
    read_signed_parts,
    read_stored_parts,
    read_summary,
    read_transcript,
)
from parley.ascii_calls import AsciiCalls
from parley.calls.api import CallCalls
from parley.corrections import CorrectionCalls
from parley.deletions import DeletionCalls
from parley.locations import LocationCalls
from parley.presets import PresetCalls
from parley.searching import SearchCalls
from parley.shares import ShareCalls
from parley.stats import StatsCalls
from parley.system import SystemCalls
from parley.transport import once, segment, understanding
from parley.webhooks import WebhookCalls


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something to do with a recording."""

    kind: str
    options: dict[str, Any] = field(default_factory=dict)
    preset: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as the server takes it."""
        named = {} if self.preset is None else {"preset": self.preset}
        return {"kind": self.kind, "options": self.options} | named


@dataclass(frozen=True, slots=True)
class NewRecording:
    """What there is to announce about a file."""

    filename: str
    size: int
    content_type: str
    title: str | None = None
    language: str | None = None
    process: tuple[Wanted, ...] = ()
    sha256: str | None = None
    again: bool = False
    """Also where the same bytes are there already."""

    def as_json(self) -> dict[str, Any]:
        """Return it as the server takes it."""
        body: dict[str, Any] = {
            "filename": self.filename,
            "size": self.size,
            "content_type": self.content_type,
            "process": [wanted.as_json() for wanted in self.process],
            # Where it comes in parts, storage then holds each of them against what we have read.
            "part_checksums": True,
        }
        perhaps = {
            "title": self.title,
            "language": self.language,
            "sha256": self.sha256,
            "allow_duplicate": self.again,
        }
        return body | {name: value for name, value in perhaps.items() if value}


class Api(
    AccountCalls,
    SystemCalls,
    LocationCalls,
    SearchCalls,
    StatsCalls,
    DeletionCalls,
    WebhookCalls,
    PresetCalls,
    ShareCalls,
    CorrectionCalls,
    AsciiCalls,
    CallCalls,
):
    """All that the command line asks of a server: recordings here, the rest in what it is made of."""

    def announce(self, new: NewRecording) -> Announced:
        """Say what will be uploaded; returns where."""
        response = self._ask("POST", "/v1/recordings", json=new.as_json(), headers=once())
        with understanding(response):
            return read_announced(response.json())

    def sign_parts(self, recording_id: str, checksums: Mapping[int, str]) -> dict[int, SignedPart]:
        """Learn where parts go, by their numbers and checksums, anew or for the first time."""
        path = f"/v1/recordings/{segment(recording_id)}/parts"
        response = self._ask("POST", path, json={"parts": _parts(checksums)}, headers=once())
        with understanding(response):
            return read_signed_parts(response.json())

    def stored_parts(self, recording_id: str) -> PartsUpload:
        """Return how far an upload in parts is."""
        response = self._ask("GET", f"/v1/recordings/{segment(recording_id)}/parts")
        with understanding(response):
            return read_stored_parts(response.json())

    def complete(self, recording_id: str, checksums: Mapping[int, str]) -> None:
        """Have the parts put together."""
        path = f"/v1/recordings/{segment(recording_id)}/complete"
        self._ask("POST", path, json={"parts": _parts(checksums)}, headers=once())

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

    def retry(self, job_id: str) -> Job:
        """Have a job done once more that came to nothing; returns the new one."""
        response = self._ask("POST", f"/v1/jobs/{segment(job_id)}/retry", headers=once())
        with understanding(response):
            return read_job(response.json())

    def jobs(self, *, limit: int, filters: Mapping[str, str] | None = None) -> tuple[list[Job], str | None]:
        """Return the newest `limit` jobs, or of those that `filters` find, and the cursor behind them."""
        return self._list("/v1/jobs", read_job, limit=limit, params=dict(filters or {}))

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

    def recordings(self, *, limit: int, filters: Mapping[str, str] | None = None) -> tuple[list[Recording], str | None]:
        """Return the newest `limit` recordings, or of those that `filters` find, and the cursor behind them."""
        return self._list("/v1/recordings", read_recording, limit=limit, params=dict(filters or {}))

    def transcript(self, recording_id: str) -> Transcript:
        """Return what was said."""
        response = self._transcript(recording_id, "json")
        with understanding(response):
            return read_transcript(response.json())

    def transcript_file(  # noqa: PLR0913 - all that can be said of its look
        self,
        recording_id: str,
        form: str,
        *,
        max_line_length: int | None = None,
        max_lines: int | None = None,
        speakers: bool = True,
        original: bool = False,
    ) -> bytes:
        """Return the transcript as a file of the given format, captions laid out as wanted or as the server does.

        `original`: without what people have corrected.
        """
        look = {
            "max_line_length": max_line_length,
            "max_lines": max_lines,
            "speakers": None if speakers else "false",
            "version": "original" if original else None,
        }
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


def _parts(checksums: Mapping[int, str]) -> list[dict[str, Any]]:
    return [{"number": number, "checksum_sha256": checksum} for number, checksum in sorted(checksums.items())]
