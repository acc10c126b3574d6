"""The table that people read says what the one that programs read says."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from functions.core.speech_models import MODELS, ModelFacts

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "transcription.md"
FIRST_COLUMNS: Final = "| name | parameters |"

COLUMNS: Final[dict[str, Callable[[ModelFacts], str]]] = {
    "name": lambda facts: f"`{facts.name}`",
    "parameters": lambda facts: facts.parameters,
    "CPU memory": lambda facts: f"{facts.memory_mb} MB",
    "GPU memory": lambda facts: f"{facts.gpu_memory_mb} MB",
    "speed, large-v3 = 1": lambda facts: f"{facts.speed:g}",
    "languages": lambda facts: str(facts.languages),
    "translates": lambda facts: "yes" if facts.translates else "no",
    "advice": lambda facts: facts.advice,
}


@pytest.fixture(scope="module")
def table() -> list[list[str]]:
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(FIRST_COLUMNS))
    end = lines.index("", start)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:end]]


def test_the_document_lists_all_models_in_the_order_in_which_programs_list_them(table: list[list[str]]) -> None:
    assert [row[0] for row in table[2:]] == [f"`{name}`" for name in MODELS]


@pytest.mark.parametrize("facts", MODELS.values(), ids=MODELS)
def test_the_document_says_of_a_model_what_programs_say(facts: ModelFacts, table: list[list[str]]) -> None:
    (row,) = [row for row in table[2:] if row[0] == f"`{facts.name}`"]

    told = dict(zip(table[0], row, strict=True))

    assert told == {column: told_of(facts) for column, told_of in COLUMNS.items()}


def test_no_repository_serves_two_models() -> None:
    repositories = [facts.repository for facts in MODELS.values()]

    assert len(set(repositories)) == len(repositories)
