from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpu_worker.speech.excerpt import Excerpt, Language
from gpu_worker.speech.readings import Reading, better, compression, loop_start, without_loop
from gpu_worker.speech.windows import Window

FIRST_TIME = 1000


def reading(text: str = "We agreed.", *, seconds: float = 2.0, **changes: Any) -> Reading:
    window = Window(0.0, np.zeros(32_000, np.float32), ((0.0, seconds),))
    defaults: dict[str, Any] = {
        "excerpt": Excerpt(window=window, features=np.zeros((80, 300), np.float32)),
        "language": Language(code="en", probability=1.0),
        "tokens": tuple(range(len(text))),
        "first_time": FIRST_TIME,
        "text": text,
        "likelihood": -0.2,
        "no_speech": 0.0,
    }
    return Reading(**defaults | changes)


def test_a_healthy_reading_is_neither_suspicious_nor_incredible() -> None:
    assert not reading().is_suspicious
    assert reading().is_credible


@pytest.mark.parametrize(
    "changes",
    [
        {"was_cut_off": True},
        {"text": "The offer is late. " * 8},
        {"tokens": (7, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2)},
        {"seconds": 0.5, "text": "nobody can say so much"[:23] + " in half"},
        {"likelihood": -1.01},
    ],
    ids=["cut off", "compressible", "loop", "too fast", "unlikely"],
)
def test_signs_of_trouble_make_a_reading_suspicious(changes: dict[str, Any]) -> None:
    assert reading(**changes).is_suspicious


def test_an_unlikely_nothing_is_not_worth_a_second_reading() -> None:
    assert not reading("", likelihood=-9.0).is_suspicious


def test_what_people_repeat_is_no_loop() -> None:
    assert not reading("No, no, no!", tokens=(5, 6, 5, 6, 5, 8)).repeats_itself
    assert not reading("Four in a row.", tokens=(1, 5, 6, 5, 6, 5, 6, 5, 6, 9)).repeats_itself


def test_two_numbers_have_to_agree_that_nobody_spoke() -> None:
    assert not reading(no_speech=0.7, likelihood=-1.1).is_credible
    assert reading(no_speech=0.7, likelihood=-0.9).is_credible
    assert reading(no_speech=0.5, likelihood=-1.1).is_credible


def test_a_phantom_is_believed_only_where_somebody_speaks() -> None:
    assert reading("Thank you!", seconds=1.2).is_credible
    assert not reading("Thank you!", seconds=0.8).is_credible
    assert not reading("Спасибо за просмотр.", seconds=5, no_speech=0.7).is_credible
    assert reading("Thank you, Anna!", seconds=0.8).is_credible


def test_no_text_is_not_credible() -> None:
    assert not reading("").is_credible


def test_of_two_readings_the_likelier_is_better_unless_it_repeats_itself_or_is_empty() -> None:
    likely, unlikely = reading(likelihood=-0.1), reading(likelihood=-0.9)
    loop = reading("no " * 9, tokens=(5,) * 9, likelihood=-0.01)
    nothing = reading("", likelihood=0.0)
    assert better(unlikely, likely) is better(likely, unlikely) is likely
    assert better(loop, unlikely) is better(unlikely, loop) is unlikely
    assert better(nothing, loop) is better(loop, nothing) is loop


def test_of_equal_readings_the_first_is_kept() -> None:
    first, second = reading(), reading()
    assert better(first, second) is first


phrases = st.lists(st.integers(0, 50), min_size=1, max_size=12, unique=True)
beginnings = st.lists(st.integers(100, 200), max_size=20, unique=True)


@given(beginning=beginnings, phrase=phrases, times=st.integers(5, 9), rest=beginnings)
def test_a_loop_is_found_wherever_it_begins(
    beginning: list[int], phrase: list[int], times: int, rest: list[int]
) -> None:
    assert loop_start([*beginning, *phrase * times, *rest]) == len(beginning) + len(phrase)


@given(beginning=beginnings, phrase=phrases, times=st.integers(1, 4), rest=beginnings)
def test_fewer_repeats_are_no_loop(beginning: list[int], phrase: list[int], times: int, rest: list[int]) -> None:
    assert loop_start([*beginning, *phrase * times, *rest]) is None


@given(beginning=beginnings, phrase=phrases, times=st.integers(5, 9), data=st.data())
def test_times_between_the_phrases_do_not_hide_a_loop(
    beginning: list[int], phrase: list[int], times: int, data: st.DataObject
) -> None:
    text = [*beginning, *phrase * times]
    stamps = data.draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
    tokens = [
        token
        for number, (one, is_timed) in enumerate(zip(text, stamps, strict=True))
        for token in ([FIRST_TIME + number, one] if is_timed else [one])
    ]
    cut = without_loop(reading(tokens=tuple(tokens)))
    assert [token for token in cut.tokens if token < FIRST_TIME] == [*beginning, *phrase]


@given(tokens=st.lists(st.integers(0, 3), max_size=60))
def test_a_cut_loop_is_a_beginning_of_the_text_and_no_loop(tokens: list[int]) -> None:
    whole = reading(tokens=tuple(tokens))
    cut = without_loop(whole)
    assert tuple(tokens[: len(cut.tokens)]) == cut.tokens
    assert loop_start(cut.tokens) is None
    assert bool(cut.tokens) == bool(tokens)


def test_a_reading_without_a_loop_stays_itself() -> None:
    whole = reading()
    assert without_loop(whole) is whole


@given(text=st.text(max_size=200))
def test_repeating_a_text_makes_it_shrink_more(text: str) -> None:
    assert compression("") == 0
    assert compression(text * 30) >= compression(text)


def test_suspicion_does_not_depend_on_the_script() -> None:
    for text in ("Нужно проверить договор завтра.", "明日契約を確認する必要があります。", "Καλημέρα σας, κύριε."):
        assert not reading(text, seconds=2.0).is_suspicious
        assert reading(text * 8, seconds=20.0).is_suspicious


def test_nothing_but_times_is_no_loop() -> None:
    assert not replace(reading(), tokens=(FIRST_TIME,) * 20).repeats_itself
