from datetime import timedelta

import pytest

from functions.core.errors import NotKnown
from functions.core.realtime.model import TICKET_LIFE
from functions.core.realtime.store import Tickets
from tests.fakes.clock import FakeClock
from tests.house import House
from tests.realtime_builders import a_caller


@pytest.fixture
def tickets(house: House) -> Tickets:
    return Tickets(house.presence_table, clock=house.clock)


def test_a_ticket_says_who_it_was_given_to(house: House, tickets: Tickets) -> None:
    caller = a_caller(house, house.a_known_user())
    ticket = tickets.redeem(tickets.issue(caller, device_id="dev_1"))
    assert (ticket.user_id, ticket.unique_id, ticket.device_id) == (caller.user_id, caller.unique_id, "dev_1")
    assert ticket.credential.session_id == caller.session_id


def test_a_ticket_lets_in_once(house: House, tickets: Tickets) -> None:
    secret = tickets.issue(a_caller(house, house.a_known_user()), device_id=None)
    tickets.redeem(secret)
    with pytest.raises(NotKnown, match="not valid"):
        tickets.redeem(secret)


def test_a_ticket_is_over_after_half_a_minute(house: House, tickets: Tickets, clock: FakeClock) -> None:
    secret = tickets.issue(a_caller(house, house.a_known_user()), device_id=None)
    clock.pass_time(TICKET_LIFE)
    with pytest.raises(NotKnown, match="not valid"):
        tickets.redeem(secret)


def test_a_ticket_works_until_then(house: House, tickets: Tickets, clock: FakeClock) -> None:
    secret = tickets.issue(a_caller(house, house.a_known_user()), device_id=None)
    clock.pass_time(TICKET_LIFE - timedelta(milliseconds=1))
    tickets.redeem(secret)


def test_the_table_holds_no_ticket_that_opens_anything(house: House, tickets: Tickets) -> None:
    secret = tickets.issue(a_caller(house, house.a_known_user()), device_id=None)
    assert secret not in str(house.presence_table.documents)


def test_two_who_show_one_ticket_at_once_do_not_both_get_in(house: House, tickets: Tickets) -> None:
    secret = tickets.issue(a_caller(house, house.a_known_user()), device_id=None)
    stolen = Tickets(house.presence_table, clock=house.clock)
    read = house.presence_table.get

    def somebody_is_faster(pk: str) -> object:
        found = read(pk)
        house.presence_table.get = read  # type: ignore[method-assign]
        stolen.redeem(secret)
        return found

    house.presence_table.get = somebody_is_faster  # type: ignore[method-assign, assignment]
    with pytest.raises(NotKnown):
        tickets.redeem(secret)
