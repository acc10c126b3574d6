"""How much sound one core prepares: no model is given more, however fast the GPU that it runs on."""

from typing import Final

from bench.speech import engines
from bench.speech.engines import ENGINES
from bench.speech.recordings import LONG_SECONDS, long_recording
from bench.speech.runs import Choices, best_results
from bench.speech.tables import say_heading, say_table

# There is no model here to say any; a number has to be given.
TOKENS: Final = 1
_MEASURED: Final = (engines.AHEAD_STOCK, engines.AHEAD)


def measure(choices: Choices) -> None:
    """Print what ten minutes take before the model sees them, and how many times real time that is on one core."""
    say_heading("Ahead of the model, one recording of 10 minutes", "ahead", choices)
    results = best_results(choices.of(_MEASURED), [long_recording()], choices, tokens=TOKENS)
    rows = [
        (ENGINES[name].title, f"{result.cpu:.2f}", f"{LONG_SECONDS / result.cpu:.0f}", f"{result.peak_mib:.0f}")
        for name, result in results.items()
    ]
    say_table(("", "CPU s", "× real time", "peak MiB"), rows)
