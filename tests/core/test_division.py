from hypothesis import example, given, settings
from hypothesis import strategies as st

from functions.core.recordings.division import LEAST_PART_BYTES, MIB, Division

S3_LEAST_PART = 5 * MIB
S3_MOST_PARTS = 10_000


@settings(max_examples=50)
@given(size=st.integers(1, 50 * 1024**3))
@example(size=1)
@example(size=LEAST_PART_BYTES)
@example(size=LEAST_PART_BYTES * 1000)
@example(size=LEAST_PART_BYTES * 1000 + 1)
@example(size=50 * 1024**3)
def test_parts_make_up_the_file_and_s3_takes_them(size: int) -> None:
    division = Division.of(size)

    lengths = [division.length(number) for number in range(1, division.count + 1)]

    assert sum(lengths) == size
    assert 1 <= len(lengths) <= 1000 < S3_MOST_PARTS
    assert set(lengths[:-1]) <= {division.part_size}
    assert division.part_size >= S3_LEAST_PART
    assert 0 < lengths[-1] <= division.part_size


@settings(max_examples=50)
@given(size=st.integers(1, 50 * 1024**3), number=st.integers())
def test_what_is_no_part_has_no_length(size: int, number: int) -> None:
    division = Division.of(size)

    assert (division.length(number) > 0) is (1 <= number <= division.count)
