"""Whatever order two tabs refresh in, nobody is signed out, and a copied token ends the session."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.core.accounts.sessions import GRACE, IDLE_LIFE, LIFE, Sessions
from functions.core.errors import NotKnown
from functions.core.keys.ring import KeyRing
from functions.core.keys.secret_provider import SecretProvider
from functions.core.table import Delete, Document, Put
from tests.builders import a_user
from tests.fakes.clock import FakeClock
from tests.fakes.table import FakeTable

PROVIDER = SecretProvider("a secret of more than thirty-two characters")


def sessions_of(table: FakeTable, clock: FakeClock) -> Sessions:
    return Sessions(table, KeyRing(table, PROVIDER, clock=clock), clock=clock)


class Tab:
    """A browser tab: all tabs share the cookie, but each may have read it a while ago."""

    def __init__(self, jar: list[str]) -> None:
        self.jar = jar
        self.read = jar[0]

    def look(self) -> None:
        self.read = self.jar[0]

    def refresh(self, sessions: Sessions) -> None:
        self.jar[0] = sessions.refresh_token_of(sessions.refresh(self.read))


STEPS = st.lists(
    st.tuples(st.sampled_from(["look", "refresh"]), st.integers(0, 1), st.integers(0, 13)), min_size=1, max_size=30
)


@given(STEPS)
def test_two_tabs_refresh_in_any_order_and_stay_signed_in(steps: list[tuple[str, int, int]]) -> None:
    table, clock = FakeTable(), FakeClock()
    sessions = sessions_of(table, clock)
    session = sessions.start(a_user(), agent="tabs")
    jar = [sessions.refresh_token_of(session)]
    tabs = [Tab(jar), Tab(jar)]

    for what, which, seconds in steps:
        tab = tabs[which]
        if what == "look":
            tab.look()
        elif _generation(jar[0]) - _generation(tab.read) <= 1:
            # What the browser sends is what the jar held a moment ago: the current token, or the one before.
            tab.refresh(sessions)
            clock.pass_time(timedelta(seconds=seconds))
            tab.look()

    sessions.refresh(jar[0])
    assert [one.is_live(clock()) for one in sessions.of_user(session.user_id, before=None, limit=9)] == [True]


def _generation(token: str) -> int:
    return int(token.split(".")[1])


class RacingTable(FakeTable):
    """Lets another writer in just before the next write."""

    def __init__(self) -> None:
        super().__init__()
        self.before_write: list[object] = []

    def write(self, *writes: Put | Delete) -> None:
        if self.before_write:
            action = self.before_write.pop()
            action()  # type: ignore[operator]
        super().write(*writes)


def test_two_tabs_that_write_at_the_same_moment_get_the_same_successor() -> None:
    table, clock = RacingTable(), FakeClock()
    sessions = sessions_of(table, clock)
    token = sessions.refresh_token_of(sessions.start(a_user(), agent="tabs"))
    other: list[str] = []
    table.before_write.append(lambda: other.append(sessions.refresh_token_of(sessions.refresh(token))))

    mine = sessions.refresh_token_of(sessions.refresh(token))

    assert other == [mine]
    assert sessions.refresh(mine).generation == 2


@given(st.integers(1, 5), st.integers(0, 1_000_000))
def test_a_token_used_again_later_ends_the_session(turns: int, late: int) -> None:
    table, clock = FakeTable(), FakeClock()
    sessions = sessions_of(table, clock)
    tokens = [sessions.refresh_token_of(sessions.start(a_user(), agent=""))]
    for _ in range(turns):
        tokens.append(sessions.refresh_token_of(sessions.refresh(tokens[-1])))
    clock.pass_time(GRACE + timedelta(seconds=late))

    with pytest.raises(NotKnown):
        sessions.refresh(tokens[0])
    with pytest.raises(NotKnown):
        sessions.refresh(tokens[-1])


def test_a_lost_answer_can_be_asked_for_again_within_the_grace() -> None:
    table, clock = FakeTable(), FakeClock()
    sessions = sessions_of(table, clock)
    token = sessions.refresh_token_of(sessions.start(a_user(), agent=""))
    lost = sessions.refresh_token_of(sessions.refresh(token))
    clock.pass_time(GRACE - timedelta(seconds=1))

    assert sessions.refresh_token_of(sessions.refresh(token)) == lost


@pytest.mark.parametrize("change", ["mac", "next generation", "later generation", "other session"])
def test_a_made_up_token_opens_nothing_and_ends_nothing(change: str) -> None:
    table, clock = FakeTable(), FakeClock()
    sessions = sessions_of(table, clock)
    token = sessions.refresh_token_of(sessions.start(a_user(), agent=""))
    session_id, generation, mac = token.split(".")
    forged = {
        "mac": f"{session_id}.{generation}.{'A' * len(mac)}",
        "next generation": f"{session_id}.1.{mac}",
        "later generation": f"{session_id}.7.{mac}",
        "other session": f"ses_{'0' * 26}.{generation}.{mac}",
    }[change]

    with pytest.raises(NotKnown):
        sessions.refresh(forged)
    assert sessions.refresh(token).generation == 1


def test_the_table_alone_mints_no_token() -> None:
    table, clock = FakeTable(), FakeClock()
    token = sessions_of(table, clock).refresh_token_of(sessions_of(table, clock).start(a_user(), agent=""))
    thief = Sessions(table, KeyRing(FakeTable(), SecretProvider("x" * 32), clock=clock), clock=clock)

    session = thief.of_user(_owner(table), before=None, limit=1)[0]
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever stops the thief
        assert thief.refresh_token_of(session) == token


def _owner(table: FakeTable) -> str:
    document: Document = next(one for pk, one in table.documents.items() if pk.startswith("SESSION#"))
    return str(document["user_id"])


def test_a_session_ends_when_idle_and_in_any_case() -> None:
    table, clock = FakeTable(), FakeClock()
    sessions = sessions_of(table, clock)
    idle = sessions.start(a_user(), agent="")
    busy = sessions.start(a_user(), agent="")
    token = sessions.refresh_token_of(busy)
    for _ in range(3):
        clock.pass_time(IDLE_LIFE - timedelta(days=4))
        if clock() < busy.created_at + LIFE:
            token = sessions.refresh_token_of(sessions.refresh(token))

    assert not idle.is_live(clock())
    with pytest.raises(NotKnown):
        sessions.refresh(token)


def test_a_csrf_token_is_of_one_session() -> None:
    table, clock = FakeTable(), FakeClock()
    sessions = sessions_of(table, clock)
    one, other = sessions.start(a_user(), agent=""), sessions.start(a_user(), agent="")
    token = sessions.csrf_token_of(one)

    assert sessions.is_csrf_token(token, one)
    assert not sessions.is_csrf_token(token, other)
    assert not sessions.is_csrf_token("", one)
    assert not sessions.is_csrf_token("я.я", one)
