"""How long somebody with one recording waits behind somebody with many."""

from dataclasses import replace
from itertools import cycle, islice
from typing import Final

from bench.speech import engines
from bench.speech.engines import ENGINES
from bench.speech.recordings import Recording, short_recordings
from bench.speech.runs import Choices, Result, run
from bench.speech.short import TOKENS
from bench.speech.tables import say_heading, say_table

MANY: Final = 200
_MEASURED: Final = (engines.STOCK, engines.OURS)


def measure(choices: Choices) -> None:
    """Print when the one recording is done, and when all are, in seconds after all came in."""
    title = f"{MANY} short recordings of one user, then one of another, one round"
    say_heading(title, "fairness", choices)
    recordings = [*_crowd(), _single()]
    results = {name: run(name, recordings, choices, tokens=TOKENS) for name in choices.of(_MEASURED)}
    rows = [_row(name, result) for name, result in results.items()]
    say_table(("engine", "the one done after, s", "all done after, s", "waited for of the work"), rows)


def _crowd() -> list[Recording]:
    return [replace(recording, user="crowd") for recording in islice(cycle(short_recordings()), MANY)]


def _single() -> Recording:
    return replace(short_recordings()[0], user="single")


def _row(name: str, result: Result) -> list[str]:
    single, last = result.finished[-1], max(result.finished)
    return [ENGINES[name].title, f"{single:.2f}", f"{last:.2f}", f"{single / last:.1%}"]
