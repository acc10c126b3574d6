import csv
import html
import io
import re
from datetime import timedelta
from itertools import pairwise

import pytest
import srt
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from functions.core.jobs.caption_layout import Layout, blocks
from functions.core.jobs.captions import to_srt, to_tsv, to_txt, to_vtt
from functions.core.jobs.results import Segment, Transcript, Word
from functions.core.jobs.text_units import clusters, one_line, units
from tests.builders import a_transcript

TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=40).filter(str.strip)
HARD_TEXTS = [
    "Нужно проверить договор 👍🏽 до пятницы, «не позже».",
    "مرحبا بالعالم، كيف حالك؟",
    "שלום, מה שלומך?",
    "<b>bold</b> & <i>&amp; --> 00:00:01,000 --> 00:00:02,000",
    "\"quoted\" and 'so' \\ on",
    "👩‍👩‍👧‍👦🇩🇪🇺🇦👨🏿‍🚀 e\u0301a\u0308o\u0302 1️⃣",
    "私は昨日、東京に行きました。そして友達と映画を見た。",
    "สวัสดีครับวันนี้น้ำท่วม",
    "한국어와 한국어",
    "क्षत्रिय हिन्दी में",
]
WORDS = st.one_of(
    st.sampled_from([word for text in HARD_TEXTS for word in text.split()]),
    st.text("abcабв,.!?—", min_size=1, max_size=14),
    st.sampled_from(
        ["東京", "に行きました。", "「はい」", "👨‍👩‍👧", "🇩🇪🇫🇷", "e\u0301\u0302", "กำลัง", "x\u00a0y", "-->"]
    ),
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs"]), min_size=1, max_size=8),
)
LONG_TEXTS = st.lists(WORDS, min_size=1, max_size=40).flatmap(
    lambda words: st.sampled_from([" ", "", "  "]).map(lambda gap: one_line(gap.join(words)))
)
LAYOUTS = st.builds(Layout, st.integers(10, 60), st.integers(1, 5))
SPEAKERS = st.none() | st.sampled_from(["Anna", "Иван", "SPEAKER_00", "A <b> & --> B"])


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


@st.composite
def long_transcripts(draw: st.DrawFn) -> Transcript:
    """Long segments, some of them spoken at once, some with words that need not agree with the text."""
    segments, at = [], 0.0
    for number in range(draw(st.integers(1, 4))):
        at += draw(st.sampled_from([0.0, 0.5, 3.0]))
        text, length = draw(LONG_TEXTS.filter(str.strip)), draw(st.sampled_from([2.5, 8.0, 30.0]))
        words = draw(st.sampled_from([(), _spoken(text, at, length), _spoken(text[3:], at - 1, length + 2)]))
        segments.append(
            Segment(id=number, start=at, end=at + length, text=text, speaker=draw(SPEAKERS), words=tuple(words))
        )
    return a_transcript(segments=tuple(segments))


def _spoken(text: str, start: float, length: float) -> list[Word]:
    words = text.split()
    each = length / max(1, len(words))
    return [
        Word(word=f" {word}", start=start + each * number, end=start + each * (number + 0.9), probability=0.9)
        for number, word in enumerate(words)
    ]


def letters(text: str) -> str:
    return "".join(text.split())


@given(transcripts())
def test_srt_is_read_back_by_another_parser(transcript: Transcript) -> None:
    captions = list(srt.parse(to_srt(transcript)))

    assert [one.start for one in captions] == [timedelta(seconds=one.start) for one in transcript.segments]
    assert [one.end for one in captions] == [timedelta(seconds=one.end) for one in transcript.segments]
    lines = to_txt(transcript).rstrip("\n").split("\n")
    assert [letters(one.content) for one in captions] == [letters(line) for line in lines]


@given(transcripts())
def test_vtt_is_read_back_by_another_parser(transcript: Transcript) -> None:
    captions = webvtt.from_string(to_vtt(transcript)).captions

    times = [(one.start_in_seconds, one.end_in_seconds) for one in captions]
    assert len(captions) == len(transcript.segments)
    assert times == [(int(one.start), int(one.end)) for one in transcript.segments]
    assert [one.voice for one in captions] == [one.speaker for one in transcript.segments]


@given(long_transcripts(), LAYOUTS, st.booleans())
def test_srt_holds_all_that_was_said_in_captions_that_follow_each_other(
    transcript: Transcript, layout: Layout, speakers: bool
) -> None:
    captions = list(srt.parse(to_srt(transcript, layout, speakers=speakers)))

    assert letters("".join(one.content for one in captions)) == letters(to_txt(transcript, speakers=speakers))
    assert all(one.start < one.end for one in captions)
    assert all(one.end <= then.start for one, then in pairwise(captions))
    assert all(len(one.content.split("\n")) <= layout.max_lines for one in captions)


@given(long_transcripts(), LAYOUTS)
def test_vtt_holds_all_that_was_said_and_by_whom(transcript: Transcript, layout: Layout) -> None:
    cues = to_vtt(transcript, layout).split("\n\n")[1:]
    payloads = [cue.split("\n", 1)[1].rstrip("\n") for cue in cues]
    said = [re.fullmatch(r"<v ([^<>]+)>([^<>]*)</v>|([^<>]*)", payload) for payload in payloads]

    assert all(said)
    text = "".join(html.unescape(one[2] or one[3]) for one in said if one)
    assert letters(text) == letters("".join(segment.text for segment in transcript.segments))
    assert not any("-->" in payload for payload in payloads)
    voices = [html.unescape(one[1]) if one and one[1] else None for one in said]
    assert set(voices) == {segment.speaker for segment in transcript.segments}
    assert len(webvtt.from_string(to_vtt(transcript, layout)).captions) == len(cues)


@given(LONG_TEXTS, LAYOUTS)
def test_only_a_word_longer_than_a_line_makes_a_longer_line(text: str, layout: Layout) -> None:
    whole = {text[one.start : one.end] for one in units(text)}

    lines = [line for block in blocks(text, layout) for line in block.lines]

    assert all(len(line) <= layout.max_line_length or line in whole for line in lines)
    assert all(line.strip() for line in lines)
    assert letters("".join(lines)) == letters(text)


@given(LONG_TEXTS, LAYOUTS)
def test_no_cut_goes_through_what_a_reader_sees_as_one_character(text: str, layout: Layout) -> None:
    inside = {at for start, end in clusters(text) for at in range(start + 1, end)}

    assert all(block.start not in inside and block.end not in inside for block in blocks(text, layout))


@pytest.mark.parametrize(
    "one",
    [
        "👩‍👩‍👧‍👦",
        "🇩🇪",
        "👍🏽",
        "e\u0301\u0302",
        "น้ำ",
        "เก",
        "1️⃣",
        "क्ष",
        "각",
        "\u1100\u1161\u11a8",
        "🏴\U000e0067\U000e007f",
    ],
)
def test_what_a_reader_sees_as_one_character_is_one(one: str) -> None:
    assert list(clusters(one * 3)) == [(at * len(one), (at + 1) * len(one)) for at in range(3)]


def test_a_long_segment_is_cut_after_punctuation_into_balanced_lines() -> None:
    text = (
        "The customer agreed on the price on Monday, and then, after a long while, we called Peter about the contract."
    )

    assert [block.lines for block in blocks(text, Layout())] == [
        ("The customer agreed on the", "price on Monday, and then,"),
        ("after a long while,", "we called Peter about the contract."),
    ]


def test_languages_without_spaces_are_cut_too() -> None:
    text = "私は昨日、東京に行きました。そして友達と一緒に映画を見て、美味しいラーメンを食べました。"

    assert [block.lines for block in blocks(text, Layout(16, 1))] == [
        ("私は昨日、東京に行きました。",),
        ("そして友達と一緒に映画を見て、",),
        ("美味しいラーメンを食べました。",),
    ]


def test_captions_are_timed_by_the_words_they_show() -> None:
    words = (("One", 1.0, 1.2), ("two,", 1.2, 1.4), ("and", 7.0, 7.5), ("three.", 7.5, 8.0))
    segment = Segment(
        id=0,
        start=1.0,
        end=9.0,
        text="One two, and three.",
        words=tuple(Word(word=word, start=start, end=end, probability=1.0) for word, start, end in words),
    )

    captions = srt.parse(to_srt(a_transcript(segments=(segment,)), Layout(10, 1)))

    assert [(one.content, one.start.total_seconds(), one.end.total_seconds()) for one in captions] == [
        ("One two,", 1.0, 1.4),
        ("and three.", 7.0, 9.0),
    ]


def test_without_words_time_is_divided_by_length() -> None:
    segment = Segment(id=0, start=0.0, end=3.0, text="aaaaaaaaaa bbbbbbbbbb cccccccccc")

    captions = srt.parse(to_srt(a_transcript(segments=(segment,)), Layout(10, 1)))

    assert [one.start.total_seconds() for one in captions] == [0.0, 1.0, 2.0]


def test_people_who_speak_at_once_are_shown_one_after_the_other() -> None:
    anna = Segment(id=0, start=0.0, end=10.0, text="a" * 40, speaker="Anna")
    bob = Segment(id=1, start=4.0, end=4.5, text="b" * 10, speaker="Bob")
    carl = Segment(id=2, start=9.0, end=12.0, text="c" * 10, speaker="Carl")

    captions = list(srt.parse(to_srt(a_transcript(segments=(anna, bob, carl)), speakers=False)))

    assert [one.start.total_seconds() for one in captions] == [0.0, 7.2, 9.0]
    assert [one.end.total_seconds() for one in captions] == [7.2, 9.0, 12.0]


def test_of_two_who_speak_at_once_for_long_neither_is_shown_for_a_blink_only() -> None:
    anna = Segment(id=0, start=0.0, end=10.0, text="a" * 40, speaker="Anna")
    bob = Segment(id=1, start=0.2, end=12.0, text="b" * 20, speaker="Bob")

    captions = list(srt.parse(to_srt(a_transcript(segments=(anna, bob)), speakers=False)))

    assert [one.start.total_seconds() for one in captions] == [0.0, 8.0]
    assert [one.end.total_seconds() for one in captions] == [8.0, 12.0]


def test_a_moment_too_short_for_its_captions_is_one_caption() -> None:
    segment = Segment(id=0, start=1.0, end=1.002, text="one two three four five six seven")

    captions = list(srt.parse(to_srt(a_transcript(segments=(segment,)), Layout(10, 1))))

    assert [(one.start.total_seconds(), one.end.total_seconds()) for one in captions] == [(1.0, 1.002)]
    assert letters(captions[0].content) == letters(segment.text)


def test_a_speaker_is_named_where_they_begin_to_speak() -> None:
    segments = [
        Segment(id=number, start=number, end=number + 1, text=text, speaker=speaker)
        for number, (speaker, text) in enumerate([("Anna", "one"), ("Anna", "two"), (None, "x"), ("Anna", "three")])
    ]
    transcript = a_transcript(segments=tuple(segments))

    assert to_txt(transcript) == "Anna: one\ntwo\nx\nAnna: three\n"
    assert [one.content for one in srt.parse(to_srt(transcript))] == ["Anna: one", "two", "x", "Anna: three"]
    assert to_vtt(transcript).count("<v Anna>") == 3
    for render in (to_txt, to_srt, to_vtt, to_tsv):
        assert "Anna" not in render(transcript, speakers=False)


def test_a_name_does_not_stand_alone() -> None:
    segment = Segment(id=0, start=0, end=9, text="I really think that we should go now. Yes.", speaker="Anna")

    first = next(iter(srt.parse(to_srt(a_transcript(segments=(segment,)), Layout(20, 1)))))

    assert first.content == "Anna: I really"


@pytest.mark.parametrize("text", HARD_TEXTS)
def test_any_script_and_any_sign_comes_through_every_format(text: str) -> None:
    segment = Segment(id=0, start=0.0, end=4.0, text=text, speaker=text)
    transcript = a_transcript(segments=(segment,))
    wide = Layout(200, 1)

    [rows] = list(csv.DictReader(io.StringIO(to_tsv(transcript)), delimiter="\t", quoting=csv.QUOTE_NONE))
    assert to_txt(transcript) == f"{text}: {text}\n"
    assert [one.content for one in srt.parse(to_srt(transcript, wide))] == [f"{text}: {text}"]
    [cue] = webvtt.from_string(to_vtt(transcript, wide)).captions
    assert html.unescape(re.sub(r"^<v .*?>|</v>$", "", cue.raw_text)) == text
    assert rows == {"start": "0", "end": "4000", "text": text, "speaker": text}


def test_text_that_looks_like_markup_stays_text_in_vtt() -> None:
    assert "&lt;b&gt; &amp; --&gt;" in to_vtt(a_transcript("<b> & -->"))


def test_a_line_break_does_not_end_a_caption() -> None:
    transcript = a_transcript("one\n\ntwo\u2028\u0085three\x00")

    assert [one.content for one in srt.parse(to_srt(transcript))] == ["one two three"]
    assert len(webvtt.from_string(to_vtt(transcript)).captions) == 1


def test_segments_without_text_are_left_out() -> None:
    transcript = a_transcript("one", " ", "three")

    assert [one.index for one in srt.parse(to_srt(transcript))] == [1, 2]


def test_silence_is_a_valid_file() -> None:
    silence = a_transcript()

    assert (to_txt(silence), to_srt(silence), to_vtt(silence)) == ("", "", "WEBVTT\n")
    assert to_tsv(silence) == "start\tend\ttext\n"


def test_hours_and_rounding_are_right() -> None:
    segment = Segment(id=0, start=3599.9996, end=36000.25, text="late")

    assert "01:00:00,000 --> 10:00:00,250" in to_srt(a_transcript(segments=(segment,)))
