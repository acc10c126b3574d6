import io
import itertools
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
import pytest

from functions.core.jobs.ascii_options import AsciiVideoOptions, Style
from functions.core.jobs.ascii_video import File
from gpu_worker.pictures.counted_output import CountedOutputs
from gpu_worker.pictures.failures import NotRenderable
from gpu_worker.pictures.grid import Grid
from gpu_worker.pictures.limits import Limits
from gpu_worker.pictures.palette import light_of, rgb
from gpu_worker.pictures.render import render
from tests import video_making as making
from tests.gpu_worker.pictures.recording_sink import RecordingSink, rendered
from tests.video_making import Track, moving_square, mux, video

LEVELS = np.linspace(0, 255, 10)


def test_a_video_becomes_grids_at_its_times() -> None:
    done = rendered(video(moving_square(10)), width=16)
    assert done.sink.times == [Fraction(n, 25) for n in range(10)]
    assert done.sink.end == Fraction(2, 5)
    assert [grid.number for grid in done.sink.grids] == list(range(10))
    assert {grid.glyphs.shape for grid in done.sink.grids} == {(6, 16)}
    assert all(grid.colours is None and grid.text_colour is None for grid in done.sink.grids)
    result = done.result
    assert (result.frames, result.columns, result.rows, result.width, result.height) == (10, 16, 6, 64, 48)
    assert result.duration == pytest.approx(0.4)
    assert (result.style, result.corrupt_frames, result.warnings) == ("normal", 0, ("A sink says so.",))
    assert result.processing_seconds > 0


def test_what_is_lighter_has_a_later_character() -> None:
    done = rendered(video([making.quarters(width=160, height=128)], options={"crf": "1"}), width=20)
    glyphs = done.sink.grids[0].glyphs
    corners = [glyphs[1, 4], glyphs[1, 15], glyphs[-2, 4], glyphs[-2, 15]]
    assert corners == [40 * 10 // 256, 100 * 10 // 256, 160 * 10 // 256, 220 * 10 // 256]


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_video_gives_the_turned_grid(rotation: int) -> None:
    picture = making.quarters(width=128, height=96)
    lying = np.ascontiguousarray(np.rot90(picture, rotation // 90))
    upright, turned = (
        rendered(video([one], rotation=degrees, codec="mpeg4"), width=16).sink.grids[0].glyphs
        for one, degrees in ((picture, 0), (lying, rotation))
    )
    assert turned.shape == upright.shape
    assert (turned == upright).mean() > 0.95


@pytest.mark.parametrize("aspect", [Fraction(1), Fraction(2), Fraction(1, 2)])
@pytest.mark.parametrize("columns", [20, 37])
def test_a_circle_stays_a_circle(aspect: Fraction, columns: int) -> None:
    disc = making.disc()
    squeezed = disc[:, ::2] if aspect == 2 else disc[::2] if aspect < 1 else disc
    done = rendered(video([squeezed], pixel_aspect=aspect), width=columns)
    scene, glyphs = done.sink.scene, done.sink.grids[0].glyphs
    assert scene is not None
    rows, places = np.nonzero(glyphs >= 5)
    wide = (np.ptp(places) + 1) * scene.layout.width / scene.layout.columns
    high = (np.ptp(rows) + 1) * scene.layout.height / scene.layout.rows
    assert wide == pytest.approx(120, abs=scene.layout.cell_width * 1.5)
    assert high == pytest.approx(120, abs=scene.layout.cell_height * 1.5)


@pytest.mark.parametrize("style", Style)
def test_every_style_draws_a_video(style: Style) -> None:
    done = rendered(video(moving_square(5)), style=style, width=16)
    assert done.result.style == style
    scene = done.sink.scene
    assert scene is not None
    assert all(len(np.unique(grid.glyphs)) > 1 for grid in done.sink.grids)
    assert all(grid.glyphs.max() < len(scene.atlas.characters) for grid in done.sink.grids)


def test_characters_may_have_the_colours_of_the_source() -> None:
    red = making.plain((200, 30, 30), 2, width=160, height=64)
    for grid in rendered(video(red), colors="source").sink.grids:
        assert grid.colours is not None
        assert grid.colours.shape == (*grid.glyphs.shape, 3)
        assert np.abs(grid.colours.astype(int) - (200, 30, 30)).max() < 8


def test_random_colours_differ_from_frame_to_frame_and_can_be_read() -> None:
    for background in ("#000000", "#ffffff"):
        done = rendered(video(moving_square(20)), random_colors=True, bg_color=background)
        colours = [grid.text_colour for grid in done.sink.grids]
        assert len(set(colours)) == 20
        for colour in colours:
            assert colour is not None
            assert abs(light_of(colour) - light_of(rgb(background))) > 60


def test_the_same_seed_gives_the_same_colours() -> None:
    first, again, other = (
        [grid.text_colour for grid in rendered(video(moving_square(5)), random_colors=True, seed=seed).sink.grids]
        for seed in (1, 1, 2)
    )
    assert first == again != other


def test_another_rate_holds_frames_or_leaves_them_out() -> None:
    data = video(moving_square(10))
    slow = rendered(data, fps=5, width=16)
    assert slow.sink.times == [0, Fraction(1, 5)]
    fast = rendered(data, fps=50, width=16)
    assert fast.sink.times == [Fraction(n, 50) for n in range(20)]
    source = rendered(data, width=16).sink.grids
    for grid in fast.sink.grids:
        np.testing.assert_array_equal(grid.glyphs, source[grid.number // 2].glyphs)
    assert slow.sink.end == fast.sink.end == Fraction(2, 5)


def test_the_first_frame_is_shown_as_a_picture_before_the_rest_is_read() -> None:
    seen: list[int] = []
    sink = RecordingSink()
    done = rendered(video(moving_square(10)), sink=sink, on_progress=lambda progress: seen.append(progress.frames))
    assert seen == list(range(1, 11))
    [still] = done.stills
    with av.open(io.BytesIO(still), "r") as picture:
        frame = next(picture.decode(video=0))
        assert (frame.width, frame.height) == (64, 48)


def test_progress_counts_seconds_and_not_promised_frames() -> None:
    progress = rendered(video(moving_square(10))).progress
    assert [one.done for one in progress] == pytest.approx([n / 25 for n in range(10)])
    assert {one.total for one in progress} == {0.4}
    assert {one.total for one in rendered(making.raw_h264()).progress} == {None}


def test_sound_reaches_the_mp4_and_is_not_read_for_anything_else() -> None:
    data = video(moving_square(25), sound="aac", sound_seconds=1)
    done = rendered(data)
    assert done.result.has_audio
    assert len(done.sink.sound) > 40
    silent = rendered(data, save_mp4=False, save_txt=True)
    assert not silent.result.has_audio
    assert silent.sink.sound == []
    assert silent.result.engine is None


def test_sound_that_nobody_knows_is_left_out_and_told() -> None:
    data = video(moving_square(5), container="matroska", sound="libopus").replace(b"A_OPUS", b"A_NONE")
    done = rendered(data)
    assert not done.result.has_audio
    assert done.result.warnings[0] == "The sound is of a sort that cannot be read: the MP4 has none."


def test_a_worker_without_a_gpu_decodes_all_the_same() -> None:
    data = video(moving_square(5))
    plain, accelerated = (rendered(data, limits=Limits(hardware=on)).sink.grids for on in (False, True))
    for one, other in zip(plain, accelerated, strict=True):
        np.testing.assert_array_equal(one.glyphs, other.glyphs)


def test_a_source_that_breaks_is_no_broken_video() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 20_000:
                raise OSError("the connection is gone")
            return super().read(size)

    sink = RecordingSink()
    with pytest.raises(OSError, match="the connection is gone"):
        _render_with(Broken(video(making.noise(30, width=128), container="matroska")), [sink])


def test_a_narrow_picture_has_shorter_lines_and_says_so() -> None:
    done = rendered(video(moving_square(2)), width=120)
    assert done.result.columns == 32
    assert done.result.warnings[0] == ("The picture is only 64 pixels wide: its lines have 32 characters and not 120.")


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (300, 2), (53, 37)])
def test_the_smallest_and_oddest_pictures_are_drawn(size: tuple[int, int]) -> None:
    width, height = size
    done = rendered(making.png(making.plain(200, width=width, height=height)[0]))
    assert (done.result.width, done.result.height) == size
    assert done.result.frames == 1


def test_warnings_of_the_file_come_with_the_result() -> None:
    whole = mux([Track(pictures=moving_square(100))], moov_first=True)
    done = rendered(making.truncated(whole, 0.6))
    assert done.result.warnings[0].startswith("The file ends early: of 4.0 seconds")


def test_a_canvas_that_gets_too_large_by_its_pixels_shape_is_refused() -> None:
    with pytest.raises(NotRenderable) as failed:
        rendered(video(moving_square(2), pixel_aspect=Fraction(6)), limits=Limits(most_pixels=64 * 48 * 5))
    assert failed.value.code == "resolution-too-large"


def test_what_breaks_on_the_way_aborts_every_sink() -> None:
    first, second = RecordingSink(), RecordingSink()
    limits = Limits(longest_seconds=0.5)
    with pytest.raises(NotRenderable, match="too long"):
        _render_with(making.raw_h264(50), [first, second], limits)
    assert first.aborted
    assert second.aborted
    assert first.end is None


def test_a_sink_that_cannot_write_aborts_the_others() -> None:
    class Full(RecordingSink):
        def take(self, grid: Grid) -> None:
            raise OSError("the disk is full")

        def abort(self) -> None:
            raise ValueError("closing fails, too")

    other = RecordingSink()
    with pytest.raises(OSError, match="the disk is full"):
        _render_with(video(moving_square(3)), [Full(), other])
    assert other.aborted


def test_what_listens_to_progress_may_end_it() -> None:
    def stop(_: Any) -> None:
        raise KeyboardInterrupt

    sink = RecordingSink()
    with pytest.raises(KeyboardInterrupt):
        rendered(video(moving_square(3)), sink=sink, on_progress=stop)
    assert sink.aborted


def test_files_are_counted_as_they_are_written() -> None:
    written: dict[File, io.BytesIO] = {}

    def open_output(file: File) -> BinaryIO:
        written[file] = io.BytesIO()
        return written[file]

    outputs = CountedOutputs(open_output)
    assert outputs(File.TXT).write(memoryview(b"twelve bytes")) == 12
    outputs(File.PNG).write(b"1")
    assert outputs.sizes == {File.TXT: 12, File.PNG: 1}
    assert written[File.TXT].getvalue() == b"twelve bytes"


def test_all_files_come_from_one_reading(tmp_path: Path) -> None:
    written: dict[File, _Kept] = {}

    def open_output(file: File) -> BinaryIO:
        written[file] = _Kept()
        return written[file]

    result = render(
        io.BytesIO(video(moving_square(10, width=160, height=96), sound="aac")),
        AsciiVideoOptions(save_txt=True, save_png=True, save_gif=True, save_cast=True),
        open_output=open_output,
        scratch=tmp_path,
        on_progress=lambda progress: None,
        on_still=lambda still: None,
    )
    assert set(result.files) == set(File) == set(written)
    assert result.files == {file: len(kept.content) for file, kept in written.items()}
    assert result.engine == "direct"
    assert result.has_audio
    with av.open(io.BytesIO(written[File.VIDEO].content), "r") as mp4:
        assert [stream.type for stream in mp4.streams] == ["video", "audio"]
        times = [Fraction(frame.time).limit_denominator(1000) for frame in mp4.decode(video=0)]
    assert times == [Fraction(n, 25) for n in range(10)]


class _Kept(io.BytesIO):
    content = b""

    def close(self) -> None:
        self.content = self.content or self.getvalue()
        super().close()


def _render_with(data: bytes | io.BytesIO, sinks: list[RecordingSink], limits: Limits | None = None) -> None:
    render(
        io.BytesIO(data) if isinstance(data, bytes) else data,
        AsciiVideoOptions(),
        open_output=lambda file: io.BytesIO(),
        scratch=Path("/nonexistent"),
        on_progress=lambda progress: None,
        on_still=lambda still: None,
        limits=limits or Limits(),
        make_sinks=lambda scene, sound: sinks,
    )


def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    peaks = []
    for frames in (60, 600):
        path = tmp_path / f"{frames}.mp4"
        pictures = itertools.islice(itertools.cycle(moving_square(20, width=160, height=96)), frames)
        path.write_bytes(video(pictures, codec="mpeg4"))
        run = subprocess.run([sys.executable, "-c", _PEAK, str(path)], capture_output=True, text=True, check=True)
        peaks.append(int(run.stdout))
    assert peaks[1] < peaks[0] * 1.1


_PEAK = """
import resource, sys
from pathlib import Path
from functions.core.jobs.ascii_options import AsciiVideoOptions
from gpu_worker.pictures.render import render
class Sink:
    def take(self, grid): pass
    def finish(self, end): return ()
    def abort(self): pass
with open(sys.argv[1], "rb") as file:
    render(file, AsciiVideoOptions(style="braille", colors="source"), open_output=None, scratch=Path("."),
        on_progress=lambda p: None, on_still=lambda s: None, make_sinks=lambda scene, sound: [Sink()])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
