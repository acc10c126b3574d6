import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import pytest

from gpu_worker.speech.audio import BLOCK_SECONDS, SAMPLE_RATE, AudioFile, NotMedia, probe
from tests.speech_synthesis import conversation, encode, silence, write_wav

SENTENCES = ("The meeting is on Monday at five.", "Please call Anna tomorrow.")


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    return conversation(SENTENCES)


@contextmanager
def opened(path: Path) -> Iterator[AudioFile]:
    with path.open("rb") as file, AudioFile(file) as audio:
        yield audio


def decoded(path: Path) -> tuple[np.ndarray, str | None]:
    with opened(path) as audio:
        blocks = list(audio.blocks())
        assert sum(map(len, blocks)) / SAMPLE_RATE == pytest.approx(audio.decoded_seconds)
        return np.concatenate(blocks), audio.damage


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.m4a", "a.opus", "a.webm", "a.ogg", "a.flac", "a.aac", "a.mkv"])
def test_a_format_decodes_to_the_length_that_was_spoken(name: str, speech: np.ndarray, tmp_path: Path) -> None:
    sound, damage = decoded(encode(tmp_path / name, speech))
    assert sound.dtype == np.float32
    assert len(sound) / SAMPLE_RATE == pytest.approx(len(speech) / SAMPLE_RATE, abs=0.1)
    assert damage is None


@pytest.mark.parametrize("name", ["film.mp4", "film.webm", "film.mov"])
def test_the_sound_of_a_film_is_heard(name: str, speech: np.ndarray, tmp_path: Path) -> None:
    sound, damage = decoded(encode(tmp_path / name, speech, video=True))
    assert len(sound) / SAMPLE_RATE == pytest.approx(len(speech) / SAMPLE_RATE, abs=0.1)
    assert damage is None


def test_sound_of_another_rate_becomes_16_khz(tmp_path: Path) -> None:
    tone = np.sin(np.arange(48_000) * 2 * np.pi * 440 / 48_000).astype(np.float32) * 0.5
    sound, _ = decoded(write_wav(tmp_path / "tone.wav", tone, 48_000))
    spectrum = np.abs(np.fft.rfft(sound))
    assert np.argmax(spectrum) / len(sound) * SAMPLE_RATE == pytest.approx(440, abs=2)


def test_a_sample_that_is_no_number_spoils_only_itself(tmp_path: Path) -> None:
    tone = np.sin(np.arange(2 * SAMPLE_RATE) * 2 * np.pi * 440 / SAMPLE_RATE).astype(np.float32) * 0.5
    broken = tone.copy()
    broken[[1000, 20_000]] = np.nan
    path = tmp_path / "floats.wav"
    header = struct.pack("<4sI4s4sIHHIIHH4sI", *_float_header(broken.nbytes))
    path.write_bytes(header + broken.tobytes())
    sound, damage = decoded(path)
    tone[[1000, 20_000]] = 0
    np.testing.assert_array_equal(sound, tone)
    assert damage is None


def _float_header(size: int) -> tuple[bytes | int, ...]:
    """32-bit floats, mono."""
    rate = SAMPLE_RATE
    return b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 3, 1, rate, 4 * rate, 4, 32, b"data", size


def test_blocks_have_one_size_and_the_last_is_the_rest(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "long.wav", silence(25))
    with opened(path) as audio:
        assert [len(block) / SAMPLE_RATE for block in audio.blocks()] == [BLOCK_SECONDS, BLOCK_SECONDS, 5]


def test_a_probe_tells_what_a_file_is(speech: np.ndarray, tmp_path: Path) -> None:
    facts = probe(encode(tmp_path / "film.mp4", speech, video=True))
    assert facts.has_audio
    assert facts.codec == "aac"
    assert "mp4" in facts.container
    assert facts.duration == pytest.approx(len(speech) / SAMPLE_RATE, abs=0.1)


@pytest.mark.parametrize("content", [b"", b"Dear Anna, this is a letter.\n" * 100, bytes(range(256)) * 50])
def test_what_is_no_media_is_refused_in_plain_words(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "letter.mp3"
    path.write_bytes(content)
    with pytest.raises(NotMedia, match="cannot be"):
        decoded(path)


def test_a_film_without_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        picture = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
        for packet in [*stream.encode(picture), *stream.encode(None)]:
            container.mux(packet)
    assert not probe(path).has_audio
    with pytest.raises(NotMedia, match="no sound"):
        decoded(path)


@pytest.mark.parametrize("reference", ["absolute", "url"])
def test_a_playlist_cannot_read_another_file(reference: str, speech: np.ndarray, tmp_path: Path) -> None:
    secret = encode(tmp_path / "secret.aac", speech)
    name = str(secret) if reference == "absolute" else secret.as_uri()
    path = tmp_path / "list.m3u8"
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{name}\n#EXT-X-ENDLIST\n")
    with path.open("rb") as file, av.open(file) as unguarded:
        assert unguarded.streams.audio  # so FFmpeg would have read it
    with pytest.raises(NotMedia):
        decoded(path)


@pytest.mark.parametrize("reference", ["relative", "absolute"])
def test_a_concat_script_cannot_read_another_file(
    reference: str, speech: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    secret = write_wav(tmp_path / "secret.wav", speech)
    path = tmp_path / "script.wav"
    path.write_text(f"ffconcat version 1.0\nfile {secret if reference == 'absolute' else secret.name}\n")
    if reference == "relative":
        with path.open("rb") as file, av.open(file) as unguarded:
            assert unguarded.streams.audio  # so FFmpeg would have read it
    with pytest.raises(NotMedia):
        decoded(path)


def test_a_session_description_opens_no_port(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.bind(("127.0.0.1", 0))
        port = ours.getsockname()[1]
    path = tmp_path / "stream.sdp"
    path.write_text(f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio {port} RTP/AVP 0\n")
    with pytest.raises(NotMedia):
        decoded(path)


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.flac", "a.webm"])
def test_of_a_file_that_breaks_off_the_beginning_is_decoded(name: str, speech: np.ndarray, tmp_path: Path) -> None:
    whole = encode(tmp_path / name, speech)
    cut = tmp_path / f"cut-{name}"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    sound, damage = decoded(cut)
    assert 1 < len(sound) / SAMPLE_RATE < len(speech) / SAMPLE_RATE - 1
    assert damage == f"The file ends early or is damaged: transcribed up to {len(sound) / SAMPLE_RATE:.1f} s."


def test_a_film_without_its_index_is_refused(speech: np.ndarray, tmp_path: Path) -> None:
    whole = encode(tmp_path / "a.m4a", speech)
    cut = tmp_path / "cut.m4a"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(NotMedia, match="damaged"):
        decoded(cut)


@pytest.mark.parametrize("name", ["a.mp3", "a.m4a", "a.webm", "a.ogg", "a.flac", "a.wav", "film.mov"])
@pytest.mark.parametrize("seed", range(3))
def test_random_damage_never_crashes(name: str, seed: int, speech: np.ndarray, tmp_path: Path) -> None:
    random = np.random.default_rng(seed)
    path = encode(tmp_path / name, speech, video=name.startswith("film"))
    content = bytearray(path.read_bytes())
    for start in random.integers(0, len(content) - 200, 5):
        content[start : start + 200] = random.bytes(200)
    path.write_bytes(content)
    try:
        sound, _ = decoded(path)
    except NotMedia:
        return
    assert np.isfinite(sound).all()


def test_after_a_hole_the_sound_keeps_its_time(speech: np.ndarray, tmp_path: Path) -> None:
    path = encode(tmp_path / "a.ogg", np.concatenate([speech] * 3))
    content = path.read_bytes()
    pages = [i for i in range(len(content)) if content.startswith(b"OggS", i)]
    middle = len(pages) // 2
    path.write_bytes(content[: pages[middle]] + content[pages[middle + 1] :])
    sound, damage = decoded(path)
    assert len(sound) / SAMPLE_RATE == pytest.approx(3 * len(speech) / SAMPLE_RATE, abs=0.1)
    assert damage == "Parts of the file are damaged or missing, and what was said there too."
