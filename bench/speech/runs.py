"""Starts a process for each measurement and collects what it says."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from bench.speech.engines import ENGINES
from bench.speech.engines.engine import Orders
from bench.speech.models.sizes import SIZES
from bench.speech.recordings import Recording, short_recordings

_LAST_ERRORS: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What `python -m bench.speech` was asked for."""

    model: str = "tiny"
    threads: int = 1
    rounds: int = 2
    engines: tuple[str, ...] = tuple(ENGINES)

    def of(self, names: Iterable[str]) -> list[str]:
        """Name those of the engines that were chosen and are here."""
        return [name for name in names if name in self.engines and not ENGINES[name].missing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one process measured: seconds of the processor and of the clock, MiB, and when each recording was done."""

    cpu: float
    wall: float
    tokens: int
    finished: tuple[float, ...]
    load_seconds: float
    loaded_mib: float
    sampled_mib: float
    peak_mib: float


class EngineFailed(Exception):
    """The process of an engine ended without an answer, or did other work than it was given."""


def best_results(
    names: Sequence[str], recordings: Sequence[Recording], choices: Choices, *, tokens: int
) -> dict[str, Result]:
    """Measure engines in turn, round by round, and keep of each the round that took the least of the processor."""
    best: dict[str, Result] = {}
    for _ in range(choices.rounds):
        for name in names:
            result = run(name, recordings, choices, tokens=tokens)
            best[name] = min(best.get(name, result), result, key=lambda one: one.cpu)
    return best


def run(name: str, recordings: Sequence[Recording], choices: Choices, *, tokens: int) -> Result:
    """Measure one engine once, in a process of its own.

    Raises:
        EngineFailed: it gave no answer, left something out, or said more or less than it was ordered to.
    """
    asked = {
        "engine": name,
        "orders": asdict(_orders(name, choices, tokens)),
        "recordings": [asdict(recording) for recording in recordings],
        "warm_up": asdict(short_recordings()[0]),
    }
    process = subprocess.run(
        [sys.executable, "-m", "bench.speech.child"],
        input=json.dumps(asked, default=str),
        capture_output=True,
        text=True,
        check=False,
        env=_environment(choices.threads),
    )
    if process.returncode:
        raise EngineFailed(f"{name} ended with {process.returncode}:\n{process.stderr[-_LAST_ERRORS:]}")
    result = _checked(name, json.loads(process.stdout.splitlines()[-1]), tokens)
    print(f"{name}: {result.cpu:.2f} s of the processor, {result.wall:.2f} s by the clock", file=sys.stderr)
    return result


def _orders(name: str, choices: Choices, tokens: int) -> Orders:
    return Orders(
        model=ENGINES[name].model(choices.model),
        languages=SIZES[choices.model].languages,
        threads=choices.threads,
        tokens=tokens,
    )


def _environment(threads: int) -> dict[str, str]:
    count = str(threads)
    alone = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), count)
    return os.environ | alone | {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}


def _checked(name: str, answer: dict[str, object], tokens: int) -> Result:
    result = Result(**answer)  # type: ignore[arg-type]
    if None in result.finished:
        raise EngineFailed(f"{name} left recordings out.")
    if result.tokens % tokens:
        raise EngineFailed(f"{name} said {result.tokens} tokens, which are not {tokens} a window.")
    return result
