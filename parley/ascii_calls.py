"""What videos were turned into, as the API knows it, and the way of the files to this machine."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import httpx

from parley.answers import Job, read_job
from parley.errors import Failure, Unreachable
from parley.retries import is_transient, why
from parley.transport import Transport, segment, understanding, use_proxies

PAUSES: Final = (1.0, 2.0, 4.0, 8.0)
TIMEOUT: Final = httpx.Timeout(60, connect=10)
ENDINGS: Final[Mapping[str, str]] = {
    "video": ".ascii.mp4",
    "txt": ".ascii.txt.zip",
    "png": ".ascii.png.zip",
    "gif": ".ascii.gif",
    "cast": ".ascii.cast",
}


@dataclass(frozen=True, slots=True)
class AsciiVideo:
    """What a video was turned into; `raw` keeps the whole JSON."""

    frames: int
    columns: int
    rows: int
    engine: str | None
    sizes: dict[str, int]
    """Of the files, in bytes."""
    warnings: tuple[str, ...]
    raw: dict[str, Any]


class AsciiCalls(Transport):
    """What can be asked about videos that become ASCII."""

    def job(self, job_id: str) -> Job:
        """Return a job."""
        response = self._ask("GET", f"/v1/jobs/{segment(job_id)}")
        with understanding(response):
            return read_job(response.json())

    def ascii_video(self, job_id: str) -> AsciiVideo:
        """Return what a job made of a video."""
        response = self._ask("GET", f"/v1/jobs/{segment(job_id)}/result")
        with understanding(response):
            return read_ascii_video(response.json())

    def live_ticket(self) -> tuple[str, str]:
        """Return where the server tells what happens, and the secret that opens one connection there."""
        response = self._ask("POST", "/v1/realtime/ticket", json={})
        with understanding(response):
            answer = response.json()
            return str(answer["url"]), str(answer["ticket"])

    def download(self, job_id: str, name: str, into: Path, *, told: Callable[[int], None]) -> None:
        """Fetch one of its files; one that is there is replaced when the new one is whole.

        Raises:
            Failure: it is not there, cannot be fetched or cannot be written.
        """
        unfinished = into.with_name(f"{into.name}.part")
        try:
            with unfinished.open("wb") as file:
                self._fetch_patiently(job_id, name, file, told)
            unfinished.replace(into)
        except OSError as error:
            raise Failure(f"Cannot write {into}: {error.strerror}.") from error
        finally:
            unfinished.unlink(missing_ok=True)

    def _fetch_patiently(self, job_id: str, name: str, file: BinaryIO, told: Callable[[int], None]) -> None:
        """Go on where it broke off, from an address that is signed anew."""
        for pause in (*PAUSES, None):
            try:
                return self._fetch_rest(self._address(job_id, name), file, told)
            except httpx.TransportError as error:
                if pause is None:
                    raise Unreachable(f"The download broke off {len(PAUSES) + 1} times: {why(error)}.") from error
                self._sleep(pause)
        return None

    def _address(self, job_id: str, name: str) -> str:
        path = f"/v1/jobs/{segment(job_id)}/files/{segment(name)}"
        response = self._ask("GET", path, may_redirect=True)
        if response.next_request is None:
            raise Failure(f"The server names no address of the file {name}. Is --server right?")
        return str(response.next_request.url)

    def _fetch_rest(self, address: str, file: BinaryIO, told: Callable[[int], None]) -> None:
        # That address gets no credential of ours.
        headers = {"Range": f"bytes={file.tell()}-"} if file.tell() else {}
        with (
            httpx.Client(timeout=TIMEOUT, trust_env=use_proxies(address)) as http,
            http.stream("GET", address, headers=headers) as response,
        ):
            if is_transient(response):
                raise httpx.ReadError(f"storage answered {response.status_code}")
            if not response.is_success:
                raise Failure(f"The server's storage answered {response.status_code}. Try again.")
            if response.status_code == httpx.codes.OK:
                file.seek(0)
                file.truncate()
            for chunk in response.iter_bytes():
                file.write(chunk)
                told(file.tell())


def read_ascii_video(data: dict[str, Any]) -> AsciiVideo:
    """Read what a video was turned into; files that this version has never heard of are left where they are."""
    return AsciiVideo(
        frames=int(data["frames"]),
        columns=int(data["columns"]),
        rows=int(data["rows"]),
        engine=data["engine"],
        sizes={name: int(data["files"][name]["bytes"]) for name in ENDINGS if name in data["files"]},
        warnings=tuple(str(one) for one in data["warnings"]),
        raw=data,
    )
