"""Fifty clients that announce, upload, list and read for a minute, against the local system."""

import json
import statistics
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.local_system import LocalSystem, eventually, running_system

CLIENTS: Final = 50
SECONDS: Final = 60
KEY: Final = "bench-operator-key"
WAV: Final = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(20_000)


@dataclass
class Load:
    """What fifty clients have seen."""

    times: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    uploaded: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, name: str, status: int, milliseconds: float) -> None:
        """Take note of an answer."""
        with self.lock:
            self.statuses[status] += 1
            self.times.setdefault(name, []).append(milliseconds)


def say_load() -> None:
    """Print how long they waited, and whether each upload got one job."""
    environment = {"API_AUTH_TOKEN": KEY, "REQUESTS_PER_MINUTE": "0", "WORKER_LANES": "language"}
    with (
        tempfile.TemporaryDirectory() as folder,
        running_system(Path(folder) / "data", environ=environment) as system,
    ):
        load = Load()
        end = time.monotonic() + SECONDS
        with ThreadPoolExecutor(CLIENTS) as pool:
            for client_number in range(CLIENTS):
                pool.submit(_one_client, system, load, end, client_number)
        jobs = eventually(lambda: _jobs_if_all_are_there(system, len(load.uploaded)), within=120)
    broken = sum(count for status, count in load.statuses.items() if status >= 500)
    print(f"\n{CLIENTS} clients for {SECONDS} s against the local system on this machine, no worker:\n")
    print("| request | count | p50 | p99 |\n|---|---|---|---|")
    for name, times in load.times.items():
        cuts = statistics.quantiles(times, n=100)
        print(f"| {name} | {len(times)} | {cuts[49]:.0f} ms | {cuts[98]:.0f} ms |")
    recordings = Counter(job["recording_id"] for job in jobs)
    lost = set(load.uploaded) - set(recordings)
    doubled = [one for one, count in recordings.items() if count > 1]
    print(
        f"\nAnswers by status: {dict(sorted(load.statuses.items()))}; 5xx: {broken}. "
        f"{len(load.uploaded)} uploads, {len(lost)} without their job, {len(doubled)} with more than one."
    )


def _one_client(system: LocalSystem, load: Load, end: float, number: int) -> None:
    """Upload, list, read, over and over."""
    turn = 0
    while time.monotonic() < end:
        turn += 1
        body = {
            "filename": f"{number}-{turn}.wav",
            "size": len(WAV),
            "content_type": "audio/wav",
            "process": [{"kind": "transcribe"}],
        }
        announced = _ask(system, load, "announce", "POST", "/v1/recordings", body)
        if announced is None:
            continue
        recording = announced["recording"]["id"]
        if _upload(announced["upload"], load):
            with load.lock:
                load.uploaded.append(recording)
        _ask(system, load, "list", "GET", "/v1/recordings?limit=25")
        _ask(system, load, "details", "GET", f"/v1/recordings/{recording}")
        _ask(system, load, "jobs", "GET", "/v1/jobs?limit=25")


def _ask(  # noqa: PLR0913, PLR0917 - a request, and where to note what came of it
    system: LocalSystem, load: Load, name: str, method: str, path: str, body: Any = None
) -> Any:
    request = urllib.request.Request(  # noqa: S310 - loopback
        system.url + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
    )
    began = time.perf_counter()
    answer, status = None, 0
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            status, answer = response.status, json.load(response)
    except urllib.error.HTTPError as error:
        status = error.code
    except OSError:
        status = 599  # no answer at all
    load.note(name, status, (time.perf_counter() - began) * 1000)
    return answer


def _upload(form: dict[str, Any], load: Load) -> bool:
    boundary = "bench"
    parts = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in form["fields"].items()
    )
    file = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    body = (parts + file).encode() + WAV + f"\r\n--{boundary}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    began = time.perf_counter()
    try:
        with urllib.request.urlopen(urllib.request.Request(form["url"], body, kind), timeout=60) as response:  # noqa: S310
            status = response.status
    except urllib.error.HTTPError as error:
        status = error.code
    except OSError:
        status = 599
    load.note("upload into storage", status, (time.perf_counter() - began) * 1000)
    return status < 300


def _jobs_if_all_are_there(system: LocalSystem, expected: int) -> list[Any] | None:
    jobs, cursor = list[Any](), ""
    while True:
        request = urllib.request.Request(  # noqa: S310
            f"{system.url}/v1/jobs?limit=100{cursor}", headers={"Authorization": f"Bearer {KEY}"}
        )
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            page = json.load(response)
        jobs += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    return jobs if len({job["recording_id"] for job in jobs}) >= expected else None
