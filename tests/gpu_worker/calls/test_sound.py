import io
from pathlib import Path

import av
import numpy as np
import pytest

from gpu_worker.calls.sound import NoSound, TrackSound
from gpu_worker.calls.timeline import SAMPLE_RATE, Samples
from tests.gpu_worker.calls.tracks import MP4, OGG, RATE, WEBM, loud_seconds, quiet, recorded, tone
from tests.speech_synthesis import encode

FORMS = {"Chromium and Firefox": WEBM, "older Firefox": OGG, "Safari": MP4}


def heard(body: bytes) -> tuple[Samples, bool]:
    with TrackSound(io.BytesIO(body)) as sound:
        blocks = list(sound.blocks())
        return np.concatenate(blocks) if blocks else np.zeros(0, np.float32), sound.is_damaged


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_what_browsers_record_is_heard_from_its_beginning_to_its_end(form: tuple[str, str]) -> None:
    body = recorded(np.concatenate([quiet(1), tone(2), quiet(1)]), form)

    found, is_damaged = heard(body)

    [(begins, ends)] = loud_seconds(found)
    assert (begins, ends) == pytest.approx((1, 3), abs=0.06)
    assert len(found) / SAMPLE_RATE == pytest.approx(4, abs=0.1)
    assert not is_damaged


def test_a_recorder_writes_no_duration() -> None:
    with av.open(io.BytesIO(recorded(tone(1))), mode="r") as container:
        assert container.duration is None


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000])
def test_other_rates_become_ours(rate: int) -> None:
    found, _ = heard(recorded(tone(2, rate=rate), WEBM, rate=rate))

    assert len(found) / SAMPLE_RATE == pytest.approx(2, abs=0.1)


def test_what_a_recorder_leaves_out_is_silent_and_what_follows_keeps_its_time() -> None:
    body = recorded(tone(4), WEBM, hole=(2, 3))

    found, _ = heard(body)

    first, second = loud_seconds(found)
    assert first == pytest.approx((0, 2), abs=0.06)
    assert second == pytest.approx((5, 7), abs=0.06)


@pytest.mark.parametrize("jump", [100_000.0, 20_000.0])
def test_a_clock_that_was_set_anew_makes_no_silence(jump: float) -> None:
    found, _ = heard(recorded(tone(2), WEBM, hole=(1, jump)))

    assert len(found) / SAMPLE_RATE == pytest.approx(2, abs=0.1)


def test_of_a_track_that_breaks_off_the_beginning_is_heard() -> None:
    body = recorded(tone(10))

    found, _ = heard(body[: len(body) // 2])

    assert 3 < len(found) / SAMPLE_RATE < 7


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no sound " * 100,
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nc=IN IP4 127.0.0.1\r\nm=audio 9 RTP/AVP 0\r\n",
        bytes(10_000),
    ],
    ids=["empty", "text", "playlist", "list of files", "session", "zeros"],
)
def test_what_is_no_sound_is_none(body: bytes) -> None:
    with pytest.raises(NoSound):
        heard(body)


def test_a_picture_beside_the_sound_is_not_decoded(tmp_path: Path) -> None:
    path = encode(tmp_path / "film.webm", tone(2, rate=16_000), video=True)

    found, is_damaged = heard(path.read_bytes())

    assert len(found) / SAMPLE_RATE == pytest.approx(2, abs=0.1)
    assert not is_damaged


def test_no_number_and_what_is_too_loud_come_out_as_sound() -> None:
    wild = tone(1)
    wild[1000:2000], wild[3000:4000] = np.nan, 1e20
    body = io.BytesIO()
    with av.open(body, "w", format="wav") as container:
        stream = container.add_stream("pcm_f32le", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(wild.reshape(1, -1), format="flt", layout="mono")
        frame.sample_rate = RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))

    found, _ = heard(body.getvalue())

    assert np.all(np.isfinite(found))
    assert np.max(np.abs(found)) <= 1
