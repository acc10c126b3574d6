"""What a process knows in which videos are opened: nothing that opens anything else.

Imported for its effect, by the process that those are forked from, before anything else: they share its memory.
"""

import ctypes
import os
import sys
from collections.abc import Mapping
from typing import Final

KEPT: Final = frozenset({"HOME", "LANG", "LD_LIBRARY_PATH", "PATH", "TMPDIR", "TZ", "XDG_CACHE_HOME"})
KEPT_GROUPS: Final = ("LC_", "NUMBA_", "PYTHON")


def harmless(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that hold no secret and lead nowhere."""
    return {name: value for name, value in environ.items() if name in KEPT or name.startswith(KEPT_GROUPS)}


def forget_the_rest() -> None:
    """Remove all other variables from this process, for good."""
    for name in os.environ.keys() - harmless(os.environ).keys():
        _wipe(name)
        del os.environ[name]
    # One thread each: those of a library would not live through the fork.
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"


def _wipe(name: str) -> None:
    """Overwrite a value where the kernel shows it in /proc/PID/environ; taking it out of the list leaves it there."""
    if sys.platform != "linux":
        return
    getenv = ctypes.CDLL(None).getenv
    getenv.argtypes, getenv.restype = [ctypes.c_char_p], ctypes.c_void_p
    where = getenv(os.fsencode(name))
    if where:
        ctypes.memset(where, 0, len(ctypes.string_at(where)))


if sys.argv[:1] == ["-c"]:
    # So the fork server is started; whoever else imports this module keeps what he has.
    forget_the_rest()
