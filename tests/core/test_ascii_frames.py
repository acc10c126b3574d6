import base64
import json
import random
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.core.jobs.ascii_frames import (
    MOST_DATA,
    MOST_TEXT,
    BadFrame,
    LiveFrame,
    ReadFrame,
    event_of,
    read_event,
    text_of,
)
from functions.core.jobs.ascii_options import Style
from functions.core.realtime.model import FRAME_LIMIT
from functions.core.realtime.push import written
from gpu_worker.pictures.characters import CHARACTERS

VECTORS = json.loads((Path(__file__).parents[1] / "live_frames.json").read_text(encoding="utf-8"))
JOB = "job_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF"


@st.composite
def drawn(draw: st.DrawFn) -> tuple[LiveFrame, str]:
    characters = draw(st.sampled_from(sorted(CHARACTERS.values())))
    columns, rows = draw(st.integers(1, 12)), draw(st.integers(1, 6))
    numbers = st.integers(0, len(characters) - 1)
    glyphs = bytes(draw(st.lists(numbers, min_size=columns * rows, max_size=columns * rows)))
    return LiveFrame(draw(st.integers(0, 10**6)), draw(st.integers(0, 10**8)), columns, rows, glyphs), characters


def noise(columns: int, rows: int) -> LiveFrame:
    return LiveFrame(7, 280, columns, rows, random.Random(1).randbytes(columns * rows))


def packed(text: bytes) -> str:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packer.compress(text) + packer.flush()
    return base64.b64encode(body).decode()


def an_event(**changes: Any) -> dict[str, Any]:
    usual = {"type": "ascii.frame", "job_id": JOB, "frame_number": 3, "milliseconds": 120, "columns": 2, "rows": 2}
    return usual | {"data": packed(b"@.\n.@\n")} | changes


@given(drawn())
def test_what_is_shown_is_what_was_drawn(film: tuple[LiveFrame, str]) -> None:
    frame, characters = film
    event = json.loads(written(event_of(JOB, frame, characters)))
    assert read_event(event) == ReadFrame(frame.number, frame.milliseconds, text_of(frame, characters))
    assert (event["columns"], event["rows"]) == (frame.columns, frame.rows)


def test_the_text_has_the_characters_of_the_style_and_lines() -> None:
    frame = LiveFrame(0, 0, 3, 2, bytes([0, 1, 2, 6, 3, 0]))
    assert text_of(frame, CHARACTERS[Style.DOTS]) == " ∙·\n●∘ \n"


def test_a_number_without_a_character_is_refused() -> None:
    with pytest.raises(ValueError, match="character maps to"):
        text_of(LiveFrame(0, 0, 1, 1, b"\x07"), CHARACTERS[Style.DOTS])


@pytest.mark.parametrize("style", list(CHARACTERS))
def test_no_style_makes_more_text_than_a_reader_takes(style: Style) -> None:
    largest = LiveFrame(0, 0, 240, 240, bytes(240 * 240))
    assert max(len(character.encode()) for character in CHARACTERS[style]) * 240 * 240 + 240 <= MOST_TEXT
    assert read_event(event_of(JOB, largest, CHARACTERS[style])).text.count("\n") == 240


@given(st.integers(1, 240), st.integers(1, 240))
def test_no_event_is_larger_than_a_message(columns: int, rows: int) -> None:
    event = event_of(JOB, noise(columns, rows), CHARACTERS[Style.BRAILLE])
    assert len(written(event)) <= FRAME_LIMIT
    assert read_event(event).milliseconds == 280


def test_what_is_too_large_for_a_message_comes_at_half_the_size() -> None:
    frame = noise(239, 239)
    event = event_of(JOB, frame, CHARACTERS[Style.BRAILLE])
    assert (event["columns"], event["rows"]) == (120, 120)
    lines = text_of(frame, CHARACTERS[Style.BRAILLE]).splitlines()
    assert read_event(event).text.splitlines() == [line[::2] for line in lines[::2]]


def test_what_is_said_beside_the_data_fits_into_the_rest() -> None:
    beside = an_event(frame_number=2**53, milliseconds=2**53, columns=240, rows=240, data="")
    assert len(written(beside)) + MOST_DATA <= FRAME_LIMIT


@pytest.mark.parametrize("vector", VECTORS["frames"], ids=lambda vector: vector["name"])
def test_frames_of_the_vectors_are_read(vector: dict[str, Any]) -> None:
    expected = ReadFrame(vector["event"]["frame_number"], vector["event"]["milliseconds"], vector["text"])
    assert read_event(vector["event"]) == expected


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: vector["name"])
def test_what_the_vectors_call_no_frame_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(BadFrame):
        read_event(vector["event"])


@given(st.one_of(st.binary(max_size=60).map(lambda body: base64.b64encode(body).decode()), st.text(max_size=40)))
def test_no_data_breaks_a_reader(data: str) -> None:
    try:
        frame = read_event(an_event(data=data))
    except BadFrame:
        return
    assert len(frame.text) == 6


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(BadFrame, match="larger"):
        read_event(an_event(data=packed(bytes(100 * MOST_TEXT))))


def test_what_follows_the_data_is_refused() -> None:
    more = base64.b64encode(base64.b64decode(packed(b"@.\n.@\n")) + b"\0").decode()
    with pytest.raises(BadFrame, match="ends"):
        read_event(an_event(data=more))
