"""Where models and recordings of the measurements are kept: outside of the repository, made once."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

FOLDER_SETTING: Final = "PARLEY_BENCH_DIR"
# Counted up when anything in the cache is made differently.
_EDITION: Final = "1"


def cached(name: str, make: Callable[[Path], None]) -> Path:
    """Return what is kept under a name; `make` fills a folder with it when it is not there yet."""
    place = _folder() / name
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(dir=place.parent, prefix=".unfinished-"))
        try:
            make(unfinished)
            unfinished.rename(place)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return place


def _folder() -> Path:
    chosen = os.environ.get(FOLDER_SETTING)
    root = Path(chosen).expanduser() if chosen else Path.home() / ".cache" / "parley-bench"
    return root / _EDITION
