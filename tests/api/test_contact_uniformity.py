"""Nothing can be learnt of a number before its owner confirms: it is answered as one of nobody."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

from httpx import Response
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.core.accounts.model import User
from tests.call_house import CallHouse

NOBODY = "00000000"

MINE: dict[str, Callable[[Any, str], Response]] = {
    "ask": lambda me, it: me.post("/v1/contacts", json={"unique_id": it, "label": "x", "introduced_as": "Анна"}),
    "ask in secret": lambda me, it: me.post("/v1/contacts", json={"unique_id": it, "secret": True}),
    "confirm": lambda me, it: me.post(f"/v1/contacts/{it}/confirm"),
    "decline": lambda me, it: me.post(f"/v1/contacts/{it}/decline"),
    "change": lambda me, it: me.patch(f"/v1/contacts/{it}", json={"label": "y", "secret": False}),
    "remove": lambda me, it: me.delete(f"/v1/contacts/{it}"),
    "block": lambda me, it: me.post(f"/v1/contacts/{it}/block"),
    "unblock": lambda me, it: me.delete(f"/v1/contacts/{it}/block"),
    "devices": lambda me, it: me.get(f"/v1/users/{it}/devices"),
    "key log": lambda me, it: me.get(f"/v1/users/{it}/key-log"),
    "wait": lambda me, _: me.get("/v1/contacts"),
}

THEIRS: dict[str, Callable[[Any, str], Response]] = {
    "decline": lambda them, me: them.post(f"/v1/contacts/{me}/decline"),
    "remove": lambda them, me: them.delete(f"/v1/contacts/{me}"),
    "block": lambda them, me: them.post(f"/v1/contacts/{me}/block"),
    "unblock": lambda them, me: them.delete(f"/v1/contacts/{me}/block"),
    "change": lambda them, me: them.patch(f"/v1/contacts/{me}", json={"secret": True, "label": "z"}),
    "look": lambda them, me: them.get("/v1/contacts?include_secret=true"),
    "nothing": lambda them, _: them.get("/v1/blocks"),
}

OTHERWISE = ["leave", "be closed"]


class Watcher:
    """A house in which somebody tries a number, and writes down all that can be seen."""

    def __init__(self, number: str | None) -> None:
        self.house = CallHouse()
        self.me = self.house.a_known_user(unique_id="11111111")
        self.other: User = self.house.a_known_user(unique_id="22222222")
        self.house.register(self.other)
        self.house.connect(self.me, "mine")
        self.number = number or self.other.unique_id
        self.mine, self.theirs = self.house.client(self.me), self.house.client(self.other)
        self.seen: list[object] = []

    def act(self, deed: str) -> None:
        before, written = self.house.presence.calls.copy(), self.house.presence.writes
        asked = self.house.accounts_table.calls.copy()
        answer = MINE[deed](self.mine, self.number)
        cost: Counter[str] = self.house.presence.calls - before
        self.see(answer.status_code, self.masked(answer.text), answer.headers.get("content-length"))
        self.see(sorted(cost.items()), self.house.presence.writes - written)
        self.see(sorted((self.house.accounts_table.calls - asked).items()))
        for include_secret in ("false", "true"):
            self.see(self.masked(self.mine.get(f"/v1/contacts?include_secret={include_secret}").text))
        self.see([self.masked(str(event)) for event in self.house.posts.told("mine")])

    def let(self, deed: str) -> None:
        """Let the other one do something."""
        match deed:
            case "leave":
                self.house.estate.forget_owner(self.other.id)
            case "be closed":
                self.house.accounts.change(self.other.id, lambda user: replace(user, is_active=False))
            case _:
                THEIRS[deed](self.theirs, self.me.unique_id)

    def see(self, *things: object) -> None:
        self.seen.append(things)

    def masked(self, text: str) -> str:
        body = text.replace(self.number, "########")
        # Each answer has a request id of its own.
        return body.partition('"request_id"')[0]


@cache
def acts() -> st.SearchStrategy[list[tuple[str, str]]]:
    return st.lists(st.tuples(st.sampled_from(sorted(MINE)), st.sampled_from(sorted(THEIRS) + OTHERWISE)), max_size=8)


@settings(max_examples=30)
@given(acts())
def test_a_number_of_nobody_and_one_of_somebody_who_does_not_confirm_look_alike(turns: list[tuple[str, str]]) -> None:
    guesses, knows = Watcher(NOBODY), Watcher(None)
    for mine, theirs in turns:
        guesses.act(mine)
        knows.act(mine)
        knows.let(theirs)

        assert knows.seen == guesses.seen
