"""Codes that the server sends to a person's phone or e-mail address."""

from collections.abc import Callable
from typing import Final, TypeVar

from parley.client import Api
from parley.commands.asking import ask_perhaps
from parley.errors import Problem
from parley.people import Challenge
from parley.session import Session

ATTEMPTS: Final = 5
"""As many as the server allows for one challenge."""

AGAIN: Final = frozenset({"", "r", "R"})

Solved = TypeVar("Solved")


def solve(session: Session, api: Api, challenge: Challenge, use: Callable[[str], Solved]) -> Solved:
    """Ask for the code until `use` accepts it; send it again when the person asks for that.

    Raises:
        Problem: it was wrong too often, or something else is wrong.
    """
    wrong = 0
    while True:
        code = "".join(ask_perhaps("Code that was sent to you (Enter sends it again)").split())  # "123 456"
        try:
            if code not in AGAIN:
                return use(code)
            api.send_code_again(challenge)
            session.say("A new code is on its way; the one before counts no more.")
        except Problem as problem:
            wrong += problem.code == "invalid-code"
            # Too many calls is a matter of seconds: the person has the code, and would lose the way so far.
            if wrong == ATTEMPTS or (problem.code != "invalid-code" and problem.status != 429):
                raise
            session.say(str(problem))
