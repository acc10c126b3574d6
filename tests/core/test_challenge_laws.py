"""No order of attempts gives more than five guesses, and no code works twice."""

import threading
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.core.accounts.challenges import ATTEMPTS, CODE_LIFE, PENDING_LIFE, Challenges, Reason, WrongCode
from functions.core.accounts.messages import Channel
from functions.core.keys.ring import KeyRing
from functions.core.keys.secret_provider import SecretProvider
from tests.fakes.clock import FakeClock
from tests.fakes.table import FakeTable

PROVIDER = SecretProvider("a secret of more than thirty-two characters")
TO = "+79991234567"


class Desk:
    def __init__(self) -> None:
        self.table, self.clock = FakeTable(), FakeClock()
        self.challenges = Challenges(self.table, KeyRing(self.table, PROVIDER, clock=self.clock), clock=self.clock)
        self.challenge, self.code = self.challenges.start(Reason.LOGIN, "usr_1", channel=Channel.SMS, to=TO)

    @property
    def wrong(self) -> str:
        return f"{(int(self.code) + 1) % 1_000_000:06d}"

    def is_solved_by(self, code: str) -> bool:
        try:
            self.challenges.solve(self.challenge.id, code, reason=Reason.LOGIN)
        except WrongCode:
            return False
        return True


@given(st.lists(st.sampled_from(["right", "wrong", "again"]), max_size=12))
def test_a_code_works_once_and_within_five_attempts(steps: list[str]) -> None:
    desk = Desk()
    attempts, is_solved = 0, False
    for step in steps:
        if step == "again":
            if not is_solved:
                desk.code = desk.challenges.draw_again(desk.challenges.find(desk.challenge.id) or desk.challenge)
            continue
        expected = step == "right" and attempts < ATTEMPTS and not is_solved
        assert desk.is_solved_by(desk.code if step == "right" else desk.wrong) is expected
        attempts += not is_solved
        is_solved = is_solved or expected


def test_five_attempts_are_all_however_many_try_at_once() -> None:
    desk = Desk()
    compared: list[bool] = []
    tries = threading.Semaphore(0)
    original = desk.table.write
    writes: list[int] = []

    def counting(*args: object) -> None:
        original(*args)  # type: ignore[arg-type]
        writes.append(1)

    desk.table.write = counting  # type: ignore[method-assign]

    def guess() -> None:
        tries.acquire()
        compared.append(desk.is_solved_by(desk.wrong))

    threads = [threading.Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    tries.release(8)
    for thread in threads:
        thread.join()

    assert compared == [False] * 8
    # Each guess that was compared was paid for by a write, and the challenge sells five.
    assert len(writes) == ATTEMPTS
    assert not desk.is_solved_by(desk.code)


def test_one_of_many_who_know_the_code_gets_in() -> None:
    desk = Desk()
    results: list[bool] = []
    threads = [threading.Thread(target=lambda: results.append(desk.is_solved_by(desk.code))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(results) == 1


def test_a_code_is_over_after_five_minutes() -> None:
    desk = Desk()
    desk.clock.pass_time(CODE_LIFE)

    assert not desk.is_solved_by(desk.code)


def test_a_code_solves_no_challenge_of_another_kind() -> None:
    desk = Desk()

    with pytest.raises(WrongCode):
        desk.challenges.solve(desk.challenge.id, desk.code, reason=Reason.RESET)
    assert desk.is_solved_by(desk.code)


def test_a_code_of_one_challenge_solves_no_other() -> None:
    desk = Desk()
    other, others_code = desk.challenges.start(Reason.LOGIN, "usr_1", channel=Channel.SMS, to=TO)
    code = desk.code if desk.code != others_code else desk.wrong

    with pytest.raises(WrongCode):
        desk.challenges.solve(other.id, code, reason=Reason.LOGIN)


def test_a_code_is_sent_again_while_its_challenge_waits() -> None:
    desk = Desk()
    desk.clock.pass_time(CODE_LIFE + timedelta(minutes=1))
    again = desk.challenges.draw_again(desk.challenge)
    assert desk.is_solved_by(again)

    other = Desk()
    other.clock.pass_time(PENDING_LIFE)
    with pytest.raises(WrongCode):
        other.challenges.draw_again(other.challenge)


def test_the_table_holds_neither_code_nor_phone() -> None:
    desk = Desk()

    values = {str(value) for document in desk.table.documents.values() for value in document.values()}

    assert desk.code not in values
    assert not any(TO.removeprefix("+") in value for value in values)
