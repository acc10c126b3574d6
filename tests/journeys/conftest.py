"""One running system for all journeys that don't break it, and a caller with an account."""

from collections.abc import Iterator
from contextlib import contextmanager
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
    # All callers come from one address; test_accounts.py tries the limits.
    "AUTH_CALLS_PER_MINUTE": "0",
    "MAX_UPLOAD_BYTES": "50000000",
}


@contextmanager
def watched_system(folder: Path, **changes: str) -> Iterator[LocalSystem]:
    """Run a system; each part runs under its own role, and what it was refused, AWS would refuse too."""
    with running_system(folder / "data", environ=SETTINGS | changes) as running:
        yield running
        assert "AccessDenied" not in running.log


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    with watched_system(tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.fixture
def anna(system: LocalSystem) -> Iterator[Caller]:
    with Caller.registered(system.url) as caller:
        yield caller


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
