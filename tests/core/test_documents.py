import csv
import io
import re
import zipfile
from datetime import UTC, datetime, timedelta, timezone

import docx
import pytest
from docx.document import Document
from docx.text.paragraph import Paragraph
from hypothesis import given
from hypothesis import strategies as st

from functions.core.jobs.captions import to_tsv
from functions.core.jobs.documents import Heading, to_docx
from functions.core.jobs.results import Segment, Transcript
from tests.builders import NOON, a_transcript

HEADING = Heading("Планёрка <&> 📞", NOON)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def a_conversation(*said: tuple[str | None, str], **changes: object) -> Transcript:
    segments = tuple(
        Segment(id=number, start=number * 5.0, end=number * 5.0 + 4.9996, text=text, speaker=speaker)
        for number, (speaker, text) in enumerate(said)
    )
    return a_transcript(segments=segments, duration=3723.4, **changes)


def read(transcript: Transcript, *, heading: Heading = HEADING, speakers: bool = True) -> Document:
    return docx.Document(io.BytesIO(to_docx(transcript, heading, speakers=speakers)))


def said(paragraph: Paragraph) -> str:
    """What stands behind the time."""
    return "".join(run.text for run in paragraph.runs[1:])


def marks(paragraph: Paragraph) -> str:
    return str(paragraph._p.xml)


def test_a_document_says_what_it_is_about() -> None:
    document = read(a_conversation(("Anna", "one"), language="ru"))

    title, facts, *_ = document.paragraphs
    assert (title.text, title.style and title.style.name) == ("Планёрка <&> 📞", "Title")
    assert facts.text == "2026-11-21 · 1:02:03 · ru"
    assert (document.core_properties.title, document.core_properties.created) == ("Планёрка <&> 📞", NOON)


def test_each_turn_is_a_paragraph_with_its_time_and_its_speaker_in_bold() -> None:
    document = read(a_conversation(("Anna", "One."), ("Anna", "Two."), ("Боб", "Три."), ("Anna", "Four.")))

    turns = document.paragraphs[2:]
    assert [turn.text for turn in turns] == ["0:00  Anna: One. Two.", "0:10  Боб: Три.", "0:15  Anna: Four."]
    assert [[run.text for run in turn.runs if run.bold] for turn in turns] == [["Anna: "], ["Боб: "], ["Anna: "]]


def test_speakers_can_be_left_out() -> None:
    document = read(a_conversation(("Anna", "One."), ("Боб", "Two.")), speakers=False)

    assert [turn.text for turn in document.paragraphs[2:]] == ["0:00  One. Two."]


def test_where_nobody_is_named_a_paragraph_ends_at_a_pause_or_when_it_is_long() -> None:
    spoken = [("a", 0.0, 1.0), ("b", 1.5, 2.0), ("c", 4.0, 5.0), ("d" * 600, 5.0, 6.0), ("e", 6.0, 7.0)]
    segments = tuple(
        Segment(id=number, start=start, end=end, text=text) for number, (text, start, end) in enumerate(spoken)
    )

    document = read(a_transcript(segments=segments))

    assert [said(turn) for turn in document.paragraphs[2:]] == ["a b", f"c {'d' * 600}", "e"]


@pytest.mark.parametrize("text", ["مرحبا بالعالم iPhone", "שלום, מה שלומך? 👍🏽"])
def test_right_to_left_paragraphs_are_marked(text: str) -> None:
    rtl, ltr = read(a_conversation(("Anna", text), ("אנה", "Hello שלום"))).paragraphs[2:]

    assert said(rtl) == f"Anna: {text}"
    assert "<w:bidi/>" in marks(rtl)
    assert [run.font.rtl for run in rtl.runs] == [None, None, True]
    assert "<w:bidi/>" not in marks(ltr)
    assert [run.font.rtl for run in ltr.runs] == [None, True, None]


@pytest.mark.parametrize(
    "text",
    [
        "Нужно проверить «договор»",
        "👩‍👩‍👧‍👦🇩🇪 e\u0301",
        "<b>&amp;</b> ]]> -->",
        "  two  spaces".strip(),
        "私は\u3000昨日",
    ],
)
def test_any_text_comes_through_a_document(text: str) -> None:
    [turn] = read(a_conversation((text, text)), heading=Heading(text, NOON)).paragraphs[2:]

    assert said(turn) == f"{text}: {text}"


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_nothing_that_is_said_breaks_a_document(text: str, speaker: str, title: str) -> None:
    document = read(a_conversation((speaker, text), ("Anna", "end")), heading=Heading(title, NOON))

    assert len(document.paragraphs) >= 3
    kept = "".join(re.findall(r"[^\x00-\x1f\x7f-\x9f\ufffe\uffff\s]", text))
    assert kept in re.sub(r"\s", "", document.paragraphs[2].text)


def test_control_characters_are_removed() -> None:
    assert said(read(a_conversation((None, "a\x00b\x1b[31mc\ufffe\nd"))).paragraphs[2]) == "ab[31mc d"


def test_equal_transcripts_make_equal_bytes() -> None:
    transcript = a_conversation(("Anna", "one"))

    body = to_docx(transcript, HEADING)

    assert body == to_docx(transcript, Heading(HEADING.title, NOON))
    assert zipfile.ZipFile(io.BytesIO(body)).testzip() is None


@pytest.mark.parametrize(
    ("date", "shown"),
    [
        (datetime(2026, 11, 21, 23, 30, tzinfo=timezone(timedelta(hours=3))), "2026-11-21"),
        (datetime(2026, 11, 21, 23, 30), "2026-11-21"),  # noqa: DTZ001 - callers send such ones
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), "0001-01-01"),
        (datetime.max.replace(tzinfo=UTC), "9999-12-31"),
    ],
)
def test_the_date_is_that_of_the_place_where_it_was_recorded(date: datetime, shown: str) -> None:
    assert read(a_conversation(), heading=Heading("a", date)).paragraphs[1].text.startswith(f"{shown} · ")


def test_silence_is_a_document_too() -> None:
    assert [one.text for one in read(a_transcript(), heading=Heading("a", NOON)).paragraphs] == [
        "a",
        "2026-11-21 · 0:00 · en",
    ]


def test_a_table_has_times_in_milliseconds() -> None:
    assert to_tsv(a_conversation((None, "one\ttwo"), (None, "три"))) == (
        "start\tend\ttext\n0\t5000\tone two\n5000\t10000\tтри\n"
    )


def test_a_table_names_speakers_where_there_are_any() -> None:
    table = to_tsv(a_conversation(("Anna\t\n", '"One" <&> -->'), (None, "שלום 👍🏽")))

    rows = list(csv.reader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE))
    assert rows == [
        ["start", "end", "text", "speaker"],
        ["0", "5000", '"One" <&> -->', "Anna"],
        ["5000", "10000", "שלום 👍🏽", ""],
    ]
    assert "Anna" not in to_tsv(a_conversation(("Anna", "One")), speakers=False)


@given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT), max_size=5))
def test_a_table_has_a_row_for_each_segment_whatever_is_said(texts: list[tuple[str, str]]) -> None:
    table = to_tsv(a_conversation(*((speaker, f"-{text}") for speaker, text in texts)))

    rows = list(csv.reader(io.StringIO(table, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE))
    assert len(rows) == len(texts) + 1
    assert len({len(row) for row in rows}) == 1
