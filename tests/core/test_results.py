import json

from functions.core.jobs.results import (
    Statement,
    Summary,
    summary_from_json,
    summary_to_json,
    transcript_from_json,
    transcript_to_json,
)
from tests.builders import a_transcript


def test_a_transcript_comes_back_equal() -> None:
    transcript = a_transcript("Привет 👋", "Hello.", notes=("Made with the demo model.",))

    assert transcript_from_json(transcript_to_json(transcript)) == transcript


def test_a_summary_comes_back_equal() -> None:
    bullet = Statement(text="Да.", segments=(0, 3))
    summary = Summary(
        text="x", bullets=(bullet,), action_items=(bullet,), coverage=0.5, engine="e", language="ru", notes=("n",)
    )

    assert summary_from_json(summary_to_json(summary)) == summary


def test_json_keeps_letters_as_they_are() -> None:
    body = transcript_to_json(a_transcript("Привет 👋"))

    assert "Привет 👋" in body.decode()
    assert json.loads(body)["text"] == "Привет 👋"
