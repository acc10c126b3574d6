"""The speech models that we know, for people who choose: one table for the API, the command line and the worker.

Parameters: https://github.com/openai/whisper#available-models-and-languages. Memory is that of the weights in int8, and
in float16 what a GPU holds; a worker needs about 200 MB besides.
"""

from dataclasses import dataclass
from typing import Any, Final

WHISPER_PROMPT_CHARACTERS: Final = 800
"""Whisper reads 224 tokens of what came before, and English has about four characters to a token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """One row. `speed` relative to large-v3 on the same machine; `languages` how many it knows."""

    name: str
    repository: str | None
    """Where it comes from; None for the one that ships with Parley."""
    parameters: str
    memory_mb: int
    """In int8, which is what a CPU runs."""
    gpu_memory_mb: int
    """In float16 with a batch of eight windows."""
    speed: float
    languages: int
    translates: bool
    """Whether it can write English while another language is spoken."""
    advice: str


def _row(name: str, repository: str | None, *facts: Any) -> ModelFacts:
    parameters, memory_mb, gpu_memory_mb, speed, languages, translates, advice = facts
    return ModelFacts(
        name=name,
        repository=repository,
        parameters=parameters,
        memory_mb=memory_mb,
        gpu_memory_mb=gpu_memory_mb,
        speed=speed,
        languages=languages,
        translates=translates,
        advice=advice,
    )


_SYSTRAN: Final = "Systran/faster-whisper-"

MODELS: Final = {
    row.name: row
    for row in (
        _row("tiny", f"{_SYSTRAN}tiny", "39 M", 80, 600, 10, 99, True, "Fastest; for clear speech on weak machines."),
        _row("base", f"{_SYSTRAN}base", "74 M", 115, 800, 7, 99, True, "Fast, with fewer errors than tiny."),
        _row("small", f"{_SYSTRAN}small", "244 M", 285, 1600, 4, 99, True, "The best choice without a GPU."),
        _row("medium", f"{_SYSTRAN}medium", "769 M", 800, 3200, 2, 99, True, "Accurate; slow without a GPU."),
        _row("large-v2", f"{_SYSTRAN}large-v2", "1550 M", 1600, 6000, 1, 99, True, "Accurate in many languages; GPU."),
        _row("large-v3", f"{_SYSTRAN}large-v3", "1550 M", 1600, 6000, 1, 100, True, "The most accurate; needs a GPU."),
        _row(
            "large-v3-turbo",
            "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
            *("809 M", 850, 3500, 8, 100, False, "The best choice with a GPU: nearly large-v3, many times faster."),
        ),
        _row(
            "distil-large-v3",
            "Systran/faster-distil-whisper-large-v3",
            *("756 M", 800, 3300, 6, 1, False, "English only; fast and accurate on a GPU."),
        ),
        _row(
            "demo",
            None,
            *("1.3 M", 10, 200, 500, 2, False),
            "Comes with Parley; knows 164 words of synthesised speech. For trying out.",
        ),
    )
}
