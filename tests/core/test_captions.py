from datetime import timedelta

import srt
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from functions.core.jobs.captions import to_srt, to_txt, to_vtt
from functions.core.jobs.results import Segment, Transcript
from tests.builders import a_transcript

TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=40).filter(str.strip)


def transcripts() -> st.SearchStrategy[Transcript]:
    spoken = st.tuples(TEXTS, st.integers(1, 9_000_000), st.none() | st.sampled_from(["Anna", "Иван"]))
    return st.lists(spoken, min_size=1, max_size=6).map(_in_time)


def _in_time(spoken: list[tuple[str, int, str | None]]) -> Transcript:
    segments, at = [], 0
    for number, (text, milliseconds, speaker) in enumerate(spoken):
        segments.append(
            Segment(id=number, start=at / 1000, end=(at + milliseconds) / 1000, text=text.strip(), speaker=speaker)
        )
        at += milliseconds
    return a_transcript(segments=tuple(segments))


@given(transcripts())
def test_srt_is_read_back_by_another_parser(transcript: Transcript) -> None:
    captions = list(srt.parse(to_srt(transcript)))

    assert [one.start for one in captions] == [timedelta(seconds=one.start) for one in transcript.segments]
    assert [one.end for one in captions] == [timedelta(seconds=one.end) for one in transcript.segments]
    assert [one.content for one in captions] == to_txt(transcript).rstrip("\n").split("\n")


@given(transcripts())
def test_vtt_is_read_back_by_another_parser(transcript: Transcript) -> None:
    captions = webvtt.from_string(to_vtt(transcript)).captions

    times = [(one.start_in_seconds, one.end_in_seconds) for one in captions]
    assert len(captions) == len(transcript.segments)
    assert times == [(int(one.start), int(one.end)) for one in transcript.segments]
    assert [one.voice for one in captions] == [one.speaker for one in transcript.segments]


def test_russian_emoji_and_right_to_left_text_stay_whole() -> None:
    transcript = a_transcript("Нужно проверить договор 👍🏽.", "مرحبا بالعالم", "שלום")

    for render in (to_txt, to_srt, to_vtt):
        assert all(segment.text in render(transcript) for segment in transcript.segments)


def test_text_that_looks_like_markup_stays_text_in_vtt() -> None:
    assert "&lt;b&gt; &amp; --&gt;" in to_vtt(a_transcript("<b> & -->"))


def test_a_line_break_does_not_end_a_caption() -> None:
    transcript = a_transcript("one\n\ntwo")

    assert len(list(srt.parse(to_srt(transcript)))) == 1
    assert len(webvtt.from_string(to_vtt(transcript)).captions) == 1


def test_segments_without_text_are_left_out() -> None:
    transcript = a_transcript("one", " ", "three")

    assert [one.index for one in srt.parse(to_srt(transcript))] == [1, 2]


def test_silence_is_a_valid_file() -> None:
    silence = a_transcript()

    assert (to_txt(silence), to_srt(silence), to_vtt(silence)) == ("", "", "WEBVTT\n")


def test_hours_and_rounding_are_right() -> None:
    segment = Segment(id=0, start=3599.9996, end=36000.25, text="late")

    assert "01:00:00,000 --> 10:00:00,250" in to_srt(a_transcript(segments=(segment,)))
