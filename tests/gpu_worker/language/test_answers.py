import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.core.jobs.options import Template
from functions.core.jobs.results import Segment
from gpu_worker.language.answers import Draft, read_answer
from gpu_worker.language.brief import Brief
from gpu_worker.language.evidence import Evidence

SAID = ("We decided to move the launch to March 17th.", "The test phones cost six hundred euros.")
EVIDENCE = Evidence([Segment(id=at, start=at, end=at + 1, text=text) for at, text in enumerate(SAID)], "en")
BRIEF = Brief(
    template=Template.GENERAL, spoken="en", language="en", prompt="", questions=("What do the phones cost?", "Why?")
)
TEXTS = st.one_of(
    st.text(max_size=40), st.sampled_from([*SAID, "The launch moves to Mars.", "\ud800", "a\u202eb", "\x00"])
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 5), st.floats(), TEXTS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
ITEMS = st.one_of(
    JSON,
    st.fixed_dictionaries(
        {"text": TEXTS}, optional={"segments": st.lists(st.integers(-1, 3), max_size=3) | JSON, "question": JSON}
    ),
)
ANSWERS = st.fixed_dictionaries(
    {name: st.lists(ITEMS, max_size=4) | JSON for name in ("overview", "bullets", "action_items", "answers")}
)


def read(body: Any) -> Draft:
    return read_answer(json.dumps(body), EVIDENCE, BRIEF)


@given(ANSWERS | JSON)
def test_whatever_a_model_answers_only_what_has_evidence_is_kept(body: Any) -> None:
    draft = read(body)
    kept = (*draft.overview, *draft.bullets, *draft.action_items, *draft.answers.values())
    assert all(one.segments and set(one.segments) <= {0, 1} and one.text for one in kept)
    assert set(draft.answers) <= {0, 1}
    assert all(one.text and one.reason.endswith(".") for one in draft.unproven)
    assert len(draft.unproven) <= draft.dropped
    everything = "".join((*draft.problems, *(one.text for one in (*kept, *draft.unproven))))
    everything.encode()


def test_what_a_reader_does_not_see_is_taken_out() -> None:
    draft = read({"bullets": [{"text": "The launch\u202e moves\ud800 to \x00March\U000e0041 17th.", "segments": [0]}]})
    assert draft.bullets[0].text == "The launch moves to March 17th."


@pytest.mark.parametrize("text", ["- The launch moves.", "• The launch moves.", "The launch moves. [0]"])
def test_marks_of_a_list_and_of_evidence_are_taken_off(text: str) -> None:
    assert read({"bullets": [{"text": text, "segments": [0]}]}).bullets[0].text == "The launch moves."


def test_the_first_answer_to_a_question_counts() -> None:
    one = {"question": 1, "text": "The phones cost 600 euros.", "segments": [1]}
    draft = read({"answers": [one, one | {"text": "The test phones cost six hundred."}]})
    assert draft.answers[0].text == "The phones cost 600 euros."
