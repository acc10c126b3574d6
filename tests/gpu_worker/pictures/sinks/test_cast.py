import json
from fractions import Fraction
from typing import Any

import numpy as np
import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.core.jobs.ascii_video import File
from gpu_worker.pictures.atlas import Atlas
from gpu_worker.pictures.grid import Grid
from gpu_worker.pictures.sinks.cast import CastSink
from tests.gpu_worker.pictures.sinks import scenes

_WHERE = scenes.layout([8] * 30, [16] * 8)
_COLOURS = {"text_color": "#fa8207", "bg_color": "#033c5a"}


def _recorded(frames: list[Grid], end: Fraction | int = 1, *, drawn: Atlas | None = None, **options: Any) -> list[Any]:
    outputs = scenes.Outputs()
    sink = CastSink(scenes.scene(_WHERE, drawn=drawn, outputs=outputs, **_COLOURS, **options))
    assert scenes.feed(sink, frames, end) == ()
    return [json.loads(line) for line in outputs[File.CAST].decode().splitlines()]


def _changing(number: int, share: float, *, step: Fraction = Fraction(1, 25), colours: bool = False) -> list[Grid]:
    """Frames of which each has a share of other cells than the last."""
    random = np.random.default_rng(number)
    shape = (_WHERE.rows, _WHERE.columns)
    glyphs = random.integers(0, 10, shape, dtype=np.uint8)
    colour = random.integers(0, 256, (*shape, 3), dtype=np.uint8)
    frames = []
    for place in range(number):
        is_other = random.random(shape) < share
        glyphs = np.where(is_other, random.integers(0, 10, shape), glyphs).astype(np.uint8)
        colour = np.where(is_other[..., None], random.integers(0, 256, colour.shape), colour).astype(np.uint8)
        frames.append(Grid(place, place * step, glyphs, colour if colours else None))
    return frames


def _screens(events: list[Any], times: list[Fraction]) -> list[Any]:
    """What a terminal shows at each time: its cells."""
    screen = pyte.Screen(_WHERE.columns, _WHERE.rows)
    stream = pyte.Stream(screen)
    waiting = list(events)
    shown = []
    for time in times:
        while waiting and waiting[0][0] <= float(time) + 1e-6:
            stream.feed(waiting.pop(0)[2])
        shown.append([[screen.buffer[row][column] for column in range(screen.columns)] for row in range(screen.lines)])
    return shown


def _text(cells: list[list[Any]]) -> list[str]:
    return ["".join(cell.data for cell in row) for row in cells]


def _lines(one: Grid, characters: str = scenes.CHARACTERS) -> list[str]:
    return ["".join(characters[glyph] for glyph in row) for row in one.glyphs]


@settings(max_examples=15)
@given(st.integers(1, 6), st.sampled_from([0.0, 0.02, 0.2, 1.0]), st.booleans())
def test_a_terminal_shows_each_frame_at_its_time(count: int, share: float, colours: bool) -> None:
    frames = _changing(count, share, colours=colours)
    options = {"colors": "source"} if colours else {}
    header, *events = _recorded(frames, 9, **options)
    assert header == {"version": 2, "width": 30, "height": 8}
    for one, cells in zip(frames, _screens(events, [one.time for one in frames]), strict=True):
        assert _text(cells) == _lines(one)
        for row in range(_WHERE.rows):
            for column in range(_WHERE.columns):
                _check_colours(one, cells[row][column], row, column)


def _check_colours(one: Grid, cell: Any, row: int, column: int) -> None:
    assert cell.bg == "033c5a"
    if cell.data == " ":
        return
    shown = np.array(list(bytes.fromhex(cell.fg)))
    wanted = (250, 130, 7) if one.colours is None else one.colours[row, column]
    assert np.abs(shown - np.array(wanted, int)).max() <= (0 if one.colours is None else 12)


def test_each_frame_may_have_its_own_colour() -> None:
    glyphs = np.full((_WHERE.rows, _WHERE.columns), 3, np.uint8)
    frames = [Grid(number, Fraction(number), glyphs, text_colour=(number, 99, 7)) for number in range(3)]
    _, *events = _recorded(frames, 9, random_colors=True)
    for number, cells in enumerate(_screens(events, [one.time for one in frames])):
        assert {cell.fg for row in cells for cell in row} == {bytes([number, 99, 7]).hex()}


def test_noise_in_colours_is_not_written() -> None:
    random = np.random.default_rng(1)
    glyphs = random.integers(1, 10, (_WHERE.rows, _WHERE.columns), dtype=np.uint8)
    colours = [random.integers(100, 106, (*glyphs.shape, 3), dtype=np.uint8) for _ in range(5)]
    frames = [Grid(number, Fraction(number), glyphs, colour) for number, colour in enumerate(colours)]
    _, *events = _recorded(frames, 9, colors="source")
    assert [time for time, _, _ in events] == [0, 9]


def test_what_stays_is_not_written_again() -> None:
    frames = _changing(10, 0.0)
    _, first, *rest = _recorded(frames, 9)
    assert len(rest) == 1
    assert len(first[2]) > _WHERE.columns * _WHERE.rows


def test_all_of_it_is_written_again_every_ten_seconds() -> None:
    frames = _changing(31, 0.0, step=Fraction(1))
    _, *events = _recorded(frames, 40)
    assert [time for time, _, _ in events] == [0, 10, 20, 30, 40]
    assert _text(_screens(events[2:3], [Fraction(99)])[0]) == _lines(frames[0])


def test_the_terminal_is_given_back_when_the_last_frame_ends() -> None:
    *_, last = _recorded(_changing(2, 0.1), Fraction(7, 3))
    assert last == [2.333333, "o", "\x1b[0m\x1b[?25h"]


@pytest.mark.parametrize("characters", [" ░▒▓█", " ⠁⠃⠇⡇⣇⣧⣷⣿", " яЖё", "я"])
def test_characters_of_any_language_are_written(characters: str) -> None:
    drawn = Atlas(characters, np.zeros((len(characters), 16, 8), np.uint8))
    glyphs = np.random.default_rng(1).integers(0, len(characters), (_WHERE.rows, _WHERE.columns), dtype=np.uint8)
    one = Grid(0, Fraction(0), glyphs)
    _, *events = _recorded([one], drawn=drawn)
    assert _text(_screens(events, [Fraction(0)])[0]) == _lines(one, characters)


def test_the_same_frames_make_the_same_bytes() -> None:
    assert _recorded(_changing(5, 0.1)) == _recorded(_changing(5, 0.1))


def test_an_aborted_file_is_closed() -> None:
    outputs = scenes.Outputs()
    CastSink(scenes.scene(outputs=outputs)).abort()
    assert outputs.opened[File.CAST].closed
