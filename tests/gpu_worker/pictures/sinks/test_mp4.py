import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from functions.core.jobs.ascii_options import Engine
from functions.core.jobs.ascii_video import File
from gpu_worker.pictures.h264.encoder import DirectEncoder
from gpu_worker.pictures.sinks.mp4 import Mp4Sink
from gpu_worker.pictures.sinks.x264 import X264Encoder
from tests import video_making
from tests.gpu_worker.pictures.sinks import scenes

_WHERE = scenes.layout()
_COLOURS: dict[str, Any] = {"text": (255, 255, 255), "background": (0, 0, 0)}
_HALF_A_TICK = Fraction(1, 720_000)


def _x264(where: Any = _WHERE) -> X264Encoder:
    return X264Encoder(where, scenes.atlas(where), crf=23, **_COLOURS)


def _times(count: int) -> list[Fraction]:
    return [Fraction(number, 25) for number in range(count)]


def _source(codec: str, container: str) -> Any:
    if codec == "vorbis":
        return _vorbis()
    data = video_making.video(
        video_making.moving_square(25), container=container, codec="mpeg4", sound=codec, sound_seconds=1
    )
    return av.open(io.BytesIO(data))


def _vorbis() -> Any:
    """FFmpeg's own encoder of it counts as experimental."""
    file = io.BytesIO()
    tone = (np.sin(np.arange(48_000) / 48_000 * 2 * np.pi * 440) * 0.25).astype(np.float32)
    with av.open(file, "w", format="matroska") as container:
        stream = container.add_stream("vorbis", rate=48_000, layout="stereo", options={"strict": "-2"})
        frame = av.AudioFrame.from_ndarray(np.stack([tone, tone]), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, 0, Fraction(1, 48_000)
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return av.open(io.BytesIO(file.getvalue()))


def _packets(source: Any, later: Fraction = Fraction(0)) -> Iterator[Any]:
    for packet in source.demux(audio=0):
        if packet.size:
            packet.pts = packet.dts = packet.pts + round(later / packet.time_base)
            yield packet


def _made(scratch: Path, times: list[Fraction], end: Fraction, encoder: Any = None, where: Any = _WHERE) -> bytes:
    outputs = scenes.Outputs()
    sink = Mp4Sink(scenes.scene(where, outputs=outputs, scratch=scratch), encoder or _x264(where), None)
    assert scenes.feed(sink, scenes.grids(where, times), end) == ()
    return outputs[File.VIDEO]


def _made_with_sound(scratch: Path, source: Any, packets: list[Any]) -> tuple[scenes.Outputs, tuple[str, ...]]:
    outputs = scenes.Outputs()
    sink = Mp4Sink(scenes.scene(outputs=outputs, scratch=scratch), _x264(), source.streams.audio[0])
    frames = scenes.grids(_WHERE, _times(25))
    for number, one in enumerate(frames):
        sink.take(one)
        for packet in packets[number * len(packets) // 25 : (number + 1) * len(packets) // 25]:
            sink.take_sound(packet)
    return outputs, sink.finish(Fraction(1))


def _shown_at(data: bytes) -> list[Fraction]:
    with av.open(io.BytesIO(data)) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]


def _levels(data: bytes) -> tuple[np.ndarray[Any, Any], Fraction]:
    """The sound as numbers, and when it begins."""
    with av.open(io.BytesIO(data)) as container:
        frames = list(container.decode(audio=0))
    return np.concatenate([np.abs(frame.to_ndarray()).mean(axis=0) for frame in frames]), Fraction(
        frames[0].pts * frames[0].time_base
    )


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scenes.steps)
def test_every_frame_is_shown_when_it_is_in_the_source(tmp_path: Path, steps: list[Fraction]) -> None:
    times = [sum(steps[:number], Fraction(0)) for number in range(len(steps))]
    end = sum(steps, Fraction(0))
    data = _made(tmp_path, times, end)
    shown = _shown_at(data)
    assert len(shown) == len(times)
    assert all(abs(one - other) <= _HALF_A_TICK for one, other in zip(shown, times, strict=True))
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        assert abs(Fraction(stream.duration) * stream.time_base - end) <= 2 * _HALF_A_TICK
        assert abs(Fraction(container.duration, 1_000_000) - end) <= Fraction(1, 500_000)


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(30), Fraction(60000, 1001), Fraction(120)])
def test_usual_rates_are_exact(tmp_path: Path, rate: Fraction) -> None:
    times = [number / rate for number in range(40)]
    assert _shown_at(_made(tmp_path, times, 40 / rate)) == times


def test_the_index_comes_first_and_nothing_stays_in_the_scratch_folder(tmp_path: Path) -> None:
    data = _made(tmp_path, _times(10), Fraction(1))
    assert 0 < data.index(b"moov") < data.index(b"mdat")
    assert list(tmp_path.iterdir()) == []


def test_colours_are_declared_in_the_container(tmp_path: Path) -> None:
    data = _made(tmp_path, _times(3), Fraction(1))
    place = data.index(b"colrnclx")
    assert data[place + 8 : place + 15] == b"\0\1\0\1\0\1\0"


def test_frames_of_the_direct_encoder_go_in_as_well(tmp_path: Path) -> None:
    where = scenes.layout([16] * 12, [32] * 4, engine=Engine.DIRECT)
    encoder = DirectEncoder(where, scenes.atlas(where), **_COLOURS)
    times = [Fraction(0), Fraction(1, 7), Fraction(1, 3)]
    shown = _shown_at(_made(tmp_path, times, Fraction(1), encoder, where))
    assert all(abs(one - other) <= _HALF_A_TICK for one, other in zip(shown, times, strict=True))


@pytest.mark.parametrize(
    ("codec", "container"),
    [("aac", "mp4"), ("aac", "matroska"), ("libopus", "matroska"), ("flac", "matroska"), ("ac3", "mpegts")],
)
@pytest.mark.parametrize("later", [Fraction(0), Fraction(1, 2)])
def test_sound_that_an_mp4_can_hold_is_untouched_and_in_its_place(
    tmp_path: Path, codec: str, container: str, later: Fraction
) -> None:
    with _source(codec, container) as source:
        packets = list(_packets(source, later))
        before = [(packet.pts * packet.time_base, bytes(packet)) for packet in packets]
        outputs, warnings = _made_with_sound(tmp_path, source, packets)
    with av.open(io.BytesIO(outputs[File.VIDEO])) as made:
        after = [(packet.pts * packet.time_base, bytes(packet)) for packet in made.demux(audio=0) if packet.size]
    assert warnings == ()
    assert [data for _, data in after] == [data for _, data in before]
    assert all(abs(one - other) <= Fraction(1, 1000) for (one, _), (other, _) in zip(after, before, strict=True))


def test_sound_of_a_broadcast_loses_only_its_own_headers(tmp_path: Path) -> None:
    with _source("aac", "mpegts") as source:
        packets = list(_packets(source, Fraction(3, 2)))
        before = [bytes(packet)[7:] for packet in packets]
        outputs, _ = _made_with_sound(tmp_path, source, packets)
    with av.open(io.BytesIO(outputs[File.VIDEO])) as made:
        assert [bytes(packet) for packet in made.demux(audio=0) if packet.size] == before


@pytest.mark.parametrize(("codec", "container"), [("pcm_s16le", "matroska"), ("mp2", "mpegts"), ("vorbis", "matroska")])
def test_other_sound_becomes_aac_in_its_place(tmp_path: Path, codec: str, container: str) -> None:
    with _source(codec, container) as source:
        begin = next(_packets(source)).pts * source.streams.audio[0].time_base
    with _source(codec, container) as source:
        outputs, warnings = _made_with_sound(tmp_path, source, list(_packets(source, Fraction(1, 2) - begin)))
    data = outputs[File.VIDEO]
    with av.open(io.BytesIO(data)) as made:
        assert made.streams.audio[0].codec_context.name == "aac"
    levels, begins = _levels(data)
    assert len(warnings) == 1
    assert abs(begins + np.argmax(levels > 0.02) / 48_000 - 0.5) < 0.05
    assert abs(float((levels > 0.02).sum()) / 48_000 - 1) < 0.2


def test_a_hole_in_sound_that_is_converted_is_silent(tmp_path: Path) -> None:
    with _source("mp2", "mpegts") as source:
        packets = list(_packets(source))
        first = packets[0].pts
        for packet in packets:
            packet.pts = packet.dts = packet.pts - first
        kept = [packet for packet in packets if not 0.3 < packet.pts * packet.time_base < 0.6]
        outputs, _ = _made_with_sound(tmp_path, source, kept)
    levels, begins = _levels(outputs[File.VIDEO])
    at = [round((second - float(begins)) * 48_000) for second in (0.2, 0.45, 0.8)]
    loud = [levels[place - 500 : place + 500].mean() > 0.02 for place in at]
    assert loud == [True, False, True]


def test_sound_whose_clock_stands_still_is_no_obstacle(tmp_path: Path) -> None:
    with _source("aac", "mp4") as source:
        packets = list(_packets(source))
        for packet in packets[10:20]:
            packet.pts = packet.dts = packets[10].pts
        outputs, _ = _made_with_sound(tmp_path, source, packets)
    with av.open(io.BytesIO(outputs[File.VIDEO])) as made:
        assert len([packet for packet in made.demux(audio=0) if packet.size]) == len(packets)


def test_sound_that_jumps_by_years_is_left_out_from_there(tmp_path: Path) -> None:
    with _source("aac", "mp4") as source:
        packets = list(_packets(source))
        for packet in packets[30:]:
            packet.pts = packet.dts = packet.pts + 48_000 * 86_400 * 365
        outputs, warnings = _made_with_sound(tmp_path, source, packets)
    with av.open(io.BytesIO(outputs[File.VIDEO])) as made:
        assert len([packet for packet in made.demux(audio=0) if packet.size]) == 30
    assert "jumps" in warnings[0]


def test_a_damaged_packet_is_left_out(tmp_path: Path) -> None:
    with _source("aac", "mpegts") as source:
        packets = list(_packets(source, Fraction(3, 2)))
        broken = av.Packet(b"\0" * 50)
        broken.stream, broken.time_base = packets[20].stream, packets[20].time_base
        broken.pts = broken.dts = packets[20].pts
        outputs, warnings = _made_with_sound(tmp_path, source, [*packets[:20], broken, *packets[21:]])
    with av.open(io.BytesIO(outputs[File.VIDEO])) as made:
        assert len([packet for packet in made.demux(audio=0) if packet.size]) == len(packets) - 1
    assert warnings == ("Parts of the sound are damaged, and left out.",)


@pytest.mark.parametrize("has_begun", [False, True])
def test_nothing_is_left_of_an_aborted_one(tmp_path: Path, has_begun: bool) -> None:
    outputs = scenes.Outputs()
    sink = Mp4Sink(scenes.scene(outputs=outputs, scratch=tmp_path), _x264(), None)
    for one in scenes.grids(_WHERE, _times(40 if has_begun else 0)):
        sink.take(one)
    sink.abort()
    assert list(tmp_path.iterdir()) == []
    assert outputs.opened == {}


def test_aborting_after_the_end_harms_nothing(tmp_path: Path) -> None:
    outputs = scenes.Outputs()
    sink = Mp4Sink(scenes.scene(outputs=outputs, scratch=tmp_path), _x264(), None)
    scenes.feed(sink, scenes.grids(_WHERE, _times(3)), 1)
    sink.abort()
    assert outputs[File.VIDEO]


def test_the_same_frames_make_the_same_bytes(tmp_path: Path) -> None:
    assert _made(tmp_path, _times(5), Fraction(1)) == _made(tmp_path, _times(5), Fraction(1))


def test_nobody_is_told_what_the_libraries_say(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    _made(tmp_path, _times(5), Fraction(1))
    assert capfd.readouterr() == ("", "")
