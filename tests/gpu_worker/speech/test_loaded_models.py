from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_worker.speech.loaded_models import IDLE_SECONDS, LoadedModels
from gpu_worker.speech.models import ModelUnavailable, SpeechModel

SMALL = SpeechModel(name="small", folder=Path("/models/small"))
MEDIUM = SpeechModel(name="medium", folder=Path("/models/medium"))
LARGE = SpeechModel(name="large", folder=Path("/models/large"))
MODELS = (SMALL, MEDIUM, LARGE)


class FakeEngine:
    def __init__(self, model: SpeechModel) -> None:
        self.model = model


class Shelf:
    """Loads what exists, and counts."""

    def __init__(self, *, most: int) -> None:
        self.now = 0.0
        self.loaded: list[str] = []
        self.in_memory_at_load: list[list[str]] = []
        self.broken: set[str] = set()
        self.models = LoadedModels(self._load, most=most, clock=lambda: self.now)

    def _load(self, model: SpeechModel) -> Any:
        self.in_memory_at_load.append(self.models.names)
        if model.name in self.broken:
            raise ModelUnavailable(f"The model {model.name!r} is broken.")
        self.loaded.append(model.name)
        return FakeEngine(model)


def test_a_model_is_loaded_once() -> None:
    shelf = Shelf(most=2)

    first, second = shelf.models.get(SMALL), shelf.models.get(replace(SMALL))

    assert first is second
    assert shelf.loaded == ["small"]


def test_the_one_that_was_used_longest_ago_makes_room() -> None:
    shelf = Shelf(most=2)
    for model in (SMALL, MEDIUM, SMALL, LARGE):
        shelf.models.get(model)

    assert shelf.models.names == ["small", "large"]
    assert shelf.loaded == ["small", "medium", "large"]


def test_room_is_made_before_the_next_one_is_loaded() -> None:
    shelf = Shelf(most=1)
    for model in MODELS:
        shelf.models.get(model)

    assert shelf.in_memory_at_load == [[], [], []]


# Every unloading collects garbage, which takes its time.
@settings(max_examples=10)
@given(st.integers(1, 3), st.lists(st.sampled_from(MODELS), max_size=12))
def test_the_last_used_are_in_memory_in_order_of_use(most: int, used: list[SpeechModel]) -> None:
    shelf = Shelf(most=most)
    for model in used:
        assert shelf.models.get(model).model == model

    newest_first = list(dict.fromkeys(model.name for model in reversed(used)))
    assert shelf.models.names == newest_first[:most][::-1]


def test_who_was_idle_for_long_is_let_go_but_not_the_one_that_is_kept() -> None:
    shelf = Shelf(most=3)
    shelf.models.get(SMALL)
    shelf.models.get(MEDIUM)
    shelf.now = IDLE_SECONDS
    shelf.models.get(LARGE)
    shelf.models.let_idle_go(keep=SMALL)
    assert shelf.models.names == ["small", "medium", "large"]

    shelf.now = IDLE_SECONDS + 1
    shelf.models.let_idle_go(keep=SMALL)

    assert shelf.models.names == ["small", "large"]


def test_every_use_counts_against_idleness() -> None:
    shelf = Shelf(most=2)
    shelf.models.get(SMALL)
    shelf.models.get(MEDIUM)
    shelf.now = IDLE_SECONDS
    shelf.models.get(MEDIUM)

    shelf.now = 2 * IDLE_SECONDS
    shelf.models.let_idle_go(keep=SMALL)

    assert shelf.models.names == ["small", "medium"]


def test_who_was_let_go_is_loaded_again_when_needed() -> None:
    shelf = Shelf(most=2)
    shelf.models.get(MEDIUM)
    shelf.now = IDLE_SECONDS + 1
    shelf.models.let_idle_go(keep=SMALL)

    shelf.models.get(MEDIUM)

    assert shelf.loaded == ["medium", "medium"]


@pytest.mark.parametrize("most", [1, 2])
def test_a_model_that_cannot_be_loaded_leaves_nothing_half_done(most: int) -> None:
    shelf = Shelf(most=most)
    shelf.models.get(SMALL)
    shelf.broken = {"large"}
    for _ in range(2):
        with pytest.raises(ModelUnavailable, match="large"):
            shelf.models.get(LARGE)

    assert "large" not in shelf.models.names
    shelf.now = IDLE_SECONDS + 1
    shelf.models.let_idle_go(keep=SMALL)
    assert shelf.models.get(SMALL).model == SMALL

    shelf.broken = set()
    assert shelf.models.get(LARGE).model == LARGE
