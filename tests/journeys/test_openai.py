"""A program written for OpenAI's service, with nothing changed but its address and its key."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
import srt
from openai import OpenAI

from tests.journeys.caller import Caller
from tests.speech_synthesis import SAMPLE_RATE, conversation, encode

pytestmark = [
    pytest.mark.journey,
    # OpenAI means to retire its translations; its client warns of that.
    pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning"),
]

ENGLISH = ["Send the invoice to Anna by Friday.", "The meeting is on Tuesday at ten."]
RUSSIAN = ["Менеджер подписал договор в понедельник."]


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


@pytest.fixture
def program(anna: Caller) -> Iterator[OpenAI]:
    key = anna.http.post("/v1/api-keys", json={"name": "program"}).raise_for_status().json()["secret"]
    # On a machine with other work beside, a job may outlast one request; the client's own retries go on waiting.
    with OpenAI(base_url=f"{anna.http.base_url}/v1", api_key=key, max_retries=5) as client:
        yield client


@pytest.fixture
def talk(folder: Path) -> Path:
    return encode(folder / "talk.mp3", conversation(ENGLISH, "en-us"), SAMPLE_RATE)


def test_an_unchanged_program_gets_text_words_and_captions_of_one_recording(
    program: OpenAI, anna: Caller, talk: Path
) -> None:
    plain = program.audio.transcriptions.create(file=talk, model="whisper-1")
    verbose: Any = program.audio.transcriptions.create(
        file=talk, model="whisper-1", response_format="verbose_json", timestamp_granularities=["word", "segment"]
    )
    captions: Any = program.audio.transcriptions.create(file=talk, model="whisper-1", response_format="srt")

    said = words(" ".join(ENGLISH))
    assert words(plain.text) == said
    assert (verbose.language, words(verbose.text)) == ("english", said)
    assert [words(word.word) for word in verbose.words] == [[word] for word in said]
    assert all(0 <= word.start <= word.end <= verbose.duration for word in verbose.words)
    assert words(" ".join(caption.content for caption in srt.parse(captions))) == said
    recordings = anna.http.get("/v1/recordings").json()["items"]
    # Words were asked for in so many words once, and for captions nothing was asked for that the text had not had.
    assert [recording["title"] for recording in recordings] == ["talk"] * 2


def test_an_unchanged_program_hears_a_stream_of_russian(program: OpenAI, folder: Path) -> None:
    meeting = encode(folder / "встреча.ogg", conversation(RUSSIAN, "ru"), SAMPLE_RATE)

    events = list(program.audio.transcriptions.create(file=meeting, model="whisper-1", language="ru", stream=True))

    assert words("".join(event.delta for event in events if event.type == "transcript.text.delta")) == words(RUSSIAN[0])
    assert events[-1].type == "transcript.text.done"


def test_a_translation_reaches_the_model_of_the_house_which_says_that_it_cannot(program: OpenAI, talk: Path) -> None:
    # The one that ships with Parley knows no translation.
    with pytest.raises(openai.BadRequestError, match="'demo' cannot translate") as refused:
        program.audio.translations.create(file=talk, model="whisper-1")

    assert refused.value.param == "model"


def test_an_unchanged_program_reads_its_errors(program: OpenAI, anna: Caller, talk: Path) -> None:
    with pytest.raises(openai.NotFoundError, match="whisper-9"):
        program.audio.transcriptions.create(file=talk, model="whisper-9")
    with pytest.raises(openai.BadRequestError, match="no audio or video"):
        program.audio.transcriptions.create(file=("notes.txt", b"No sound at all."), model="whisper-1")
    with pytest.raises(openai.AuthenticationError):
        program.with_options(api_key="nonsense").models.list()
    damaged = ("damaged.mp3", talk.read_bytes()[:200], "audio/mpeg")
    with pytest.raises(openai.BadRequestError, match="cannot be"):
        program.audio.transcriptions.create(file=damaged, model="whisper-1")


def test_models_can_be_listed(program: OpenAI) -> None:
    assert {"whisper-1", "demo"} <= {model.id for model in program.models.list()}
