"""One long recording."""

from typing import Final

from bench.speech import engines
from bench.speech.recordings import long_recording
from bench.speech.runs import Choices, best_results
from bench.speech.tables import say_costs, say_heading

TOKENS: Final = 100
_MEASURED: Final = (
    engines.OPENAI,
    engines.TRANSFORMERS,
    engines.TRANSFORMERS_BATCHED,
    engines.STOCK,
    engines.STOCK_VAD,
    engines.BATCHED,
    engines.BATCHED_VAD,
    engines.OURS,
)


def measure(choices: Choices) -> None:
    """Print what all engines take for ten minutes. Those that leave pauses out have fewer windows to fill."""
    say_heading(f"One recording of 10 minutes, {TOKENS} tokens in each window", "long", choices)
    say_costs(best_results(choices.of(_MEASURED), [long_recording()], choices, tokens=TOKENS))
