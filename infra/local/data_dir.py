"""The folder that a local system owns: a lock, generated secrets, and what the emulator keeps."""

import fcntl
import json
import os
import secrets
import string
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.local.errors import CannotRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """Made once for a folder, so that tokens and signed addresses outlive a restart."""

    aws_access_key_id: str
    aws_secret_access_key: str
    key_secret: str
    setup_code: str


@contextmanager
def owned(data_dir: Path) -> Iterator[None]:
    """Hold the folder; the kernel lets go of it however this process ends.

    Raises:
        CannotRun: another system holds it.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    # It holds secrets and people's recordings.
    data_dir.chmod(0o700)
    with (data_dir / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CannotRun(
                f"{data_dir} is in use by another Parley (process {lock.read() or 'unknown'}); "
                "stop that one or set another DATA_DIR."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def secrets_of(data_dir: Path) -> Secrets:
    """Read the folder's secrets; make them at the first start."""
    path = data_dir / "secrets.json"
    if not path.exists():
        # Renamed into place, so that a killed start leaves no half a file.
        unfinished = path.with_suffix(".new")
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            json.dump(asdict(_new_secrets()), file, indent=1)
        unfinished.replace(path)
    try:
        return Secrets(**json.loads(path.read_text()))
    except TypeError:
        raise CannotRun(
            f"{data_dir} was made by another version of Parley; set another DATA_DIR, or move this one away."
        ) from None


def _new_secrets() -> Secrets:
    letters = string.ascii_uppercase + "234567"
    return Secrets(
        # The emulator believes whoever names this id (it checks the signatures of roles only), so it is random too.
        aws_access_key_id="AKIA" + "".join(secrets.choice(letters) for _ in range(16)),
        aws_secret_access_key=secrets.token_urlsafe(30),
        key_secret=secrets.token_urlsafe(48),
        setup_code=secrets.token_urlsafe(12),
    )
