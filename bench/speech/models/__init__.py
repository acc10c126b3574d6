"""Networks of Whisper's real sizes with random weights: the same one in the format of every engine."""

import subprocess
import sys
from pathlib import Path

from bench.speech.cache import cached


def made(size: str, form: str) -> Path:
    """Return the folder of a network of this size in this form: `ctranslate2`, `openai` or `transformers`.

    It is made in a process of its own, so that the one that measures stays small.
    """
    return cached(f"models/{size}/{form}", lambda folder: _make(size, form, folder))


def _make(size: str, form: str, folder: Path) -> None:
    print(f"Making a network of the size {size!r} for {form}.", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "bench.speech.models", size, form, str(folder)], check=True)
