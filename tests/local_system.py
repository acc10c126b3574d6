"""Starts the whole local system as `make up` does, for journeys."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from infra.local.settings import REPOSITORY

HEALTHY_WITHIN = 90.0
STOPPED_WITHIN = 60.0
_PASSED_ON = ("PATH", "HOME", "LANG", "HF_HUB_OFFLINE")


@dataclass(frozen=True)
class LocalSystem:
    url: str
    aws_url: str
    data_dir: Path
    supervisor: subprocess.Popen[bytes]
    log_file: Path

    @property
    def log(self) -> str:
        """All that its processes have said so far."""
        return self.log_file.read_text(errors="replace")

    def pids(self, *words: str) -> set[int]:
        """Find its living processes, the supervisor aside, whose command line has all `words`."""
        return {
            pid
            for pid, parent, command in _processes()
            if parent == self.supervisor.pid and all(word in command for word in words)
        }

    @property
    def worker(self) -> int:
        """The worker's process."""
        return self._only("infra.local.leash", "gpu_worker")

    @property
    def emulator(self) -> int:
        """The emulator's process."""
        return self._only("infra.local.emulator")

    def function(self, logical_id: str) -> int:
        """A function's process."""
        return self._only("infra.local.runtime", f'-{logical_id}"')

    def aws(self, service: str) -> Any:
        """A client of its AWS, as root: what tests look at and change behind the house's back."""
        make: Any = boto3.client
        return make(service, region_name="eu-central-1", endpoint_url=self.aws_url, **self.root_credentials())

    def root_credentials(self) -> dict[str, str]:
        """The emulator's root, as keywords of boto3.client."""
        secrets = json.loads((self.data_dir / "secrets.json").read_text())
        return {name: secrets[name] for name in ("aws_access_key_id", "aws_secret_access_key")}

    def stop(self) -> int:
        """Stop it as ctrl-C does; returns its exit status."""
        self.supervisor.send_signal(signal.SIGINT)
        return self.supervisor.wait(STOPPED_WITHIN)

    def kill(self) -> None:
        """Kill everything with -9, all at once."""
        everything = [*self.pids(), self.supervisor.pid]
        for pid in everything:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.supervisor.wait(STOPPED_WITHIN)

    def _only(self, *words: str) -> int:
        return int(eventually(lambda: next(iter(self.pids(*words)), None), within=HEALTHY_WITHIN))


def eventually(look: Callable[[], Any], *, within: float) -> Any:
    """Return what `look` finds as soon as it is true; looks again until `within` seconds have passed."""
    end = time.monotonic() + within
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"nothing within {within} s")
        time.sleep(0.05)


@contextmanager
def running_system(
    data_dir: Path, *, port: int | None = None, environ: Mapping[str, str] | None = None
) -> Iterator[LocalSystem]:
    """Start the system, yield it once it is healthy, and stop it however the test ends."""
    system = start_system(data_dir, port=port, environ=environ)
    try:
        _wait_until_healthy(system)
        yield system
    finally:
        if system.supervisor.poll() is None:
            system.supervisor.send_signal(signal.SIGINT)
            try:
                system.supervisor.wait(STOPPED_WITHIN)
            except subprocess.TimeoutExpired:
                system.kill()
                raise


def start_system(data_dir: Path, *, port: int | None = None, environ: Mapping[str, str] | None = None) -> LocalSystem:
    """Start the system and do not wait for it."""
    data_dir.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment |= {"PORT": str(port), "DATA_DIR": str(data_dir), **(environ or {})}
    log_file = data_dir.with_name(f"{data_dir.name}.log")
    with log_file.open("ab") as log:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "infra.local"],
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # As in a terminal: a signal for it is not one for the tests.
            start_new_session=True,
        )
    return LocalSystem(
        url=f"http://127.0.0.1:{port}",
        aws_url=f"http://127.0.0.1:{port + 1}",
        data_dir=data_dir,
        supervisor=supervisor,
        log_file=log_file,
    )


def free_port() -> int:
    """Find a port that is free together with the one after it."""
    for _ in range(100):
        # Below those that systems hand out by themselves.
        port = random.randrange(20_000, 32_000, 2)
        with (
            suppress(OSError),
            socket.create_server(("127.0.0.1", port)),
            socket.create_server(("127.0.0.1", port + 1)),
        ):
            return port
    raise AssertionError("no free ports")


def is_alive(pid: int) -> bool:
    """Tell whether a process is there and no zombie."""
    return any(pid == found for found, _, _ in _processes())


def _wait_until_healthy(system: LocalSystem) -> None:
    def is_healthy() -> bool:
        assert system.supervisor.poll() is None, f"it ended:\n{system.log}"
        try:
            with urllib.request.urlopen(f"{system.url}/v1/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    try:
        eventually(is_healthy, within=HEALTHY_WITHIN)
    except AssertionError as error:
        raise AssertionError(f"{error}:\n{system.log}") from None


def _processes() -> list[tuple[int, int, str]]:
    answer = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,stat=,args="], check=True, capture_output=True, text=True
    )
    rows = (line.split(None, 3) for line in answer.stdout.splitlines())
    return [(int(row[0]), int(row[1]), row[3]) for row in rows if len(row) == 4 and not row[2].startswith("Z")]
