import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gpu_worker.pictures.tone import tone_table

FACTORS = st.floats(0.5, 2.0)


@given(brightness=FACTORS, contrast=FACTORS, gamma=FACTORS, full=st.booleans())
def test_what_is_lighter_stays_lighter(brightness: float, contrast: float, gamma: float, full: bool) -> None:
    table = tone_table(brightness=brightness, contrast=contrast, gamma=gamma, is_full_range=full)
    assert len(table) == 256
    assert (np.diff(table.astype(int)) >= 0).all()


def test_with_nothing_asked_for_light_stays_as_it_is() -> None:
    table = tone_table(brightness=1, contrast=1, gamma=1, is_full_range=True)
    np.testing.assert_array_equal(table, np.arange(256))


def test_the_range_of_video_is_spread_over_all_of_it() -> None:
    table = tone_table(brightness=1, contrast=1, gamma=1, is_full_range=False)
    assert (table[16], table[126], table[235], table[0], table[255]) == (0, 128, 255, 0, 255)


def test_each_factor_does_what_it_says() -> None:
    plain = {"brightness": 1.0, "contrast": 1.0, "gamma": 1.0, "is_full_range": True}
    assert tone_table(**plain | {"brightness": 1.5})[100] == 150
    stronger = tone_table(**plain | {"contrast": 2.0})
    assert (stronger[100], stronger[128], stronger[140]) == (72, 128, 152)
    lifted = tone_table(**plain | {"gamma": 2.0})
    assert lifted[64] == 128
    assert (lifted[0], lifted[255]) == (0, 255)
