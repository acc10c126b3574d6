import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.core.locations.model import name_id, place_in_list
from tests.builders import a_location


def in_order(*names: str) -> list[str]:
    """What a list reads that goes by falling keys."""
    return sorted(names, key=lambda name: place_in_list(a_location(id="loc_1", name=name)), reverse=True)


@pytest.mark.parametrize(
    "names",
    [
        ["Arbat", "arcade", "Zoo"],
        ["Shop", "Shop 2", "Shop 10"],
        ["Еда", "Ёлка", "Ель", "Ирина", "Йога", "Кафе"],
        ["Élysée", "Ezra", "Fnac"],
        ["2", "10", "A", "Я", "東京"],
    ],
    ids=str,
)
def test_names_stand_in_the_order_that_people_expect(names: list[str]) -> None:
    assert in_order(*reversed(names)) == names


@given(st.lists(st.text("abАБяй", max_size=20), unique_by=str.casefold, max_size=6))
@settings(max_examples=50)
def test_plain_names_stand_as_in_a_dictionary(names: list[str]) -> None:
    assert in_order(*names) == sorted(names, key=str.casefold)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Caf\N{LATIN SMALL LETTER E WITH ACUTE}", "CAFE\N{COMBINING ACUTE ACCENT}"),
        ("Straße", "STRASSE"),
        ("Ломоносов 1", "ломоносов 1"),
        ("Shop", "Ｓｈｏｐ"),
        ("Shop  2", "shop 2"),
        ("می\N{ZERO WIDTH NON-JOINER}خواهم", "میخواهم"),
    ],
)
def test_names_that_look_alike_are_one(one: str, other: str) -> None:
    assert name_id(one) == name_id(other)


@pytest.mark.parametrize(("one", "other"), [("е", "ё"), ("Shop 1", "Shop 11"), ("ab", "a b")])
def test_names_that_look_different_are_two(one: str, other: str) -> None:
    assert name_id(one) != name_id(other)
