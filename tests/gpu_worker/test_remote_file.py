import io
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpu_worker.remote_file import BLOCK, RemoteFile
from gpu_worker.speech.audio import AudioFile, Samples
from tests.speech_synthesis import SAMPLE_RATE, _frame, conversation, encode


class Bucket:
    """An object whose ranges are read, and counted; a test may break some."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.asked: list[tuple[int, int]] = []
        self.broken: set[int] = set()
        self.was_asked = threading.Condition()

    def read_range(self, start: int, end: int) -> bytes:
        with self.was_asked:
            self.asked.append((start, end))
            self.was_asked.notify_all()
        if start in self.broken:
            raise OSError("the connection broke")
        return self.body[start:end]

    def file(self, *, block: int = BLOCK) -> RemoteFile:
        return RemoteFile(self.read_range, len(self.body), block=block)

    @property
    def fetched(self) -> int:
        return sum(end - start for start, end in self.asked)

    def wait_for(self, asked: int) -> None:
        with self.was_asked:
            assert self.was_asked.wait_for(lambda: len(self.asked) >= asked, timeout=30)


BLOCK_SIZE = 8
sizes = st.sampled_from([0, 1, 7, 8, 9, 15, 16, 17, 39, 40, 41, 64, 100])
moves = st.one_of(
    st.tuples(st.just("read"), st.integers(-1, 60)),
    st.tuples(st.just("from the start"), st.integers(0, 120)),
    st.tuples(st.just("from here"), st.integers(-60, 60)),
    st.tuples(st.just("from the end"), st.integers(-60, 20)),
)


@given(sizes, st.lists(moves, max_size=25), st.booleans())
def test_it_reads_like_a_file_in_memory(size: int, moves: list[tuple[str, int]], is_buffered: bool) -> None:
    body = bytes(range(256))[:size]
    bucket, expected = Bucket(body), io.BytesIO(body)
    whence = {"from the start": io.SEEK_SET, "from here": io.SEEK_CUR, "from the end": io.SEEK_END}
    with bucket.file(block=BLOCK_SIZE) as raw:
        file = io.BufferedReader(raw, buffer_size=5) if is_buffered else raw
        for move, number in moves:
            if move == "read":
                found = file.read(number)
                assert found is not None
                wanted = expected.read(number)
                if not is_buffered and number > 0:
                    # A raw file may give less, but something where there is something.
                    assert bool(found) == bool(wanted)
                    assert wanted.startswith(found)
                    expected.seek(len(found) - len(wanted), io.SEEK_CUR)
                else:
                    assert found == wanted
            else:
                base = {"from the start": 0, "from here": expected.tell(), "from the end": size}[move]
                if base + number < 0:
                    with pytest.raises((ValueError, OSError)):
                        file.seek(number, whence[move])
                else:
                    assert file.seek(number, whence[move]) == expected.seek(number, whence[move])
            assert file.tell() == expected.tell()


@pytest.mark.parametrize("size", [1, 7, 8, 9, 16, 17, 100])
def test_read_in_order_each_block_is_fetched_once_and_no_byte_twice(size: int) -> None:
    bucket = Bucket(bytes(range(size)))
    with bucket.file(block=BLOCK_SIZE) as file:
        assert io.BufferedReader(file, buffer_size=3).read() == bucket.body

    assert bucket.asked == [(start, min(start + 8, size)) for start in range(0, size, 8)]


def test_the_next_block_is_fetched_while_this_one_is_read() -> None:
    bucket = Bucket(bytes(40))
    with bucket.file(block=BLOCK_SIZE) as file:
        file.read(1)
        bucket.wait_for(2)
        assert bucket.asked == [(0, 8), (8, 16)]

        file.seek(8)
        file.read(1)
        bucket.wait_for(3)
    assert bucket.asked == [(0, 8), (8, 16), (16, 24)]


def test_behind_the_last_block_nothing_is_fetched() -> None:
    bucket = Bucket(bytes(16))
    with bucket.file(block=BLOCK_SIZE) as file:
        file.seek(12)
        assert file.read(100) == bytes(4)
        assert file.read(100) == b""
        file.seek(1000)
        assert file.read(100) == b""

    assert bucket.asked == [(8, 16)]


def test_an_empty_object_is_read_without_a_request() -> None:
    bucket = Bucket(b"")
    with bucket.file() as file:
        assert file.read() == b""

    assert bucket.asked == []


def test_few_blocks_are_kept() -> None:
    bucket = Bucket(bytes(range(200)))
    with bucket.file(block=BLOCK_SIZE) as file:
        for start in range(0, 200, 8):
            file.seek(start)
            file.read(1)
            assert len(file._blocks) <= 4


def test_to_and_fro_between_two_places_fetches_nothing_again() -> None:
    bucket = Bucket(bytes(range(200)))
    with bucket.file(block=BLOCK_SIZE) as file:
        for _ in range(10):
            for place in (0, 96):
                file.seek(place)
                assert file.read(8) == bucket.body[place : place + 8]

    assert max(Counter(bucket.asked).values()) == 1
    assert len(bucket.asked) == 4


def test_a_range_that_fails_raises_and_can_be_tried_again() -> None:
    bucket = Bucket(bytes(range(40)))
    with bucket.file(block=BLOCK_SIZE) as file:
        assert file.read(8) == bytes(range(8))
        bucket.wait_for(2)
        bucket.broken = {16}
        file.seek(16)
        for _ in range(2):
            with pytest.raises(OSError, match="broke"):
                file.read(8)
        assert file.tell() == 16

        bucket.broken = set()
        assert file.read(8) == bytes(range(16, 24))


def test_what_was_read_ahead_in_vain_fails_only_who_reads_it() -> None:
    bucket = Bucket(bytes(range(40)))
    bucket.broken = {8}
    with bucket.file(block=BLOCK_SIZE) as file:
        assert file.read(8) == bytes(range(8))
        file.raise_failure()
        with pytest.raises(OSError, match="broke"):
            file.read(8)


def test_a_failure_can_be_raised_later_for_readers_that_swallow_it() -> None:
    bucket = Bucket(bytes(40))
    bucket.broken = {0}
    with bucket.file(block=BLOCK_SIZE) as file:
        file.raise_failure()
        with pytest.raises(OSError, match="broke"):
            file.read(1)

        with pytest.raises(OSError, match="broke"):
            file.raise_failure()


def test_closing_ends_the_reading_ahead_and_closing_twice_is_fine() -> None:
    bucket = Bucket(bytes(40))
    file = bucket.file(block=BLOCK_SIZE)
    file.read(1)

    file.close()
    file.close()

    assert file.closed
    assert not any(thread.is_alive() for thread in file._ahead._threads)


def test_a_closed_file_is_not_read() -> None:
    file = Bucket(bytes(40)).file(block=BLOCK_SIZE)
    file.read(1)
    file.close()

    with pytest.raises(ValueError, match="closed"):
        file.read(1)


SENTENCES = ("Send the invoice to Anna by Friday.", "The meeting is on Monday at five.")


def samples_of(file: io.BufferedIOBase | io.RawIOBase) -> Samples:
    with AudioFile(file) as audio:  # type: ignore[arg-type]
        return np.concatenate(list(audio.blocks()))


@pytest.mark.parametrize("name", ["a.m4a", "a.mp3", "a.opus", "a.webm", "a.wav", "film.mp4", "film.webm"])
@pytest.mark.parametrize("block", [1000, BLOCK])
def test_decoding_from_afar_gives_what_decoding_from_disk_gives(name: str, block: int, tmp_path: Path) -> None:
    path = encode(tmp_path / name, conversation(SENTENCES), video=name.startswith("film"))
    bucket = Bucket(path.read_bytes())

    with bucket.file(block=block) as file, path.open("rb") as on_disk:
        np.testing.assert_array_equal(samples_of(io.BufferedReader(file)), samples_of(on_disk))
        file.raise_failure()


def test_an_index_at_the_end_costs_few_requests(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.m4a", np.tile(conversation(SENTENCES), 20))
    body = path.read_bytes()
    assert body.rindex(b"moov") > body.index(b"mdat")
    bucket, block = Bucket(body), 1 << 16
    with bucket.file(block=block) as file:
        samples_of(io.BufferedReader(file))

    blocks = -(-len(body) // block)
    assert blocks > 6
    assert len(bucket.asked) <= blocks + 4


def film(path: Path, sound: Samples) -> Path:
    """Pictures of noise, some 200 kB each, with the sound between them."""
    noise = np.random.default_rng(1)
    with av.open(str(path), "w") as container:
        picture: Any = container.add_stream("mpeg4", rate=10)
        picture.width, picture.height, picture.pix_fmt, picture.bit_rate = 640, 480, "yuv420p", 20_000_000
        voice: Any = container.add_stream("aac", rate=44_100, layout="mono")
        packets = [*voice.encode(_frame(sound, SAMPLE_RATE)), *voice.encode(None)]
        for _ in range(len(sound) * 10 // SAMPLE_RATE):
            pixels = noise.integers(0, 256, (480, 640, 3), dtype=np.uint8)
            packets += picture.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24"))
        packets += picture.encode(None)
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            container.mux(packet)
    return path


def test_pictures_that_are_larger_than_a_block_are_mostly_not_fetched(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4", conversation(SENTENCES[:1]))
    bucket = Bucket(path.read_bytes())
    with bucket.file(block=1 << 14) as file, path.open("rb") as on_disk:
        np.testing.assert_array_equal(samples_of(io.BufferedReader(file)), samples_of(on_disk))

    assert len(bucket.body) > 3_000_000
    assert bucket.fetched < len(bucket.body) / 2
