import itertools
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.core.jobs.ascii_frames import MOST_CHARACTERS, BadMessage, LiveDecoder, LiveEncoder, LiveFrame

_KEY, _CHANGE = 1, 0


@st.composite
def _films(draw: st.DrawFn) -> list[LiveFrame]:
    """Frames at rising times, of which some are of another size."""
    times = sorted(draw(st.lists(st.integers(0, 20_000), min_size=1, max_size=12)))
    sizes = st.tuples(st.integers(0, 12), st.integers(0, 6))
    size = draw(sizes)
    frames = []
    for time in times:
        size = draw(st.one_of(st.just(size), sizes))
        glyphs = draw(st.binary(min_size=size[0] * size[1], max_size=size[0] * size[1]))
        frames.append(LiveFrame(time, *size, glyphs))
    return frames


def _frame(milliseconds: int, glyphs: bytes = b"abcdef") -> LiveFrame:
    return LiveFrame(milliseconds, 3, 2, glyphs)


@given(_films())
def test_what_is_shown_is_what_was_sent(film: list[LiveFrame]) -> None:
    encoder, decoder = LiveEncoder(), LiveDecoder()
    assert [decoder.decode(encoder.encode(frame)) for frame in film] == film


@given(_films(), st.data())
def test_one_who_comes_later_begins_with_any_key(film: list[LiveFrame], data: st.DataObject) -> None:
    encoder = LiveEncoder()
    messages = [encoder.encode(frame) for frame in film]
    keys = [number for number, message in enumerate(messages) if message[0] == _KEY]
    begin = data.draw(st.sampled_from(keys))
    decoder = LiveDecoder()
    assert [decoder.decode(message) for message in messages[begin:]] == film[begin:]


@given(st.binary(max_size=60), st.booleans())
def test_no_bytes_break_a_reader(message: bytes, has_begun: bool) -> None:
    decoder = LiveDecoder()
    if has_begun:
        decoder.decode(LiveEncoder().encode(_frame(0)))
    try:
        frame = decoder.decode(message)
    except BadMessage:
        return
    assert len(frame.glyphs) == frame.columns * frame.rows


def test_a_key_comes_every_two_seconds_of_the_film() -> None:
    encoder = LiveEncoder()
    times = range(0, 7000, 500)
    keys = [time for time in times if encoder.encode(_frame(time))[0] == _KEY]
    assert keys == [0, 2000, 4000, 6000]


def test_a_film_that_begins_anew_has_a_key() -> None:
    encoder = LiveEncoder()
    assert [encoder.encode(_frame(time))[0] for time in (900, 950, 0, 40)] == [_KEY, _CHANGE, _KEY, _CHANGE]


def test_what_does_not_change_costs_next_to_nothing() -> None:
    encoder = LiveEncoder()
    glyphs = bytes(number * number % 251 for number in range(120 * 34))
    sizes = [len(encoder.encode(LiveFrame(time, 120, 34, glyphs))) for time in range(0, 1000, 40)]
    assert sizes[0] > 200
    assert max(sizes[1:]) < len(glyphs) / 80


def test_a_change_is_nothing_without_the_frame_before_it() -> None:
    encoder = LiveEncoder()
    _, change, later = (
        encoder.encode(_frame(time, glyphs)) for time, glyphs in enumerate((b"abcdef", b"x" * 6, b"y" * 6))
    )
    decoder = LiveDecoder()
    with pytest.raises(BadMessage, match="before"):
        decoder.decode(change)
    decoder.decode(encoder.encode(_frame(9000)))
    with pytest.raises(BadMessage):
        decoder.decode(bytes([_CHANGE]) + bytes(4) + b"\xff")
    with pytest.raises(BadMessage, match="before"):
        decoder.decode(later)


@pytest.mark.parametrize("kind", [_KEY, _CHANGE])
def test_a_bomb_is_refused_before_it_is_unpacked(kind: int) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -13)
    body = packer.compress(bytes(100 * MOST_CHARACTERS)) + packer.flush(zlib.Z_SYNC_FLUSH)
    decoder = LiveDecoder()
    decoder.decode(LiveEncoder().encode(_frame(0)))
    with pytest.raises(BadMessage, match="larger"):
        decoder.decode(bytes([kind]) + bytes(4) + body)


def test_the_same_frames_make_the_same_bytes() -> None:
    encoders = LiveEncoder(), LiveEncoder()
    for time, glyphs in enumerate(itertools.permutations(b"abcdef")):
        one, other = (encoder.encode(_frame(10 * time, bytes(glyphs))) for encoder in encoders)
        assert one == other
