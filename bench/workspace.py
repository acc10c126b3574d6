"""What a route costs with 100 recordings in the table and with 100,000, and fifty clients at once for a minute."""

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import boto3

from functions.core.accounts.model import Role, User
from functions.core.aws import client
from functions.core.clock import utc_now
from functions.core.jobs.model import Kind, Status
from functions.core.jobs.store import Jobs
from functions.core.recordings.model import Process, RecordingStatus, Work
from functions.core.recordings.store import Recordings
from functions.core.table import TRANSACTION_LIMIT, DynamoTable, Put
from infra.local.resources.aws import Aws
from infra.local.settings import REPOSITORY
from infra.local.stack import make_data_only
from infra.local.template import parameter_values, read_template
from tests.builders import a_job, a_recording
from tests.house import House
from tests.local_system import LocalSystem, eventually, free_port, running_system

SIZES: Final = ((10, 10), (1_000, 100))
"""Users, and recordings of each."""
CALLS: Final = 200
CLIENTS: Final = 50
SECONDS: Final = 60
KEY: Final = "bench-operator-key"
REGION: Final = "eu-central-1"
WAV: Final = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(20_000)
TITLES: Final = ("Встреча с клиентом", "Call with Anna", "Звонок", "Follow-up", "Договор №{}")


def measure() -> None:
    """Print what each route costs at either size, and what became of a minute's load."""
    _say_routes()
    _say_load()


def _say_routes() -> None:
    print(
        "Real handlers and the real DynamoDB client in this process, against an emulator in another one that holds "
        f"all in memory. {CALLS} calls each; who calls is known from memory.\n"
    )
    measured = {users * each: _routes_at(users, each) for users, each in SIZES}
    (small, few), (large, many) = measured.items()
    print(f"| route | DynamoDB calls | {small} recordings: p50 / p99 | {large:,}: p50 / p99 | ratio of p50 |")
    print("|---|---|---|---|---|")
    for name, one in few.items():
        other = many[name]
        ratio = other.p50 / one.p50
        print(
            f"| {name} | {other.calls:g} | {one.p50:.1f} / {one.p99:.1f} ms "
            f"| {other.p50:.1f} / {other.p99:.1f} ms | {ratio:.2f} |"
        )


@dataclass(frozen=True)
class Cost:
    """Of one route: milliseconds, and calls of DynamoDB."""

    p50: float
    p99: float
    calls: float


def _routes_at(users: int, each: int) -> dict[str, Cost]:
    with _emulator() as aws:
        template = read_template(REPOSITORY / "template.yaml")
        names = make_data_only(aws, template, parameter_values(template, ours={"Stage": "bench"}, environ={}))
        table = DynamoTable(names["LibraryTable"])
        house = House(library_table=table)  # type: ignore[arg-type]
        owners = [house.a_known_user() for _ in range(users)]
        admin = house.a_known_user(role=Role.ADMIN)
        return _costs(house, admin, _fill(table, owners, each))


def _fill(table: DynamoTable, owners: list[User], each: int) -> list[tuple[User, str, str]]:
    """Put recordings with a finished job each into the table; returns whose they are, and their ids."""
    recordings, jobs = Recordings(table, clock=utc_now), Jobs(table, clock=utc_now)
    ids, puts = list[tuple[User, str, str]](), list[Put]()
    for number in range(each):
        for owner in owners:
            job = a_job(owner_id=owner.id, status=Status.SUCCEEDED, result_key="results/x")
            recording = a_recording(
                owner_id=owner.id,
                title=random.choice(TITLES).format(number),  # noqa: S311
                stored_status=RecordingStatus.UPLOADED,
                work=Work.DONE,
                location_id=f"loc_{number % 20}",
                job_ids=(job.id,),
                process=(Process(Kind.TRANSCRIBE),),
            )
            puts += [recordings._recordings.put(recording), jobs.put(job)]  # noqa: SLF001
            ids.append((owner, recording.id, job.id))
    chunks = [puts[start : start + TRANSACTION_LIMIT] for start in range(0, len(puts), TRANSACTION_LIMIT)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda chunk: table.write(*chunk), chunks))
    return ids


def _costs(house: House, admin: User, ids: list[tuple[User, str, str]]) -> dict[str, Cost]:
    clients = {owner.id: house.client(owner) for owner, _, _ in ids[:: max(1, len(ids) // CALLS)]}
    theirs = [(clients[owner.id], recording, job) for owner, recording, job in ids if owner.id in clients]
    admins = house.client(admin)
    upload = {"filename": "a.m4a", "size": 1000, "content_type": "audio/mp4"}
    routes: dict[str, Callable[[Any, str, str], Any]] = {
        "list mine": lambda me, _, __: me.get("/v1/recordings"),
        "list mine, text in title": lambda me, _, __: me.get("/v1/recordings", params={"q": "встреча"}),
        "list all": lambda _, __, ___: admins.get("/v1/recordings", params={"scope": "all"}),
        "list all of a location": lambda _, __, ___: admins.get(
            "/v1/recordings", params={"scope": "all", "location_id": "loc_7"}
        ),
        "details": lambda me, recording, _: me.get(f"/v1/recordings/{recording}"),
        "job status": lambda me, _, job: me.get(f"/v1/jobs/{job}"),
        "list jobs": lambda me, _, __: me.get("/v1/jobs"),
        "announce": lambda me, _, __: me.post("/v1/recordings", json=upload),
        "edit": lambda me, recording, _: me.patch(f"/v1/recordings/{recording}", json={"title": "Другое"}),
        "delete": lambda me, recording, _: me.delete(f"/v1/recordings/{recording}"),
        "statistics": lambda me, _, __: me.get("/v1/recordings/stats"),
    }
    calls = _count_calls()
    costs = {}
    for name, route in routes.items():
        times, before = [], calls.total()
        for _ in range(CALLS):
            one = theirs.pop() if name == "delete" and len(theirs) > 1 else random.choice(theirs)  # noqa: S311
            began = time.perf_counter()
            answer = route(*one)
            times.append((time.perf_counter() - began) * 1000)
            if answer.status_code >= 400 and name != "delete":
                raise SystemExit(f"{name}: {answer.status_code} {answer.text}")
        cuts = statistics.quantiles(times, n=100)
        costs[name] = Cost(cuts[49], cuts[98], round((calls.total() - before) / CALLS, 2))
    return costs


def _count_calls() -> Counter[str]:
    calls: Counter[str] = Counter()

    def count(model: Any, **_: Any) -> None:
        calls[model.name] += 1

    client("dynamodb").meta.events.register("before-call.dynamodb", count)
    return calls


@contextmanager
def _emulator() -> Iterator[Aws]:
    """Start the emulator without any keeping of its state, and point this process at it."""
    port = free_port()
    ours = {"GATEWAY_PORT": str(port), "LOG_LEVEL": "ERROR", "MINISTACK_REGION": REGION, "SFTP_ENABLED": "0"}
    server = subprocess.Popen([sys.executable, "-m", "ministack"], env=os.environ | ours, stdout=subprocess.DEVNULL)
    there = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
    }
    before = dict(os.environ)
    os.environ |= there
    client.cache_clear()
    try:
        eventually(lambda: _is_listening(port), within=30)
        yield Aws(boto3.Session(), REGION, there["AWS_ENDPOINT_URL"])
    finally:
        server.terminate()
        server.wait(10)
        os.environ.clear()
        os.environ.update(before)
        client.cache_clear()


def _is_listening(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=1):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


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


def _say_load() -> None:
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
