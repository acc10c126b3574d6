"""Videos drawn by this machine itself, where the worker's renderer is installed; it runs as a program of its own."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from parley.errors import Failure

NEEDED: Final = ("gpu_worker", "av", "numba", "PIL")
MODULE: Final = "gpu_worker.pictures"


def draw(
    file: Path, into: Path, options: dict[str, Any], *, told: Callable[[float, float | None, int], None]
) -> dict[str, Any]:
    """Draw a video into a folder; `told` learns seconds done, of how many, and frames. Returns what was made.

    Raises:
        Failure: the renderer is not here, or cannot draw this.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise Failure(
            f"--local needs the worker's renderer, and here is no {' and no '.join(missing)}: install "
            "requirements/worker.txt, or leave --local away to have the server draw it."
        )
    command = [sys.executable, "-m", MODULE, str(file), "--into", str(into), "--options", json.dumps(options), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as renderer:  # noqa: S603
        assert renderer.stdout is not None
        try:
            return _heard(renderer.stdout, told)
        except KeyboardInterrupt:
            renderer.send_signal(signal.SIGINT)
            raise


def _heard(lines: Any, told: Callable[[float, float | None, int], None]) -> dict[str, Any]:
    for line in lines:
        with suppress(ValueError):
            said: dict[str, Any] = json.loads(line)
            if "error" in said:
                raise Failure(f"{said['error']['detail']} ({said['error']['code']})")
            if "made" in said:
                made: dict[str, Any] = said["made"]
                return made
            told(said["done"], said["total"], said["frames"])
    raise Failure("The renderer ended without a word; what it wrote stands above.")
