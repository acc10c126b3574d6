import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpu_worker.speech.excerpt import Language
from gpu_worker.speech.spoken_language import Chances, majority, of_window
from gpu_worker.speech.windows import Window

EN = Language(code="en", probability=0.9)
SWITCH = {"ru": 0.95, "en": 0.02, "uk": 0.03}


def window(speech: float = 4.0) -> Window:
    return Window(0.0, np.zeros(96_000, np.float32), ((0.0, speech),))


def test_most_windows_decide() -> None:
    assert majority([{"en": 0.99, "ru": 0.01}, {"en": 0.4, "ru": 0.6}, {"en": 0.3, "ru": 0.7}]).code == "ru"


def test_among_equals_the_surer_one_decides() -> None:
    assert majority([{"en": 0.6, "ru": 0.4}, {"en": 0.1, "ru": 0.9}]).code == "ru"
    assert majority([{"en": 0.95, "ru": 0.05}, {"en": 0.1, "ru": 0.9}]).code == "en"


def test_windows_that_disagree_make_it_less_sure() -> None:
    assert majority([{"en": 0.9}, {"en": 0.8}]).probability == pytest.approx(0.85)
    assert majority([{"en": 0.9}, {"en": 0.8}, {"ru": 1.0}]).probability == pytest.approx(1.7 / 3, abs=1e-4)


chances = st.dictionaries(st.sampled_from(["en", "ru", "de", "ja"]), st.floats(0, 1), min_size=1)
heard = st.lists(chances, min_size=1, max_size=5)


@given(heard=heard)
def test_the_language_is_somebodys_best_and_its_probability_is_one(heard: list[Chances]) -> None:
    language = majority(heard)
    assert language.code in {max(one, key=lambda code: one[code]) for one in heard}
    assert 0 <= language.probability <= 1


@given(heard=heard, code=st.sampled_from(["en", "ru"]))
def test_more_than_half_of_the_windows_always_decide(heard: list[Chances], code: str) -> None:
    sure = [{code: 0.9, "fr": 0.1}] * (len(heard) + 1)
    assert majority([*heard, *sure]).code == code


@given(heard=st.lists(chances, min_size=1, max_size=4), data=st.data())
def test_the_order_of_the_windows_does_not_matter_where_most_agree(heard: list[Chances], data: st.DataObject) -> None:
    windows = [*heard, *([{"en": 0.9}] * (len(heard) + 1))]
    assert majority(data.draw(st.permutations(windows))).code == majority(windows).code


def test_a_window_that_is_clearly_another_language_is_read_in_that() -> None:
    assert of_window(SWITCH, EN, window()) == Language(code="ru", probability=0.95)


@pytest.mark.parametrize(
    ("found", "speech"),
    [
        ({"ru": 0.85, "en": 0.02}, 4.0),
        ({"ru": 0.92, "en": 0.08}, 4.0),
        (SWITCH, 1.9),
        ({"en": 0.99, "ru": 0.01}, 4.0),
    ],
    ids=["not sure", "may be the recording's", "too little speech", "the recording's"],
)
def test_otherwise_it_is_read_in_the_recordings_language(found: Chances, speech: float) -> None:
    assert of_window(found, EN, window(speech)) is EN


@given(found=chances, speech=st.floats(0, 30))
def test_a_window_never_gets_a_language_that_is_less_likely_than_the_recordings(found: Chances, speech: float) -> None:
    language = of_window(found, EN, window(speech))
    assert language is EN or found[language.code] > found.get("en", 0.0)
