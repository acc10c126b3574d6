from dataclasses import replace
from datetime import timedelta

import pytest

from functions.core.accounts.model import Caller, Credential
from functions.core.accounts.open_credentials import BELIEVED_FOR, OpenCredentials
from functions.core.realtime.model import OPENING, Notice
from functions.core.realtime.push import Push
from functions.core.realtime.store import Connections
from tests.fakes.clock import FakeClock
from tests.house import OPERATOR_KEY, House
from tests.realtime_builders import a_caller, connect


@pytest.fixture
def push(house: House) -> Push:
    return house.push


def test_everything_of_somebody_that_is_open_hears_it_and_nobody_else(house: House, push: Push) -> None:
    anna, boris = house.a_known_user(), house.a_known_user()
    for user, names in ((anna, ("a1", "a2")), (boris, ("b1",))):
        for name in names:
            connect(house, a_caller(house, user), name)
    assert push.send([Notice(user_id=anna.id, event={"type": "привет"})]) == [2]
    assert sorted(heard for heard, _ in house.posts.posts) == ["a1", "a2"]
    assert house.posts.told("a1") == [{"type": "привет"}]


def test_a_notice_for_one_device_is_heard_by_that_one(house: House, push: Push) -> None:
    anna = house.a_known_user()
    connect(house, a_caller(house, anna), "phone", device_id="dev_phone")
    connect(house, a_caller(house, anna), "laptop", device_id="dev_laptop")
    connect(house, a_caller(house, anna), "script")
    assert push.send([Notice(user_id=anna.id, event={"type": "signal"}, device_id="dev_phone")]) == [1]
    assert [heard for heard, _ in house.posts.posts] == ["phone"]


def test_notices_come_in_their_order(house: House, push: Push) -> None:
    anna = house.a_known_user()
    connect(house, a_caller(house, anna), "one")
    push.send([Notice(user_id=anna.id, event={"type": "n", "n": n}) for n in range(20)])
    assert [event["n"] for event in house.posts.told("one")] == list(range(20))


def test_a_connection_that_is_gone_is_forgotten(house: House, push: Push, clock: FakeClock) -> None:
    anna = house.a_known_user()
    connect(house, a_caller(house, anna), "gone")
    connect(house, a_caller(house, anna), "here")
    clock.pass_time(OPENING)
    house.posts.gone.add("gone")
    assert push.send([Notice(user_id=anna.id, event={"type": "x"})]) == [1]
    assert Connections(house.presence_table, clock=house.clock).find("gone") is None


def test_a_connection_that_is_only_being_opened_is_not_forgotten(house: House, push: Push) -> None:
    anna = house.a_known_user()
    connect(house, a_caller(house, anna), "opening")
    house.posts.gone.add("opening")
    assert push.send([Notice(user_id=anna.id, event={"type": "x"})]) == [0]
    assert Connections(house.presence_table, clock=house.clock).find("opening") is not None


def test_a_post_that_fails_loses_no_connection(house: House, push: Push) -> None:
    anna = house.a_known_user()
    connect(house, a_caller(house, anna), "slow")
    house.posts.failing.add("slow")
    assert push.send([Notice(user_id=anna.id, event={"type": "x"})]) == [0]
    assert Connections(house.presence_table, clock=house.clock).find("slow") is not None


def test_whoever_is_signed_out_hears_nothing_more_and_is_closed(house: House, push: Push, clock: FakeClock) -> None:
    anna = house.a_known_user()
    caller = a_caller(house, anna)
    connect(house, caller, "one")
    push.send([Notice(user_id=anna.id, event={"type": "x"})])
    assert caller.session_id is not None
    house.sessions.end(caller.session_id, user_id=anna.id)
    clock.pass_time(BELIEVED_FOR)
    assert push.send([Notice(user_id=anna.id, event={"type": "secret"})]) == [0]
    assert house.posts.closed == ["one"]
    assert Connections(house.presence_table, clock=house.clock).of([anna.id]) == {}


def test_a_deactivated_account_hears_nothing_more(house: House, push: Push, clock: FakeClock) -> None:
    anna = house.a_known_user()
    connect(house, a_caller(house, anna), "one")
    house.accounts.change(anna.id, lambda user: replace(user, is_active=False))
    assert push.send([Notice(user_id=anna.id, event={"type": "x"})]) == [0]


def test_an_operator_hears_what_is_the_operators(house: House, push: Push) -> None:
    operator = house.callers.identify(bearer=OPERATOR_KEY, api_key=None)
    connect(house, operator, "one")
    assert push.send([Notice(user_id=operator.user_id, event={"type": "x"})]) == [1]


def test_what_is_believed_of_credentials_is_read_again_after_half_a_minute(house: House, clock: FakeClock) -> None:
    credentials = OpenCredentials(house.accounts_table, clock=clock)
    caller = a_caller(house, house.a_known_user())
    shown = _shown(caller)
    house.accounts_table.calls.clear()
    assert credentials.open_of([shown]) == {shown}
    clock.pass_time(BELIEVED_FOR - timedelta(milliseconds=1))
    assert credentials.open_of([shown]) == {shown}
    assert house.accounts_table.calls == {"get_many": 1}
    clock.pass_time(timedelta(milliseconds=1))
    credentials.open_of([shown])
    assert house.accounts_table.calls == {"get_many": 2}


def _shown(caller: Caller) -> tuple[str, Credential]:
    return caller.user_id, Credential(session_id=caller.session_id, key_id=caller.key_id)
