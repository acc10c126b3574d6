"""What the local gateway costs: the same door behind it and under plain uvicorn, in one run."""

import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.local_system import eventually, free_port, running_system

KEY: Final = "bench-operator-key"
PATH: Final = "/v1/auth/check"
ONE_BY_ONE: Final = 400
AT_ONCE: Final = 8
ROUNDS: Final = 3


def measure() -> None:
    """Print medians one by one, requests a second eight at a time, and the ratios."""
    print(f"`GET {PATH}` with an operator key (no AWS call), alternating, best of {ROUNDS} rounds each.\n")
    environment = {"API_AUTH_TOKEN": KEY, "REQUESTS_PER_MINUTE": "0", "WORKER_LANES": "language"}
    with (
        tempfile.TemporaryDirectory() as folder,
        _plain_uvicorn() as plain,
        running_system(Path(folder) / "data", environ=environment) as ours,
    ):
        ports = {"plain uvicorn": plain, "local gateway": int(ours.url.rpartition(":")[2])}
        best = {name: (float("inf"), 0.0) for name in ports}
        for _ in range(ROUNDS):
            for name, port in ports.items():
                median, rate = _median_ms(port), _requests_per_second(port)
                best[name] = (min(best[name][0], median), max(best[name][1], rate))
    print("| | median, one by one | requests/s, 8 at once |\n|---|---|---|")
    for name, (median, rate) in best.items():
        print(f"| {name} | {median:.2f} ms | {rate:.0f} |")
    (plain_ms, plain_rate), (our_ms, our_rate) = best.values()
    print(f"| ratio | {our_ms / plain_ms:.2f} (+{our_ms - plain_ms:.2f} ms) | {our_rate / plain_rate:.2f} |")


@contextmanager
def _plain_uvicorn() -> Iterator[int]:
    port = free_port()
    environment = os.environ | {
        "ACCOUNTS_TABLE": "none",
        "KEY_SECRET": "x" * 32,
        "REQUESTS_PER_MINUTE": "0",
        "API_AUTH_TOKEN": KEY,
        "AWS_DEFAULT_REGION": "eu-central-1",
        "LOG_FORMAT": "console",
    }
    command = [
        "-m",
        "uvicorn",
        "bench.plain_door:app",
        "--port",
        str(port),
        "--no-access-log",
        "--log-level",
        "warning",
    ]
    server = subprocess.Popen([sys.executable, *command], env=environment, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: _answers(port), within=30)
        yield port
    finally:
        server.terminate()
        server.wait(10)


def _answers(port: int) -> bool:
    try:
        return _ask(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) == 200
    except OSError:
        return False


def _ask(connection: http.client.HTTPConnection) -> int:
    connection.request("GET", PATH, headers={"X-API-Key": KEY})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def _median_ms(port: int) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    times = []
    for _ in range(ONE_BY_ONE):
        began = time.perf_counter()
        status = _ask(connection)
        times.append((time.perf_counter() - began) * 1000)
        if status != 200:
            raise RuntimeError(f"answered {status}")
    return statistics.median(times[ONE_BY_ONE // 10 :])


def _requests_per_second(port: int) -> float:
    def ask_many(_: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for _ in range(ONE_BY_ONE // AT_ONCE):
            _ask(connection)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        began = time.perf_counter()
        list(pool.map(ask_many, range(AT_ONCE)))
        return ONE_BY_ONE / (time.perf_counter() - began)
