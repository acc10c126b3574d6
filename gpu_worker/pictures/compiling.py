"""Functions that are compiled when they are first called, and kept after that."""

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")

# Numba's types know only some of its options.
_INNER: Final[dict[str, Any]] = {
    "cache": True,
    "nogil": True,
    "error_model": "numpy",
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}
_CONFIG: Final[Any] = numba.config
_ASKED_FOR: Final[str] = _CONFIG.CACHE_DIR
"""NUMBA_CACHE_DIR, where it is set."""


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile for the machine; other threads run meanwhile."""
    _keep_beside(function)
    return cast("Callable[P, R]", numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def part(function: Callable[P, R]) -> Callable[P, R]:
    """Compile what only kernels call; without a way in from Python it takes half the time."""
    _keep_beside(function)
    return cast("Callable[P, R]", numba.njit(**_INNER)(function))


def _keep_beside(function: Callable[..., Any]) -> None:
    """Choose where it is kept: numba looks there when it decorates, and elsewhere if nothing can be written there.

    By itself it compiles anew when the file of a kernel has changed, but not when one has whose parts it has built in.
    So what is kept is known by all files of the folder.
    """
    folder = Path(function.__code__.co_filename).parent
    root = Path(_ASKED_FOR) if _ASKED_FOR else folder / "__pycache__"
    _CONFIG.CACHE_DIR = str(root / f"kernels-{_fingerprint(folder)}")


@functools.cache
def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
