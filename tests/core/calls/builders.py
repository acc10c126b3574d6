"""Things of calls that are valid by default; a test names only what it is about."""

import base64
import json
from datetime import timedelta
from typing import Any, Final

from functions.core.accounts.model import Credential
from functions.core.accounts.open_credentials import OpenCredentials, Shown
from functions.core.calls.model import RING_FOR, Call
from functions.core.calls.people import Reachable
from functions.core.ids import new_id
from functions.core.realtime.model import CONNECTION_LIFE, Connection, Ticket
from tests.builders import NOON

ANNA, BERT, EVE, DORA = "10000001", "10000002", "10000003", "10000004"
USER_OF: Final = {ANNA: "usr_anna", BERT: "usr_bert", EVE: "usr_eve", DORA: "usr_dora"}
CALL_ID: Final = "call_01KAJ0000000000000000000AA"
A1, A2 = "dev_01KAJ0000000000000000000A1", "dev_01KAJ0000000000000000000A2"
B1, B2, B3 = (f"dev_01KAJ0000000000000000000B{number}" for number in (1, 2, 3))
D1, E1 = "dev_01KAJ0000000000000000000D1", "dev_01KAJ0000000000000000000E1"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def a_header(**changes: Any) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "call": CALL_ID,
        "type": "offer",
        "from": ANNA,
        "fd": A1,
        "to": BERT,
        "td": B1,
        "seq": 0,
        "ts": int(NOON.timestamp() * 1000),
        "kid": b64(bytes(8)),
    }
    return defaults | changes


def an_envelope(**changes: Any) -> dict[str, Any]:
    sealed = changes.pop("sealed", bytes(48))
    return {"v": 1, "p": b64(json.dumps(a_header(**changes)).encode()), "e": b64(sealed), "s": b64(bytes(64))}


def header_of(envelope: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(base64.urlsafe_b64decode(envelope["p"] + "=="))
    return fields


def a_call(**changes: Any) -> Call:
    defaults: dict[str, Any] = {
        "id": CALL_ID,
        "caller": ANNA,
        "callee": BERT,
        "caller_user_id": USER_OF[ANNA],
        "callee_user_id": USER_OF[BERT],
        "caller_device": A1,
        "created_at": NOON,
        "ring_until": NOON + RING_FOR,
        "offered": {B1: 0, B2: 0},
        "version": 1,
    }
    return Call(**defaults | changes)


def a_ticket(unique_id: str, device_id: str | None) -> Ticket:
    return Ticket(
        id=new_id("session"),
        user_id=USER_OF[unique_id],
        unique_id=unique_id,
        credential=Credential(session_id=f"ses_{unique_id}"),
        until=NOON + timedelta(days=1),
        device_id=device_id,
    )


def a_connection(unique_id: str, device_id: str | None, **changes: Any) -> Connection:
    defaults: dict[str, Any] = {
        "id": f"conn-{device_id}",
        "user_id": USER_OF[unique_id],
        "unique_id": unique_id,
        "credential": Credential(session_id=f"ses_{unique_id}"),
        "until": NOON + CONNECTION_LIFE,
        "device_id": device_id,
    }
    return Connection(**defaults | changes)


class EveryoneIsIn(OpenCredentials):
    """All sessions are open."""

    def open_of(self, shown: Any) -> set[Shown]:
        return set(shown)


class FakePeople:
    """Who knows whom; each pair for both."""

    def __init__(self, *pairs: tuple[str, str]) -> None:
        self.pairs = {frozenset(pair) for pair in pairs}
        self.secrets: set[tuple[str, str]] = set()
        self.asked: list[tuple[str, str]] = []

    def reach(self, caller: str, callee: str) -> Reachable | None:
        self.asked.append((caller, callee))
        if frozenset((caller, callee)) not in self.pairs:
            return None
        return Reachable(user_id=USER_OF[callee], is_secret=(caller, callee) in self.secrets)


class FakeRinger:
    def __init__(self) -> None:
        self.rung: list[tuple[str, str]] = []
        self.stopped: list[tuple[str, str]] = []

    def ring(self, unique_id: str, call_id: str) -> None:
        self.rung.append((unique_id, call_id))

    def stop(self, unique_id: str, call_id: str) -> None:
        self.stopped.append((unique_id, call_id))
