"""Functions that are compiled when they are first called, and kept beside their file after that."""

from collections.abc import Callable
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


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile for the machine; other threads run meanwhile."""
    return cast("Callable[P, R]", numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def part(function: Callable[P, R]) -> Callable[P, R]:
    """Compile what only kernels call; without a way in from Python it takes half the time."""
    return cast("Callable[P, R]", numba.njit(**_INNER)(function))
