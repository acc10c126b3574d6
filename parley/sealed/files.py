"""Files that only their owner may read."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from parley.errors import Failure


def write_private(path: Path, content: dict[str, Any]) -> None:
    """Replace a file in one step: at no time is it half written, or readable by others; raises Failure."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # made with mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(content, file, indent=2)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise Failure(f"Cannot write {path}: {error.strerror}.") from error


def read_private(path: Path) -> dict[str, Any]:
    """Read such a file.

    Raises:
        FileNotFoundError: there is none.
        Failure: it cannot be read or understood, or others can read it too.
    """
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise Failure(f"{path} holds secret keys and can be read by others: chmod 600 {path}")
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Failure(f"Cannot read {path}: {error.strerror}.") from error
    except ValueError as error:
        raise Failure(f"{path} cannot be understood.") from error
    if not isinstance(content, dict):
        raise Failure(f"{path} cannot be understood.")
    return content
