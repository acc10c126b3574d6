"""Many short recordings of several users: where padding to 30 s costs the most."""

from typing import Final

from bench.speech import engines
from bench.speech.recordings import SHORT, USERS, short_recordings
from bench.speech.runs import Choices, best_results
from bench.speech.tables import say_costs, say_heading

TOKENS: Final = 25
_MEASURED: Final = (
    engines.OPENAI,
    engines.TRANSFORMERS,
    engines.TRANSFORMERS_BATCHED,
    engines.STOCK,
    engines.BATCHED,
    engines.OURS,
)


def measure(choices: Choices) -> None:
    """Print what all engines take for them."""
    title = f"{SHORT} recordings of 3 to 10 s of {len(USERS)} users, {TOKENS} tokens each"
    say_heading(title, "short", choices)
    say_costs(best_results(choices.of(_MEASURED), short_recordings(), choices, tokens=TOKENS))
