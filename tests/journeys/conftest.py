"""One running system for all journeys that don't break it, and a caller with an account."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.caller import Caller
from tests.local_system import LocalSystem, running_system

SETTINGS = {
    # Nothing is fetched: the hub can't be reached, wherever the tests run.
    "HF_HUB_OFFLINE": "1",
    "WHISPER_MODEL": "demo",
    "WHISPER_CPU_THREADS": "1",
    "LEASE_SECONDS": "6",
    "API_AUTH_TOKEN": "operator-key",
    "MAX_UPLOAD_BYTES": "50000000",
}


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    with running_system(tmp_path_factory.mktemp("house") / "data", environ=SETTINGS) as running:
        yield running
        # Each part runs under its own role: what it was refused, AWS would refuse too.
        assert "AccessDenied" not in running.log


@pytest.fixture
def anna(system: LocalSystem) -> Iterator[Caller]:
    with Caller.registered(system.url) as caller:
        yield caller


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
