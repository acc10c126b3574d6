from collections import Counter, defaultdict
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpu_worker.fair_order import FairOrder

OWNERS = ("anna", "boris", "вера")

owners = st.sampled_from(OWNERS)
costs = st.integers(1, 9)


def taken(queue: FairOrder[str], times: int) -> list[str]:
    return [item for item in (queue.take() for _ in range(times)) if item is not None]


def test_an_empty_order_has_nothing_to_give() -> None:
    queue: FairOrder[str] = FairOrder()

    assert queue.take() is None
    assert (len(queue), queue.items()) == (0, [])


def test_one_owner_is_served_as_he_came() -> None:
    queue: FairOrder[int] = FairOrder()
    for number in range(20):
        queue.add("anna", number)

    assert [queue.take() for _ in range(20)] == list(range(20))


def test_owners_take_turns() -> None:
    queue: FairOrder[str] = FairOrder()
    for number in range(3):
        queue.add("anna", f"anna {number}")
    for number in range(3):
        queue.add("boris", f"boris {number}")

    assert taken(queue, 6) == ["anna 0", "boris 0", "anna 1", "boris 1", "anna 2", "boris 2"]


@given(st.integers(2, 60), st.data())
def test_of_two_who_always_wait_none_is_served_more_than_one_item_ahead(items: int, data: st.DataObject) -> None:
    queue: FairOrder[str] = FairOrder()
    for owner in data.draw(st.permutations(OWNERS[:2])):
        queue.add(owner, owner)
    served: Counter[str] = Counter()

    for _ in range(items):
        turn = queue.take()
        assert turn is not None
        served[turn] += 1
        queue.add(turn, turn)
        assert abs(served["anna"] - served["boris"]) <= 1


@given(st.lists(st.tuples(owners, costs), min_size=2, max_size=40), st.integers(1, 200))
def test_of_those_who_always_wait_none_is_served_more_than_a_dearest_item_ahead(
    work: list[tuple[str, int]], rounds: int
) -> None:
    # Golestani's bound, which start-time fair queuing keeps: no two differ by more than the dearest item of each.
    queue: FairOrder[tuple[str, int]] = FairOrder()
    for owner, cost in work:
        queue.add(owner, (owner, cost), cost=cost)
    waiting = {owner for owner, _ in work}
    dearest = {owner: max(cost for name, cost in work if name == owner) for owner in waiting}
    served: Counter[str] = Counter()

    for _ in range(rounds):
        found = queue.take()
        assert found is not None
        owner, cost = found
        served[owner] += cost
        queue.add(owner, found, cost=cost)
        for one in waiting:
            for other in waiting - {one}:
                assert served[one] - served[other] <= dearest[one] + dearest[other]


@given(st.integers(0, 150))
def test_one_item_never_waits_for_more_than_one_of_somebody_elses_two_hundred(served_before: int) -> None:
    queue: FairOrder[str] = FairOrder()
    for number in range(200):
        queue.add("anna", f"anna {number}")
    taken(queue, served_before)

    queue.add("boris", "boris")

    assert "boris" in taken(queue, 2)


@given(st.integers(0, 50), st.integers(1, 50), st.booleans())
def test_who_was_away_neither_saves_up_nor_owes(served_before: int, missed: int, is_first: bool) -> None:
    queue: FairOrder[str] = FairOrder()
    for _ in range(200):
        queue.add("anna", "anna")
    for _ in range(served_before if is_first else 0):
        queue.add("boris", "boris")
    while "boris" in queue.items():
        queue.take()
    taken(queue, missed)

    for _ in range(100):
        queue.add("boris", "boris")
    served = Counter(taken(queue, 20))

    assert abs(served["anna"] - served["boris"]) <= 1


@given(st.integers(1, 100))
def test_who_was_served_while_nobody_else_was_there_owes_nothing(served_alone: int) -> None:
    queue: FairOrder[str] = FairOrder()
    for _ in range(served_alone):
        queue.add("anna", "anna")
    taken(queue, served_alone)

    for _ in range(30):
        queue.add("boris", "boris")
        queue.add("anna", "anna")
    served = Counter(taken(queue, 20))

    assert abs(served["anna"] - served["boris"]) <= 1


def test_a_dear_item_costs_its_owner_turns() -> None:
    queue: FairOrder[str] = FairOrder()
    queue.add("anna", "long", cost=3)
    queue.add("anna", "next", cost=3)
    for number in range(4):
        queue.add("boris", f"short {number}", cost=1)

    assert taken(queue, 6) == ["long", "short 0", "short 1", "short 2", "next", "short 3"]


@given(st.lists(st.integers(-3, 3), max_size=30))
def test_among_an_owners_own_the_lower_order_comes_first_and_then_who_came_first(orders: list[int]) -> None:
    queue: FairOrder[tuple[int, int]] = FairOrder()
    for number, order in enumerate(orders):
        queue.add("anna", (order, number), order=order)

    assert [queue.take() for _ in orders] == sorted((order, number) for number, order in enumerate(orders))


def test_the_order_among_ones_own_gives_no_precedence_over_others() -> None:
    queue: FairOrder[str] = FairOrder()
    queue.add("boris", "boris", order=5)
    queue.add("anna", "anna", order=-5)

    assert taken(queue, 2) == ["boris", "anna"]


def test_what_does_not_fit_lets_others_pass_and_keeps_its_place() -> None:
    queue: FairOrder[str] = FairOrder()
    queue.add("anna", "long")
    queue.add("anna", "short")
    queue.add("boris", "short of boris")

    assert queue.take(lambda item: item.startswith("short")) == "short"
    assert queue.take(lambda item: item.startswith("short")) == "short of boris"
    assert queue.take(lambda item: item.startswith("short")) is None
    assert queue.take() == "long"


def test_equal_items_are_different_ones() -> None:
    queue: FairOrder[str] = FairOrder()
    for _ in range(3):
        queue.add("anna", "same")

    assert queue.take() == "same"
    assert queue.items() == ["same", "same"]


def test_what_is_removed_does_not_come_and_costs_nothing() -> None:
    queue: FairOrder[str] = FairOrder()
    for item in ("a1", "a2", "a3"):
        queue.add("anna", item)
    for item in ("b1", "b2"):
        queue.add("boris", item)

    assert queue.remove(lambda item: item in {"a1", "a2", "b1", "b2"}) == ["a1", "a2", "b1", "b2"]
    assert queue.items() == ["a3"]
    queue.add("boris", "b3")
    assert taken(queue, 3) == ["a3", "b3"]


steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), owners, costs, st.integers(0, 2)),
        st.tuples(st.just("take"), owners),
        st.tuples(st.just("take one that fits"), owners),
        st.tuples(st.just("remove"), owners),
    ),
    max_size=120,
)


def is_of(owner: str, item: tuple[str, int, int]) -> bool:
    return item[0] == owner


@given(steps)
def test_nothing_is_lost_or_doubled_and_an_owners_own_keep_their_order(steps: list[tuple[object, ...]]) -> None:
    queue: FairOrder[tuple[str, int, int]] = FairOrder()
    waiting: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    for number, (what, name, *rest) in enumerate(steps):
        owner = str(name)
        found = None
        match what:
            case "add":
                cost, order = (int(str(one)) for one in rest)
                item = (owner, order, number)
                queue.add(owner, item, cost=cost, order=order)
                waiting[owner].append(item)
            case "take":
                found = queue.take()
                assert (found is None) == (not any(waiting.values()))
            case "take one that fits":
                found = queue.take(partial(is_of, owner))
                assert (found is None) == (not waiting[owner])
            case _:
                assert sorted(queue.remove(partial(is_of, owner))) == sorted(waiting.pop(owner, []))
        if found is not None:
            assert found == min(waiting[found[0]])
            waiting[found[0]].remove(found)
        assert sorted(queue.items()) == sorted(item for items in waiting.values() for item in items)
        assert len(queue) == len(queue.items())


@pytest.mark.parametrize("somebody_always_waits", [False, True])
def test_owners_who_come_once_leave_no_trace(somebody_always_waits: bool) -> None:
    queue: FairOrder[str] = FairOrder()
    for number in range(100):
        if somebody_always_waits:
            queue.add("anna", "item")
            queue.add("anna", "item")
            queue.take()
        queue.add(f"owner {number}", "item")
        queue.take()

    assert len(queue._served) <= 2
