from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gpu_worker.pictures.timeline import LONGEST_HOLE, Timeline

TICK = Fraction(1, 25)
STAMPS = st.lists(
    st.one_of(
        st.none(), st.fractions(-(2**40), 2**40, max_denominator=90_000), st.integers(0, 50).map(lambda n: n * TICK)
    ),
    min_size=1,
    max_size=60,
)


def placed(stamps: list[Fraction | None], lasts: Fraction = TICK) -> list[Fraction | None]:
    timeline = Timeline()
    return [timeline.place(stamp, lasts) for stamp in stamps]


@given(stamps=STAMPS, lasts=st.fractions(Fraction(1, 1000), 10))
def test_times_begin_at_0_and_rise_whatever_the_stamps_are(stamps: list[Fraction | None], lasts: Fraction) -> None:
    timeline = Timeline()
    times = [time for stamp in stamps if (time := timeline.place(stamp, lasts)) is not None]
    assert times[0] == 0
    assert all(earlier < later <= earlier + LONGEST_HOLE for earlier, later in pairwise(times))
    assert timeline.end > times[-1]
    assert len(times) + timeline.dropped == len(stamps)


@given(steps=st.lists(st.fractions(Fraction(1, 1000), 599), max_size=30), start=st.fractions(-1000, 1000))
def test_good_stamps_are_kept_exactly(steps: list[Fraction], start: Fraction) -> None:
    stamps = [start]
    for step in steps:
        stamps.append(stamps[-1] + step)
    assert placed(list(stamps)) == [stamp - start for stamp in stamps]


def test_a_missing_stamp_is_filled_in_from_how_long_the_frame_before_lasts() -> None:
    assert placed([None, None, None]) == [0, TICK, 2 * TICK]
    assert placed([Fraction(5), None, Fraction(6)]) == [0, TICK, 1]


def test_of_two_frames_at_one_time_the_second_is_left_out() -> None:
    timeline = Timeline()
    times = [timeline.place(stamp, TICK) for stamp in (Fraction(0), Fraction(1), Fraction(1), Fraction(2))]
    assert times == [0, 1, None, 2]
    assert (timeline.dropped, timeline.jumps) == (1, 0)


def test_a_frame_that_comes_a_little_late_is_left_out() -> None:
    assert placed([Fraction(0), Fraction(2), Fraction(3, 2), Fraction(3)]) == [0, 2, None, 3]


def test_recordings_that_were_glued_together_follow_each_other() -> None:
    stamps: list[Fraction | None] = [Fraction(100), Fraction(101), Fraction(102), Fraction(0), Fraction(1)]
    assert placed(stamps, Fraction(1)) == [0, 1, 2, 3, 4]


def test_a_jump_of_days_is_closed() -> None:
    assert placed([Fraction(0), TICK, Fraction(200_000), Fraction(200_000) + TICK]) == [0, TICK, 2 * TICK, 3 * TICK]


def test_one_frame_with_a_wild_stamp_does_not_move_the_others() -> None:
    stamps: list[Fraction | None] = [n * TICK for n in range(8)]
    for wild in (Fraction(2**40), Fraction(-(2**40))):
        times = placed([*stamps[:4], wild, *stamps[5:]])
        assert times == stamps


def test_a_long_pause_is_no_jump() -> None:
    assert placed([Fraction(0), Fraction(300)]) == [0, 300]


def test_sound_moves_with_the_pictures() -> None:
    timeline = Timeline()
    timeline.place(Fraction(10), TICK)
    assert timeline.shifted(Fraction(12)) == 2
    timeline.place(Fraction(5000), TICK)
    assert timeline.shifted(Fraction(5000)) == TICK
