"""How fast an engine could be at best: the encoder's work, which none can leave out."""

from typing import Final

from bench.speech import engines
from bench.speech.engines import ENGINES
from bench.speech.recordings import Recording, long_recording, short_recordings
from bench.speech.runs import Choices, best_results
from bench.speech.tables import say_heading, say_table

# The encoder says none; a number has to be given.
TOKENS: Final = 1
_MEASURED: Final = (engines.ENCODER, engines.ENCODER_CUT)


def measure(choices: Choices) -> None:
    """Print what the encoder takes for the recordings of `short` and `long`."""
    say_heading("The encoder alone, CPU s", "limit", choices)
    names = choices.of(_MEASURED)
    columns = [_costs(names, recordings, choices) for recordings in (short_recordings(), [long_recording()])]
    rows = [[ENGINES[name].title, *(column[name] for column in columns)] for name in names]
    say_table(("", "32 short recordings", "10 minutes"), rows)


def _costs(names: list[str], recordings: list[Recording], choices: Choices) -> dict[str, str]:
    results = best_results(names, recordings, choices, tokens=TOKENS)
    return {name: f"{result.cpu:.2f}" for name, result in results.items()}
