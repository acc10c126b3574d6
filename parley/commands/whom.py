"""Whom an admin means."""

from typing import Final

from parley.client import Api
from parley.errors import Failure, Problem
from parley.people import User

ID_BEGINS: Final = "usr_"
SHOWN_AT_MOST: Final = 5


def find_user(api: Api, who: str) -> User:
    """Find the one account that `who` is a whole name of.

    Raises:
        Failure: there is none, or more than one.
    """
    if (found := _by_id(api, who)) is not None:
        return found
    near, _ = api.users(search=who)
    exact = [user for user in near if user.is_called(who)]
    if len(exact) == 1:
        return exact[0]
    if exact:
        raise Failure(f"More than one account is called {who}; say which by its id:\n{_lines(exact)}")
    hint = f" Near it:\n{_lines(near)}" if near else ""
    raise Failure(f"There is no account {who}.{hint}")


def _by_id(api: Api, who: str) -> User | None:
    if not who.startswith(ID_BEGINS):  # a user name may begin like this, too
        return None
    try:
        return api.user(who)
    except Problem as problem:
        if problem.status != 404:
            raise
        return None


def _lines(users: list[User]) -> str:
    lines = [f"  {user.id}  {user.label}" for user in users[:SHOWN_AT_MOST]]
    return "\n".join([*lines, *(["  ..."] if len(users) > SHOWN_AT_MOST else [])])
