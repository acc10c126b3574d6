from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.core.realtime.model import CONNECTION_LIFE, MOST_CONNECTIONS, WATCH_LIFE
from functions.core.realtime.store import Connections, Tickets
from tests.fakes.clock import FakeClock
from tests.house import House
from tests.realtime_builders import a_caller, connect


@pytest.fixture
def connections(house: House) -> Connections:
    return Connections(house.presence_table, clock=house.clock)


def test_whoever_connects_is_found_by_account_and_by_connection(house: House, connections: Connections) -> None:
    anna = house.a_known_user()
    connect(house, a_caller(house, anna), "one", device_id="dev_1")
    assert [one.device_id for one in connections.of([anna.id])[anna.id]] == ["dev_1"]
    found = connections.find("one")
    assert found is not None
    assert found.unique_id == anna.unique_id


def test_whoever_is_not_connected_costs_one_read_together(house: House, connections: Connections) -> None:
    people = [house.a_known_user().id for _ in range(50)]
    house.presence_table.calls.clear()
    assert connections.of(people) == {}
    assert house.presence_table.calls == {"get_many": 1}


def test_a_connection_that_is_forgotten_is_found_nowhere(house: House, connections: Connections) -> None:
    anna = house.a_known_user()
    connect(house, a_caller(house, anna), "one")
    connect(house, a_caller(house, anna), "two")
    connections.forget(anna.id, ["one"])
    assert connections.find("one") is None
    assert [one.id for one in connections.of([anna.id])[anna.id]] == ["two"]
    connections.forget(anna.id, ["one", "unknown"])


def test_a_connection_that_never_said_goodbye_is_over_after_two_hours(
    house: House, connections: Connections, clock: FakeClock
) -> None:
    anna = house.a_known_user()
    connect(house, a_caller(house, anna), "one")
    clock.pass_time(CONNECTION_LIFE)
    assert connections.of([anna.id]) == {}
    assert connections.find("one") is None
    assert house.presence_table.documents["CONNECTION#one"]["ttl"] > clock().timestamp()


def test_the_oldest_connection_makes_room_for_one_too_many(house: House, connections: Connections) -> None:
    anna = house.a_known_user()
    caller = a_caller(house, anna)
    for number in range(MOST_CONNECTIONS):
        connect(house, caller, f"c{number}")
    tickets = Tickets(house.presence_table, clock=house.clock)
    dropped = connections.open("last", tickets.redeem(tickets.issue(caller, device_id=None)))
    assert [one.id for one in dropped] == ["c0"]
    assert connections.find("c0") is None
    assert len(connections.of([anna.id])[anna.id]) == MOST_CONNECTIONS


def test_whoever_has_gone_does_not_come_back_by_watching(house: House, connections: Connections) -> None:
    anna = house.a_known_user()
    gone = connect(house, a_caller(house, anna), "gone")
    connections.forget(anna.id, ["gone"])
    connections.watch(gone, "job_1")
    assert connections.find("gone") is None
    assert connections.of([anna.id]) == {}


def test_who_watches_is_known_for_a_minute(house: House, connections: Connections, clock: FakeClock) -> None:
    anna = house.a_known_user()
    connections.watch(connect(house, a_caller(house, anna), "one"), "job_1")
    (one,) = connections.of([anna.id])[anna.id]
    assert one.watches("job_1", clock())
    assert not one.watches("job_2", clock())
    assert not one.watches("job_1", clock() + WATCH_LIFE)


def test_somebody_else_who_connects_at_the_same_moment_is_not_lost(house: House, connections: Connections) -> None:
    anna = house.a_known_user()
    caller = a_caller(house, anna)
    table = house.presence_table
    write = table.write

    def somebody_comes_between(*writes: object) -> None:
        table.write = write  # type: ignore[method-assign]
        connect(house, caller, "other")
        write(*writes)  # type: ignore[arg-type]

    tickets = Tickets(table, clock=house.clock)
    ticket = tickets.redeem(tickets.issue(caller, device_id=None))
    table.write = somebody_comes_between  # type: ignore[method-assign]
    connections.open("one", ticket)
    assert {one.id for one in connections.of([anna.id])[anna.id]} == {"one", "other"}


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 90)), max_size=25))
def test_the_registry_and_single_connections_never_disagree(acts: list[tuple[bool, int, int]]) -> None:
    clock = FakeClock()
    house = House(clock=clock)
    connections = Connections(house.presence_table, clock=clock)
    anna = house.a_known_user()
    caller = a_caller(house, anna)
    made = 0
    for comes, number, minutes in acts:
        clock.pass_time(timedelta(minutes=minutes))
        if comes:
            connect(house, caller, f"c{made}")
            made += 1
        else:
            connections.forget(anna.id, [f"c{number}"])
        registered = {one.id for one in connections.of([anna.id]).get(anna.id, ())}
        assert registered == {f"c{i}" for i in range(made) if connections.find(f"c{i}")}
