import io
import itertools
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
import numpy as np
import pytest

from gpu_worker.pictures.decoding import Decoding, Shown
from gpu_worker.pictures.failures import NotRenderable
from gpu_worker.pictures.limits import Limits
from gpu_worker.pictures.opening import opened
from tests import video_making as making
from tests.video_making import Track, moving_square, mux, video

TICK = Fraction(1, 25)


class Decoded:
    def __init__(self, data: bytes, limits: Limits | None = None, *, listens_after: int = 0) -> None:
        limits = limits or Limits()
        self.times: list[Fraction] = []
        self.sizes: set[tuple[int, int]] = set()
        self.sound: list[Any] = []
        with opened(io.BytesIO(data), limits) as facts:
            decoding = Decoding(facts, limits)
            for number, shown in enumerate(decoding.frames()):
                if number == listens_after:
                    decoding.listen(self.sound.append)
                self._add(shown)
            self.end, self.warnings = decoding.end, decoding.warnings()
            self.corrupt_frames = decoding.corrupt_frames

    def _add(self, shown: Shown) -> None:
        self.times.append(shown.time)
        self.sizes.add((shown.frame.width, shown.frame.height))


def even(count: int, step: Fraction = TICK) -> list[Fraction]:
    return [n * step for n in range(count)]


@pytest.mark.parametrize("container", ["mp4", "mov", "mpegts", "flv", "matroska", "avi", "h264"])
@pytest.mark.parametrize("options", [{}, {"preset": "medium", "bf": "2"}], ids=["in order", "B-frames"])
def test_frames_come_at_their_times(container: str, options: dict[str, str]) -> None:
    decoded = Decoded(video(moving_square(20), container=container, options=options))
    assert decoded.times == even(20)
    assert decoded.end == 20 * TICK
    assert decoded.warnings == ()


def test_the_rate_of_film_is_exact() -> None:
    decoded = Decoded(video(moving_square(10), rate=Fraction(24000, 1001)))
    assert decoded.times == even(10, Fraction(1001, 24000))


@pytest.mark.parametrize("container", ["mp4", "mpegts"])
def test_frames_that_last_differently_do_so(container: str) -> None:
    data, times = making.variable_rate([TICK, Fraction(1, 3), Fraction(2), TICK, Fraction(1, 7)], container=container)
    assert Decoded(data).times == times


def test_matroska_counts_milliseconds() -> None:
    data, times = making.variable_rate([TICK, Fraction(1, 3), Fraction(2)], container="matroska")
    assert Decoded(data).times == [Fraction(round(time * 1000), 1000) for time in times]


def test_a_video_that_begins_late_begins_at_0() -> None:
    decoded = Decoded(video(moving_square(3), times=[100, 101, 103], container="mpegts"))
    assert decoded.times == [0, 1, 3]


def test_a_frame_that_is_shown_for_long_is_no_jump() -> None:
    assert Decoded(video(moving_square(3), times=[0, 400, 401])).times == [0, 400, 401]


def test_a_clock_that_jumps_by_hours_is_closed_and_told() -> None:
    times = [Fraction(0), TICK, Fraction(9000), 9000 + TICK]
    decoded = Decoded(video(moving_square(4), times=times, container="matroska"))
    assert decoded.times == even(4)
    assert decoded.warnings == ("The clock of the video jumps: what follows a jump is shown without a pause.",)


def test_two_recordings_that_were_glued_together_are_both_there() -> None:
    decoded = Decoded(video(moving_square(50), container="mpegts") + video(moving_square(25), container="mpegts"))
    assert len(decoded.times) == 75
    assert decoded.end == 3


@pytest.mark.parametrize(("data", "count"), [(making.raw_h264(12), 12), (making.png(making.disc()), 1)])
def test_what_has_no_number_of_frames_is_read_to_its_end(data: bytes, count: int) -> None:
    decoded = Decoded(data)
    assert decoded.times == even(count)
    assert decoded.end == count * TICK


def test_a_gif_is_read_with_its_times() -> None:
    decoded = Decoded(making.gif((picture[:, :, 0] for picture in moving_square(5)), rate=10))
    assert decoded.times == even(5, Fraction(1, 10))


@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_a_file_that_ends_early_gives_what_is_there_and_says_so(container: str) -> None:
    whole = mux([Track(pictures=moving_square(100))], container=container, moov_first=container == "mp4")
    decoded = Decoded(making.truncated(whole, 0.6))
    assert 20 < len(decoded.times) < 80
    assert decoded.warnings[0] == f"The file ends early: of 4.0 seconds, {float(decoded.end):.1f} are there."


def test_longer_sound_is_no_missing_picture() -> None:
    for container, sound in (("mp4", "aac"), ("matroska", "libopus")):
        assert Decoded(video(moving_square(5), container=container, sound=sound, sound_seconds=3)).warnings == ()


def test_damage_is_skipped_and_counted() -> None:
    whole = mux([Track(pictures=making.noise(60), options={"g": "10"})], moov_first=True)
    decoded = Decoded(making.damaged(whole, flips=30, spare=6000))
    assert 20 <= len(decoded.times) <= 60
    assert decoded.corrupt_frames > 0
    assert decoded.warnings[0].startswith("The file is damaged: ")
    assert decoded.warnings[0].endswith(".")


def test_what_is_nearly_all_damage_is_given_up() -> None:
    whole = mux([Track(pictures=making.noise(60, width=128), options={"g": "1"})], moov_first=True)
    with pytest.raises(NotRenderable) as failed:
        Decoded(making.damaged(whole, flips=len(whole) // 20, spare=9000))
    assert failed.value.code in {"too-damaged", "unreadable-media"}
    assert "damaged" in failed.value.detail


def test_the_limit_of_all_pixels_holds() -> None:
    limits = Limits(most_pixels_in_all=64 * 48 * 5)
    with pytest.raises(NotRenderable) as failed:
        Decoded(video(moving_square(10)), limits)
    assert failed.value.code == "duration-too-long"


def test_a_container_that_is_broken_for_good_gives_all_frames_up_to_there() -> None:
    class Broken:
        def __init__(self, container: Any) -> None:
            self.format, self._packets = container.format, container.demux(video=0)

        def demux(self, streams: Any) -> Any:
            yield from itertools.islice(self._packets, 2)
            raise av.error.InvalidDataError(1, "broken")

    with opened(io.BytesIO(video(moving_square(50))), Limits()) as facts:
        decoding = Decoding(replace(facts, container=Broken(facts.container)), Limits())
        assert [shown.time for shown in decoding.frames()] == even(22)
        assert decoding.warnings()[0] == "The file ends early: of 2.0 seconds, 0.9 are there."


def test_pictures_may_change_their_size() -> None:
    both = making.raw_h264(5) + making.raw_h264(5, width=32, height=32)
    decoded = Decoded(both)
    assert decoded.sizes == {(64, 48), (32, 32)}
    assert decoded.times == even(10)


def test_pictures_that_become_too_large_are_left_out() -> None:
    both = making.raw_h264(20) + making.raw_h264(2, width=400, height=400)
    decoded = Decoded(both, Limits(most_pixels=100_000))
    assert decoded.sizes == {(64, 48)}


@pytest.mark.parametrize(
    ("container", "sound"), [("mp4", "aac"), ("matroska", "libopus"), ("mpegts", "aac"), ("avi", "pcm_s16le")]
)
def test_sound_is_handed_on_with_the_times_of_the_pictures(container: str, sound: str) -> None:
    decoded = Decoded(video(moving_square(25), container=container, sound=sound, sound_seconds=1))
    starts = [packet.pts * packet.time_base for packet in decoded.sound]
    assert abs(starts[0]) < Fraction(1, 10)
    assert all(earlier < later for earlier, later in pairwise(starts))
    last = decoded.sound[-1]
    assert float(starts[-1] + last.duration * last.time_base) == pytest.approx(1, abs=0.06)


def test_sound_that_comes_before_anybody_listens_waits() -> None:
    data = video(moving_square(25), sound="aac", sound_seconds=1)
    sizes = [packet.size for packet in Decoded(data).sound]
    assert [packet.size for packet in Decoded(data, listens_after=20).sound] == sizes


def test_sound_from_before_the_first_picture_is_not_heard() -> None:
    late = video(moving_square(25), times=[2 + n * TICK for n in range(25)], sound="aac", sound_seconds=3)
    starts = [packet.pts * packet.time_base for packet in Decoded(late).sound]
    assert -Fraction(1, 10) <= starts[0] < Fraction(1, 10)
    assert starts[-1] == pytest.approx(1, abs=0.1)


def test_the_pictures_are_those_of_the_video() -> None:
    data = video(
        [making.plain(level)[0] for level in (20, 120, 220)], codec="ffv1", container="matroska", pixel_format="gray"
    )
    with opened(io.BytesIO(data), Limits()) as facts:
        frames = [shown.frame for shown in Decoding(facts, Limits()).frames()]
        levels = [int(np.frombuffer(frame.planes[0], np.uint8)[0]) for frame in frames]
    assert levels == [20, 120, 220]
