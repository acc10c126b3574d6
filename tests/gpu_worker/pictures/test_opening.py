import io
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest

from gpu_worker.pictures.decoding import Decoding
from gpu_worker.pictures.failures import NotRenderable
from gpu_worker.pictures.limits import Limits
from gpu_worker.pictures.media_info import MediaInfo
from gpu_worker.pictures.opening import check_amount, media_info, opened
from tests import video_making as making
from tests.video_making import Track, moving_square, mux, video


def info_of(data: bytes, limits: Limits | None = None) -> MediaInfo:
    limits = limits or Limits()
    with opened(io.BytesIO(data), limits) as facts:
        return media_info(facts, next(Decoding(facts, limits).frames()).frame)


def refused(data: bytes, limits: Limits | None = None) -> NotRenderable:
    with pytest.raises(NotRenderable) as failed:
        info_of(data, limits)
    assert failed.value.detail.endswith(".")
    return failed.value


def test_a_video_says_what_it_is() -> None:
    info = info_of(video(moving_square(50), sound="aac", sound_seconds=1))
    assert (info.width, info.height, info.pixel_aspect, info.rotation) == (64, 48, 1, 0)
    assert info.duration == pytest.approx(2)
    assert info.rate == 25
    assert info.has_audio


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_phone_held_another_way_is_turned_upright(rotation: int) -> None:
    info = info_of(video(moving_square(2), rotation=rotation))
    assert info.rotation == rotation
    assert info.upright_size == ((64, 48) if rotation == 180 else (48, 64))


@pytest.mark.parametrize("container", ["mp4", "matroska", "mpegts"])
def test_pixels_that_are_not_square_are_known(container: str) -> None:
    info = info_of(video(moving_square(10), pixel_aspect=Fraction(4, 3), container=container))
    assert info.pixel_aspect == Fraction(4, 3)
    assert info.upright_size == (85, 48)


def test_pixels_of_an_absurd_shape_are_taken_as_square() -> None:
    assert info_of(video(moving_square(2), pixel_aspect=Fraction(200, 1))).pixel_aspect == 1


@pytest.mark.parametrize(
    ("container", "codec", "pixel_format"),
    [
        ("mp4", "libx264", "yuv420p"),
        ("mp4", "mpeg4", "yuv420p"),
        ("mov", "png", "rgb24"),
        ("matroska", "ffv1", "yuv420p"),
        ("matroska", "ffv1", "yuv422p10le"),
        ("webm", "libvpx-vp9", "yuv420p"),
        ("mpegts", "libx264", "yuv420p"),
        ("flv", "libx264", "yuv420p"),
        ("avi", "mpeg4", "yuv420p"),
        ("avi", "rawvideo", "bgr24"),
        ("mpeg", "mpeg2video", "yuv420p"),
        ("h264", "libx264", "yuv420p"),
        ("gif", "gif", "gray"),
        ("apng", "apng", "rgba"),
        ("mjpeg", "mjpeg", "yuvj420p"),
        ("ogg", "libvpx", "yuv420p"),
        ("nut", "huffyuv", "yuv422p"),
    ],
)
def test_what_people_have_is_opened(container: str, codec: str, pixel_format: str) -> None:
    data = video(moving_square(10), container=container, codec=codec, pixel_format=pixel_format)
    assert info_of(data).upright_size == (64, 48)


def test_odd_sizes_are_kept() -> None:
    odd = video(moving_square(2, width=53, height=37), container="matroska", codec="ffv1", pixel_format="yuv420p")
    assert info_of(odd).upright_size == (53, 37)


def test_sound_alone_is_no_video() -> None:
    failure = refused(making.sound_only())
    assert failure.code == "no-video"
    assert "only sound" in failure.detail


@pytest.mark.parametrize("codec", ["mjpeg", "png"])
def test_the_cover_of_a_song_is_no_video(codec: str) -> None:
    pixel_format = {"mjpeg": "yuvj420p", "png": "rgb24"}[codec]
    cover = Track(pictures=[making.disc()], codec=codec, pixel_format=pixel_format, is_cover=True)
    assert refused(mux([cover], sound="aac")).code == "no-video"


def test_of_several_streams_the_first_that_is_no_cover_is_taken() -> None:
    cover = Track(pictures=[making.disc()], codec="png", pixel_format="rgb24", is_cover=True)
    film = Track(pictures=moving_square(3))
    other = Track(pictures=moving_square(3, width=32, height=32))
    assert info_of(mux([cover, film, other])).upright_size == (64, 48)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Dear Anna, this is a letter.\n" * 100,
        bytes(range(256)) * 100,
        making.truncated(video(moving_square(30)), 0.8),
        making.playlist("/etc/passwd"),
        making.concat_script("/etc/passwd"),
        b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=video 5004 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n",
        b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period/></MPD>',
    ],
    ids=["empty", "letter", "bytes", "cut before its map", "hls", "concat", "sdp", "dash"],
)
def test_what_is_no_video_is_refused_in_plain_words(data: bytes) -> None:
    failure = refused(data)
    assert failure.code == "unreadable-media"
    assert "cannot be read as a video" in failure.detail


@pytest.mark.parametrize("listed", [making.playlist, making.concat_script])
def test_a_list_of_files_cannot_reach_another_file(listed: Callable[[str], bytes], tmp_path: Path) -> None:
    secret = tmp_path / "secret.ts"
    secret.write_bytes(video(moving_square(10), container="mpegts"))
    path = tmp_path / "list.m3u8"
    path.write_bytes(listed("secret.ts"))
    with path.open("rb") as file, pytest.raises(NotRenderable), opened(file, Limits()):
        pass
    with av.open(str(path), options={"allowed_extensions": "ALL", "extension_picky": "0"}) as unguarded:
        assert unguarded.streams.video  # so FFmpeg would have read it


def test_a_track_without_pictures_is_refused() -> None:
    whole = mux([Track(pictures=moving_square(5))], moov_first=True)
    failure = refused(whole[: whole.index(b"mdat") + 4])
    assert failure.code == "unreadable-media"
    assert "No picture" in failure.detail


def test_a_still_image_is_a_video_of_one_frame() -> None:
    info = info_of(making.png(making.disc()))
    assert info.upright_size == (192, 192)


def test_what_says_that_it_is_too_long_is_refused_at_once() -> None:
    failure = refused(video(moving_square(50)), Limits(longest_seconds=1.5))
    assert failure.code == "duration-too-long"
    assert "1.5 seconds" in failure.detail


def test_what_does_not_say_how_long_it_is_is_refused_when_it_is_too_long() -> None:
    limits = Limits(longest_seconds=1)
    with opened(io.BytesIO(making.raw_h264(50)), limits) as facts, pytest.raises(NotRenderable) as failed:
        list(Decoding(facts, limits).frames())
    assert failed.value.code == "duration-too-long"


def test_what_says_that_it_is_too_much_work_is_refused_at_once() -> None:
    info = info_of(video(moving_square(50)))
    check_amount(info, Limits(most_pixels_in_all=64 * 48 * 50))
    with pytest.raises(NotRenderable, match="too long for pictures of 64×48"):
        check_amount(info, Limits(most_pixels_in_all=64 * 48 * 49))


def test_a_codec_of_old_games_is_refused() -> None:
    data = video(moving_square(2), container="avi", codec="asv1")
    assert refused(data).detail == "The pictures of this video are in a format that is not known here."


def test_a_duration_of_years_is_not_believed() -> None:
    data = making.with_box_field(video(moving_square(5)), b"mdhd", 16, 0xFFFFFFFF)
    data = making.with_box_field(data, b"mvhd", 16, 0xFFFFFFFF)
    assert info_of(data).duration is None


BOMBS = {
    "still": making.png_bomb,
    "film": making.png_bomb_in_a_film,
    "mp4": making.h264_bomb,
    "ts": lambda: making.h264_bomb(container="mpegts"),
    "raw": lambda: making.h264_bomb(container="h264"),
    "second stream": lambda: making.png_bomb_in_a_film(after=[Track(pictures=moving_square(2))]),
    "behind a small one": lambda: making.raw_h264(10) + making.h264_bomb(container="h264"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_before_it_takes_memory(name: str, tmp_path: Path) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(BOMBS[name]())
    measured = subprocess.run([sys.executable, "-c", _MEASURE, str(path)], capture_output=True, text=True, check=True)
    code, megabytes = measured.stdout.split()
    assert code == ("fine" if name in {"second stream", "behind a small one"} else "resolution-too-large")
    assert int(megabytes) < 100


_MEASURE = """
import resource, sys
from gpu_worker.pictures.decoding import Decoding
from gpu_worker.pictures.failures import NotRenderable
from gpu_worker.pictures.limits import Limits
from gpu_worker.pictures.opening import opened
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
code = "fine"
try:
    with open(sys.argv[1], "rb") as file, opened(file, Limits()) as facts:
        list(Decoding(facts, Limits()).frames())
except NotRenderable as error:
    code = error.code
print(code, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
