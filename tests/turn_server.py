"""A coturn for tests, with the configuration that installations get."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from socket import create_connection
from typing import Final

import pytest

from infra.local.settings import REPOSITORY
from tests.local_system import eventually, free_port

CONFIGURATION: Final = REPOSITORY / "infra" / "turn" / "turnserver.conf"
SECRET: Final = "a secret that is no secret"


@dataclass(frozen=True)
class TurnServer:
    """One that runs."""

    port: int
    log_file: Path

    @property
    def settings(self) -> dict[str, str]:
        """What a system is told of it."""
        return {
            "TURN_URLS": f"turn:127.0.0.1:{self.port}?transport=udp",
            "TURN_SECRETS": SECRET,
            "ICE_POLICY": "relay",
        }

    @property
    def log(self) -> str:
        """What it has said."""
        return self.log_file.read_text(errors="replace")


@contextmanager
def turn_server(folder: Path) -> Iterator[TurnServer]:
    """Run one on this machine's loopback, which no installation's may relay to."""
    program = shutil.which("turnserver")
    if program is None:
        pytest.fail("There is no coturn: install it (Debian: apt install coturn).", pytrace=False)
    server = TurnServer(port=free_port(), log_file=folder / "turn.log")
    overrides = {
        "listening-ip": "127.0.0.1",
        "relay-ip": "127.0.0.1",
        "allowed-peer-ip": "127.0.0.1",
        "listening-port": str(server.port),
        "static-auth-secret": SECRET,
        "realm": "parley.test",
        "userdb": str(folder / "turn.sqlite"),
        "pidfile": str(folder / "turn.pid"),
        "log-file": "stdout",
    }
    command = [program, "-c", str(CONFIGURATION), *(f"--{name}={value}" for name, value in overrides.items())]
    switches = ["--allow-loopback-peers", "--no-tls", "--no-dtls", "--simple-log"]
    with server.log_file.open("wb") as log:
        process = subprocess.Popen([*command, *switches], cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        eventually(lambda: _is_there(process, server), within=15)
        yield server
    finally:
        process.terminate()
        process.wait(15)


def _is_there(process: subprocess.Popen[bytes], server: TurnServer) -> bool:
    assert process.poll() is None, f"coturn ended:\n{server.log}"
    with suppress(OSError), create_connection(("127.0.0.1", server.port), timeout=1):
        return True
    return False
