from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.core.jobs.results import Segment, Transcript, Word
from gpu_worker.speech.conversation import Findings, transcript_of
from gpu_worker.speech.excerpt import Language
from gpu_worker.speech.front_end import Place
from gpu_worker.speech.models import SpeechModel, demo_model
from gpu_worker.speech.whisper import HeardWindow

EN = Language(code="en", probability=0.97)
RU = Language(code="ru", probability=0.95)
UNSURE = "The model was unsure of much of this recording; words may be wrong."


def window(
    *segments: Segment, start: float = 0.0, language: Language = EN, likelihood: float | None = -0.3
) -> HeardWindow:
    return HeardWindow(start=start, end=start + 6, language=language, segments=segments, likelihood=likelihood)


def said(text: str, start: float, *, number: int = 0, probability: float = 0.98) -> Segment:
    words = (Word(word=text, start=start, end=start + 1, probability=probability),)
    return Segment(id=number, start=start, end=start + 1, text=text, words=words)


def put_together(heard: dict[Place, HeardWindow], *, asked: str | None = None, **findings: Any) -> Transcript:
    known: dict[str, Any] = {"language": EN, "duration": 60.0, "damage": None, "tracks": None}
    return transcript_of(
        heard, Findings(**known | findings), model=demo_model(), task="transcribe", asked_language=asked
    )


def test_windows_come_one_after_another() -> None:
    transcript = put_together({Place(0, 1): window(said("Two.", 8)), Place(0, 0): window(said("One.", 1))})
    assert [(one.id, one.text, one.speaker) for one in transcript.segments] == [(0, "One.", None), (1, "Two.", None)]
    assert (transcript.language, transcript.language_probability) == ("en", 0.97)


def test_tracks_are_merged_in_order_of_time_with_a_speaker_each() -> None:
    transcript = put_together(
        {
            Place(0, 0): window(said("Hello.", 1), said("How are you?", 4, number=1)),
            Place(1, 0): window(said("Good morning.", 2.5), said("Fine.", 5.5, number=1)),
        },
        tracks=2,
    )
    assert [(one.id, one.speaker, one.text) for one in transcript.segments] == [
        (0, "Speaker 1", "Hello."),
        (1, "Speaker 2", "Good morning."),
        (2, "Speaker 1", "How are you?"),
        (3, "Speaker 2", "Fine."),
    ]


@given(st.tuples(st.text(min_size=1), st.text(min_size=1)))
def test_who_is_known_speaks_under_their_name(names: tuple[str, str]) -> None:
    heard = {Place(track, 0): window(said(f"Track {track}.", track)) for track in range(3)}

    transcript = put_together(heard, tracks=3, names=names)

    assert [one.speaker for one in transcript.segments] == [*names, "Speaker 3"]


def test_names_of_channels_are_not_given_to_what_was_heard_as_one_sound() -> None:
    assert put_together({Place(0, 0): window(said("One.", 1))}, names=("Anna", "Boris")).segments[0].speaker is None


def test_who_speaks_at_once_is_kept_both() -> None:
    heard = {Place(track, 0): window(said(f"Track {track}.", 1)) for track in (1, 0)}
    transcript = put_together(heard, tracks=2)
    assert [one.text for one in transcript.segments] == ["Track 0.", "Track 1."]


placed = st.dictionaries(
    st.builds(Place, st.integers(0, 3), st.integers(0, 5)),
    st.lists(st.floats(0, 60), max_size=4).map(sorted),
    max_size=10,
)


@given(starts=placed)
def test_nothing_is_lost_and_all_is_in_order(starts: dict[Place, list[float]]) -> None:
    heard = {
        place: window(*[said(f"{place} {number}", start, number=number) for number, start in enumerate(times)])
        for place, times in starts.items()
    }
    segments = put_together(heard, tracks=4).segments
    assert [segment.id for segment in segments] == list(range(len(segments)))
    assert sorted(segment.text for segment in segments) == sorted(
        segment.text for one in heard.values() for segment in one.segments
    )
    times = [segment.start for segment in segments]
    assert times == sorted(times)
    for place, one in heard.items():
        own = [segment.text for segment in segments if segment.text.startswith(f"{place} ")]
        assert own == [segment.text for segment in one.segments]


def test_another_language_than_the_recordings_is_marked() -> None:
    transcript = put_together({Place(0, 0): window(said("One.", 1)), Place(0, 1): window(said("Два.", 8), language=RU)})
    assert [one.language for one in transcript.segments] == [None, "ru"]
    assert transcript.language == "en"


def test_where_nothing_was_heard_there_is_no_language_but_one_that_was_asked_for() -> None:
    empty, asked = put_together({}), put_together({}, asked="ru")
    assert (empty.language, empty.language_probability, empty.notes[0]) == (
        "und",
        0.0,
        "No speech was found in this recording.",
    )
    assert asked.language == "ru"


def test_windows_without_words_are_no_speech() -> None:
    transcript = put_together({Place(0, 0): window(likelihood=None)})
    assert transcript.segments == ()
    assert transcript.notes[0] == "No speech was found in this recording."


def test_damage_is_told_first() -> None:
    assert put_together({Place(0, 0): window(said("One.", 1))}, damage="It broke off.").notes[0] == "It broke off."


def test_who_asked_for_channels_of_a_single_one_is_told() -> None:
    one, two = (put_together({Place(0, 0): window(said("One.", 1))}, tracks=tracks).notes for tracks in (1, 2))
    note = "This recording has one channel: its speakers cannot be told apart by channels."
    assert note in one
    assert note not in two


def test_a_language_that_the_model_does_not_know_is_told() -> None:
    assert "The model 'demo' does not know the language 'de' that was asked for." in put_together({}, asked="de").notes
    assert not any("does not know" in note for note in put_together({}, asked="ru").notes)


def test_the_notes_of_the_model_come_last() -> None:
    assert put_together({}).notes[-len(demo_model().notes) :] == demo_model().notes


@pytest.mark.parametrize(("probability", "is_unsure"), [(0.6, True), (0.9, False)])
def test_unsure_words_are_told(probability: float, is_unsure: bool) -> None:
    notes = put_together({Place(0, 0): window(said("One.", 1, probability=probability))}).notes
    assert (UNSURE in notes) is is_unsure


@pytest.mark.parametrize(("likelihood", "is_unsure"), [(-0.9, True), (-0.5, False), (None, False)])
def test_without_words_the_likelihood_of_the_text_is_told(likelihood: float | None, is_unsure: bool) -> None:
    wordless = Segment(id=0, start=1, end=2, text="One.")
    assert (UNSURE in put_together({Place(0, 0): window(wordless, likelihood=likelihood)}).notes) is is_unsure


def test_a_transcript_tells_its_model_and_task() -> None:
    model = SpeechModel(name="small", folder=demo_model().folder)
    findings = Findings(language=RU, duration=3.5, damage=None, tracks=None)
    heard = {Place(0, 0): window(said("One.", 1), language=RU)}
    transcript = transcript_of(heard, findings, model=model, task="translate", asked_language=None)
    assert (transcript.model, transcript.task, transcript.duration) == ("small", "translate", 3.5)
