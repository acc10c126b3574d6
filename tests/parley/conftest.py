import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parley.fake_server import FakeServer
from tests.parley.terminal import Terminal


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
    assert server.faults == []


@pytest.fixture
def stranger(server: FakeServer, tmp_path: Path) -> Terminal:
    """A terminal that nobody has signed in on."""
    return Terminal(server.state, tmp_path / "config")


@pytest.fixture
def terminal(stranger: Terminal) -> Terminal:
    """A terminal signed in as anna."""
    stranger.sign_in()
    return stranger


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    """Some bytes that call themselves audio."""
    path = tmp_path / "meeting.mp3"
    path.write_bytes(bytes(range(256)) * 2000 + b"\r\n--parley-not-a-boundary--\r\n")
    return path
