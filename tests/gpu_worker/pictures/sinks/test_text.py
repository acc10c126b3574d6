import io
import zipfile
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from functions.core.jobs.ascii_video import File
from gpu_worker.pictures.atlas import Atlas
from gpu_worker.pictures.grid import Bytes, Grid
from gpu_worker.pictures.sinks.text import TextSink
from tests.gpu_worker.pictures.sinks.scenes import Outputs, feed, grids, layout, scene

_SHAPE = arrays.array_shapes(min_dims=2, max_dims=2, max_side=12)


def _texts(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        return {name: opened.read(name).decode() for name in opened.namelist()}


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
    arrays.arrays(np.uint8, _SHAPE, elements=st.integers(0, 255)),
)
def test_a_frame_is_its_characters_line_by_line(characters: str, numbers: Bytes) -> None:
    outputs = Outputs()
    drawn = Atlas(characters, np.zeros((len(characters), 32, 16), np.uint8))
    glyphs = (numbers % len(characters)).astype(np.uint8)
    feed(TextSink(scene(drawn=drawn, outputs=outputs)), [Grid(0, Fraction(0), glyphs)], 1)
    lines = ["".join(characters[glyph] for glyph in row) + "\n" for row in glyphs]
    assert _texts(outputs[File.TXT]) == {"frame_000000.txt": "".join(lines)}


def test_frames_are_named_by_their_number() -> None:
    outputs = Outputs()
    frames = grids(layout(), [Fraction(number, 10) for number in range(12)])
    feed(TextSink(scene(outputs=outputs)), frames, 2)
    assert list(_texts(outputs[File.TXT])) == [f"frame_{number:06}.txt" for number in range(12)]


def test_the_same_frames_make_the_same_bytes() -> None:
    made = []
    for _ in range(2):
        outputs = Outputs()
        feed(TextSink(scene(outputs=outputs)), grids(layout(), [Fraction(0), Fraction(1)]), 2)
        made.append(outputs[File.TXT])
    assert made[0] == made[1]


@pytest.mark.parametrize("is_finished", [False, True])
def test_an_aborted_file_is_closed(is_finished: bool) -> None:
    outputs = Outputs()
    sink = TextSink(scene(outputs=outputs))
    if is_finished:
        sink.finish(Fraction(1))
    sink.abort()
    assert outputs.opened[File.TXT].closed
