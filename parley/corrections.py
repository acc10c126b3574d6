"""Correcting transcripts through the API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from parley.transport import Transport, segment, understanding


@dataclass(frozen=True, slots=True)
class Corrected:
    """How much of a transcript people have corrected; `raw` keeps the whole JSON."""

    job_id: str
    raw: dict[str, Any]


class CorrectionCalls(Transport):
    """How transcripts are corrected."""

    def name_speakers(self, recording_id: str, names: Mapping[str, str | None]) -> Corrected:
        """Say what speakers are called, by what the transcript calls them; None takes a name back."""
        path = f"/v1/recordings/{segment(recording_id)}/transcript"
        response = self._ask("PATCH", path, json={"speakers": dict(names)})
        with understanding(response):
            data = response.json()
            return Corrected(job_id=data["job_id"], raw=data)
