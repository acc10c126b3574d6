"""`python -m bench.speech.child`: the process that holds one engine. Orders come as JSON, and so does the answer."""

import json
import resource
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench.speech.engines import ENGINES
from bench.speech.engines.engine import Engine, Orders
from bench.speech.recordings import Recording

_SAMPLED_EVERY: Final = 0.05
_PAGE: Final = resource.getpagesize()
_MEMORY_NOW: Final = Path("/proc/self/statm")
_MEMORY_PEAK: Final = Path("/proc/self/status")
_MIB: Final = 1024 * 1024


def main() -> None:
    """Load, warm up, measure, answer."""
    asked = json.load(sys.stdin)
    recordings = [_recording(row) for row in asked["recordings"]]
    entry = ENGINES[asked["engine"]]
    began = time.perf_counter()
    engine = entry.load(Orders(**asked["orders"] | {"model": Path(asked["orders"]["model"])}))
    _warm_up(engine, _recording(asked["warm_up"]))
    loaded = {"load_seconds": time.perf_counter() - began, "loaded_mib": _memory_now()}
    engine.prepare(recordings)
    print(json.dumps(loaded | _measured(engine, recordings) | {"peak_mib": _memory_peak()}))


def _recording(row: dict[str, Any]) -> Recording:
    return Recording(path=Path(row["path"]), user=row["user"], seconds=row["seconds"])


def _warm_up(engine: Engine, recording: Recording) -> None:
    engine.prepare([recording])
    for _ in engine.transcribe([recording]):
        pass


def _measured(engine: Engine, recordings: Sequence[Recording]) -> dict[str, Any]:
    finished: list[float | None] = [None] * len(recordings)
    tokens = 0
    with _sampled_memory() as memory:
        processor, began = _processor_seconds(), time.perf_counter()
        for done in engine.transcribe(recordings):
            finished[done.place] = time.perf_counter() - began
            tokens += done.tokens
        wall, processor = time.perf_counter() - began, _processor_seconds() - processor
    return {"cpu": processor, "wall": wall, "tokens": tokens, "finished": finished, "sampled_mib": max(memory)}


def _processor_seconds() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


@contextmanager
def _sampled_memory() -> Iterator[list[float]]:
    samples = [_memory_now()]
    over = threading.Event()

    def sample() -> None:
        while not over.wait(_SAMPLED_EVERY):
            samples.append(_memory_now())

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    try:
        yield samples
    finally:
        over.set()
        sampler.join()


def _memory_now() -> float:
    if not _MEMORY_NOW.exists():
        return _memory_peak()
    return int(_MEMORY_NOW.read_text(encoding="ascii").split()[1]) * _PAGE / _MIB


def _memory_peak() -> float:
    """Give the peak of this program. Linux counts the parent's before the start of it into `getrusage`."""
    if _MEMORY_PEAK.exists():
        lines = _MEMORY_PEAK.read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / _MIB if sys.platform == "darwin" else peak / 1024


if __name__ == "__main__":
    main()
