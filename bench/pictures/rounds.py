"""Methods measured in turns, so that what else this machine does hits all alike."""

import resource
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Method = Callable[[], int]
"""Does its work once; returns how many frames it did."""


@dataclass(frozen=True, slots=True)
class Spent:
    """On one frame, in the median of all rounds; and as a share of what the first method took in the same round."""

    cpu_ms: float
    frames_per_second: float
    cpu_ratio: float
    wall_ratio: float


def in_turns(methods: Mapping[str, Method], *, rounds: int) -> dict[str, Spent]:
    """Run each method once to warm up, then all in turns; the first is what the others are compared to."""
    for method in methods.values():
        method()
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in methods}
    for _ in range(rounds):
        for name, method in methods.items():
            taken[name].append(_once(method))
    first = taken[next(iter(methods))]
    return {name: _spent(times, first) for name, times in taken.items()}


def _once(method: Method) -> tuple[float, float]:
    cpu, wall = _cpu(), time.perf_counter()
    frames = method()
    return (_cpu() - cpu) * 1000 / frames, (time.perf_counter() - wall) * 1000 / frames


def _spent(times: list[tuple[float, float]], first: list[tuple[float, float]]) -> Spent:
    return Spent(
        cpu_ms=statistics.median(cpu for cpu, _ in times),
        frames_per_second=1000 / statistics.median(wall for _, wall in times),
        cpu_ratio=statistics.median(one[0] / other[0] for one, other in zip(times, first, strict=True)),
        wall_ratio=statistics.median(one[1] / other[1] for one, other in zip(times, first, strict=True)),
    )


def _cpu() -> float:
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)
