from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from functions.core.jobs.results import Segment, Transcript, Word
from gpu_worker.speech.audio import Samples
from gpu_worker.speech.diarization import SpeakersUnknown, Turn
from gpu_worker.speech.voices import with_voices
from tests.builders import a_transcript
from tests.speech_synthesis import SAMPLE_RATE, silence, write_wav

HELLO = a_transcript("Hello.", "Good morning.")
TWO = [Turn(start=0, end=1.5, speaker=4), Turn(start=2, end=3.5, speaker=1)]
ONE = [Turn(start=0, end=4, speaker=0)]


class FakeDiarizer:
    """Knows beforehand who speaks, or that nobody can know."""

    name = "fake"

    def __init__(self, turns: list[Turn] | None = None) -> None:
        self.seconds = 0.0
        self._turns = turns

    def turns(
        self,
        sound: Iterable[Samples],
        *,
        speakers: int | None = None,
        on_progress: Callable[[float, float | None], None],
    ) -> list[Turn]:
        for block in sound:
            self.seconds += len(block) / SAMPLE_RATE
            on_progress(self.seconds, None)
        if self._turns is None:
            raise SpeakersUnknown("This recording is too long to tell its voices apart.")
        return self._turns


def told(
    folder: Path,
    diarizer: FakeDiarizer,
    transcript: Transcript = HELLO,
    *,
    was_asked_for: bool = False,
    on_progress: Callable[[float, float | None], None] = lambda *_: None,
) -> Transcript:
    with write_wav(folder / "a.wav", silence(25)).open("rb") as file:
        file.read()  # somebody has read it before
        return with_voices(transcript, file, diarizer, was_asked_for=was_asked_for, on_progress=on_progress)


def speakers(transcript: Transcript) -> list[str | None]:
    return [segment.speaker for segment in transcript.segments]


def test_two_voices_are_named_and_the_whole_recording_was_heard(tmp_path: Path) -> None:
    diarizer = FakeDiarizer(TWO)
    assert speakers(told(tmp_path, diarizer)) == ["Speaker 1", "Speaker 2"]
    assert diarizer.seconds == 25


def test_a_single_voice_is_named_only_where_somebody_asked(tmp_path: Path) -> None:
    assert told(tmp_path, FakeDiarizer(ONE)) == HELLO
    assert speakers(told(tmp_path, FakeDiarizer(ONE), was_asked_for=True)) == ["Speaker 1", "Speaker 1"]


def test_no_voice_at_all_changes_nothing(tmp_path: Path) -> None:
    assert told(tmp_path, FakeDiarizer([])) == HELLO


@pytest.mark.parametrize("was_asked_for", [False, True])
def test_a_note_says_why_voices_cannot_be_told_apart(was_asked_for: bool, tmp_path: Path) -> None:
    transcript = told(tmp_path, FakeDiarizer(None), was_asked_for=was_asked_for)
    assert transcript.segments == HELLO.segments
    assert transcript.notes == (*HELLO.notes, "This recording is too long to tell its voices apart.")


def test_a_segment_of_two_voices_is_split_and_ids_run_on(tmp_path: Path) -> None:
    words = tuple(
        Word(word=word, start=at, end=at + 0.8, probability=0.9)
        for at, word in ((0.0, "Ready?"), (2.0, "Yes,"), (2.9, "I"), (3.7, "am."))
    )
    both = Segment(id=0, start=0, end=4.5, text="Ready? Yes, I am.", words=words)
    segments = told(tmp_path, FakeDiarizer(TWO), a_transcript(segments=(both,))).segments
    assert [(one.id, one.speaker, one.text) for one in segments] == [
        (0, "Speaker 1", "Ready?"),
        (1, "Speaker 2", "Yes, I am."),
    ]


def test_the_work_may_be_stopped_meanwhile(tmp_path: Path) -> None:
    class StoppedError(Exception):
        pass

    def stop(*_: float | None) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        told(tmp_path, FakeDiarizer(TWO), on_progress=stop)
