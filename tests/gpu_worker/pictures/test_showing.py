from fractions import Fraction

import numpy as np
import pytest

from functions.core.jobs.ascii_frames import LiveFrame
from gpu_worker.pictures.grid import Grid
from gpu_worker.pictures.showing import PERIOD, Showing, read_frame
from tests.gpu_worker.pictures.recording_sink import rendered
from tests.video_making import moving_square, video


class Window:
    def __init__(self) -> None:
        self.now = 100.0
        self.handed: list[bytes] = []
        self.showing = Showing(self.handed.append, now=lambda: self.now)

    def draw(self, number: int, *, after: float = 0.0) -> None:
        self.now += after
        self.showing.drew(Grid(number, Fraction(number, 30), np.full((2, 3), number % 10, np.uint8)))

    @property
    def numbers(self) -> list[int]:
        return [read_frame(body, glyphs=10).number for body in self.handed]


@pytest.fixture
def window() -> Window:
    return Window()


def test_nothing_is_handed_over_while_nobody_watches(window: Window) -> None:
    window.draw(0)
    assert window.handed == []


def test_a_frame_says_when_the_video_shows_it(window: Window) -> None:
    window.showing.is_wanted = True
    window.draw(7)
    assert read_frame(window.handed[0], glyphs=10) == LiveFrame(7, 233, 3, 2, b"\7" * 6)


def test_frames_are_taken_by_the_clock_on_the_wall_and_not_by_the_videos_own(window: Window) -> None:
    window.showing.is_wanted = True
    for number in range(100):
        window.draw(number, after=PERIOD / 8)
    assert window.numbers == list(range(0, 100, 8))


def test_of_a_render_that_is_slow_every_frame_is_shown(window: Window) -> None:
    window.showing.is_wanted = True
    for number in range(5):
        window.draw(number, after=2 * PERIOD)
    assert window.numbers == [0, 1, 2, 3, 4]


def test_whoever_comes_in_the_middle_sees_the_next_frame(window: Window) -> None:
    window.draw(0)
    window.showing.is_wanted = True
    window.draw(1)
    window.showing.is_wanted = False
    window.draw(2, after=1)
    assert window.numbers == [1]


def test_a_render_tells_of_every_frame_as_the_sinks_get_it() -> None:
    told: list[Grid] = []
    done = rendered(video(moving_square(5)), on_frame=told.append, width=16)
    assert [grid.number for grid in told] == [0, 1, 2, 3, 4]
    assert all(one is other for one, other in zip(told, done.sink.grids, strict=True))
