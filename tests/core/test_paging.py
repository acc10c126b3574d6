import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.core.errors import Invalid
from functions.core.paging import Cursors

CURSORS = Cursors(lambda: b"a key of thirty-two bytes, or so")


@given(st.text(max_size=50), st.text(max_size=80))
def test_a_cursor_gives_back_its_position(list_name: str, position: str) -> None:
    assert CURSORS.read(list_name, CURSORS.make(list_name, position)) == position


@given(st.text(max_size=100))
def test_nothing_made_up_is_a_cursor(text: str) -> None:
    with pytest.raises(Invalid):
        CURSORS.read("list", text)


def test_a_cursor_of_another_house_is_refused() -> None:
    with pytest.raises(Invalid):
        CURSORS.read("list", Cursors(lambda: b"another key").make("list", "x"))
