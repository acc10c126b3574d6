"""A program of somebody's: talks HTTP and knows nothing of Parley's code."""

import mimetypes
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx

from tests.local_system import eventually

DONE = {"succeeded", "failed", "cancelled"}
PATIENCE = 120.0


class Caller:
    def __init__(self, url: str, credential: str | None = None) -> None:
        headers = {"Authorization": f"Bearer {credential}"} if credential else {}
        self.http = httpx.Client(base_url=url, headers=headers, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.http.close()

    @classmethod
    def registered(cls, url: str) -> Self:
        """Make an account and log in."""
        name, password = f"anna-{uuid4()}", "correct horse battery staple"
        with httpx.Client(base_url=url, timeout=60) as http:
            http.post(
                "/v1/auth/register", json={"username": name, "email": f"{name}@example.com", "password": password}
            ).raise_for_status()
            token = http.post("/v1/auth/login", json={"identifier": name, "password": password}).raise_for_status()
        return cls(url, token.json()["access_token"])

    def announce(self, path: Path, **changes: Any) -> dict[str, Any]:
        """Announce a file."""
        content_type = mimetypes.guess_type(path)[0] or "application/octet-stream"
        body = {"filename": path.name, "size": path.stat().st_size, "content_type": content_type} | changes
        return self.http.post("/v1/recordings", json=body).raise_for_status().json()  # type: ignore[no-any-return]

    def send(self, form: dict[str, Any], body: bytes, **fields: str) -> httpx.Response:
        """Send bytes to a signed form."""
        return httpx.post(form["url"], data=form["fields"] | fields, files={"file": ("f", body)}, timeout=60)

    def upload(self, path: Path, **changes: Any) -> str:
        """Announce and send a file; return the recording's id."""
        announced = self.announce(path, **changes)
        self.send(announced["upload"], path.read_bytes()).raise_for_status()
        return str(announced["recording"]["id"])

    def recording(self, recording_id: str) -> dict[str, Any]:
        """Read a recording."""
        return self.http.get(f"/v1/recordings/{recording_id}").raise_for_status().json()  # type: ignore[no-any-return]

    def settled(self, recording_id: str, *, within: float = PATIENCE) -> dict[str, Any]:
        """Wait until nothing more happens to a recording."""

        def look() -> dict[str, Any] | None:
            seen = self.recording(recording_id)
            is_over = seen["status"] in {"refused", "expired"}
            is_done = seen["jobs"] and all(job["status"] in DONE for job in seen["jobs"])
            return seen if is_over or is_done else None

        return eventually(look, within=within)  # type: ignore[no-any-return]

    def transcript(self, recording_id: str, **query: str) -> httpx.Response:
        """Read a transcript."""
        return self.http.get(f"/v1/recordings/{recording_id}/transcript", params=query)

    def summary(self, recording_id: str) -> httpx.Response:
        """Read a summary."""
        return self.http.get(f"/v1/recordings/{recording_id}/summary")
