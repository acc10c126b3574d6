from hypothesis import given
from hypothesis import strategies as st

from parley.calls.inbox import Inbox, Message


def message(seq: int, kind: str = "record") -> Message:
    return Message("dev_1", seq, kind, {})


@given(order=st.permutations(range(12)), again=st.lists(st.integers(0, 11), max_size=12))
def test_all_is_handled_once_and_in_order(order: list[int], again: list[int]) -> None:
    box, handled = Inbox(), []
    for seq in [*order, *again]:
        handled += [one.seq for one in box.take(message(seq), 0)]
    assert handled == sorted(order)
    assert box.gap_since is None
    assert box.wanted == 12


@given(order=st.permutations(range(12)), candidates=st.sets(st.integers(0, 11)))
def test_candidates_wait_for_nobody_and_the_rest_keeps_its_order(order: list[int], candidates: set[int]) -> None:
    box, rest = Inbox(), []
    for seq in order:
        ready = box.take(message(seq, "ice" if seq in candidates else "record"), 0)
        assert seq not in candidates or ready[0].seq == seq
        rest += [one.seq for one in ready if one.type != "ice"]
    assert rest == sorted(set(order) - candidates)


@given(missing=st.sets(st.integers(0, 11), max_size=8), order=st.permutations(range(12)))
def test_what_never_comes_is_given_up_without_losing_the_rest(missing: set[int], order: list[int]) -> None:
    box, handled = Inbox(), []
    for seq in order:
        if seq not in missing:
            handled += [one.seq for one in box.take(message(seq), 0)]
    while box.gap_since is not None:
        handled += [one.seq for one in box.skip(1)]
    assert handled == sorted(set(order) - missing)
