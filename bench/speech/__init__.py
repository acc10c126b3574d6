"""How well the speech lane hears, and what it costs, against named peers on the same network."""

from bench.speech import ahead, fairness, limit, long, memory, short
from bench.speech.engines import ENGINES, NOT_INSTALLED
from bench.speech.runs import Choices

MEASUREMENTS = {
    "short": short.measure,
    "long": long.measure,
    "limit": limit.measure,
    "ahead": ahead.measure,
    "memory": memory.measure,
    "fairness": fairness.measure,
}
ACCURACY = "accuracy"
_QUICK = ("short", "long", "limit", "ahead")


def measure() -> None:
    """Print how well the lane hears, and what takes minutes rather than a quarter of an hour of the rest."""
    measure_all((ACCURACY, *_QUICK), Choices())


def measure_all(names: tuple[str, ...], choices: Choices) -> None:
    """Print these measurements."""
    _say_missing(choices)
    for name in names:
        if name == ACCURACY:
            from bench.speech import accuracy  # noqa: PLC0415 (the whole lane: children must not load it)

            accuracy.measure()
            print()
        else:
            MEASUREMENTS[name](choices)


def _say_missing(choices: Choices) -> None:
    missing = {name: ENGINES[name].missing for name in choices.engines}
    for name, reason in missing.items():
        if reason:
            print(f"- left out: {ENGINES[name].title} ({reason})")
    if any(reason.startswith(NOT_INSTALLED) for reason in missing.values()):
        print("\n`make peers` sets up an environment with all peers and measures there.")
    print(flush=True)
