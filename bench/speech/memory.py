"""How much memory a recording takes, by its length."""

from typing import Final

from bench.speech import engines
from bench.speech.engines import ENGINES
from bench.speech.recordings import long_recording
from bench.speech.runs import Choices, run
from bench.speech.tables import say_heading, say_table

# Few: this is about memory, and three hours are many windows.
TOKENS: Final = 4
LENGTHS: Final = {"10 min": 1, "1 h": 6, "3 h": 18}
_MEASURED: Final = (engines.STOCK, engines.BATCHED, engines.OURS)


def measure(choices: Choices) -> None:
    """Print the peak for each length, and what is there before the recording is."""
    say_heading(f"Peak memory by length, MiB, {TOKENS} tokens in each window, one round", "memory", choices)
    rows = [_row(name, choices) for name in choices.of(_MEASURED)]
    say_table(("engine", "loaded", *LENGTHS, "CPU s for the longest"), rows)


def _row(name: str, choices: Choices) -> list[str]:
    results = [run(name, [long_recording(times)], choices, tokens=TOKENS) for times in LENGTHS.values()]
    peaks = [f"{result.peak_mib:.0f}" for result in results]
    return [ENGINES[name].title, f"{results[0].loaded_mib:.0f}", *peaks, f"{results[-1].cpu:.1f}"]
