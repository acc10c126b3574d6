"""Whatever is lost, doubled, late, out of order or in between: all ends agree, and nobody else hears it."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.core.calls.model import HELD_FOR, RING_FOR
from tests.core.calls.client import RUNNING
from tests.core.calls.world import World

MOVES = {
    None: {"ringing", "busy"},
    "ringing": {"accepted", "declined", "busy", "cancelled", "missed"},
    "accepted": {"connected", "ended", "failed"},
    "connected": {"ended", "failed"},
}


@settings(max_examples=120)
@given(seed=st.integers(0, 2**64 - 1), steps=st.integers(0, 500))
def test_all_ends_agree_on_every_call_whatever_happens_between_them(seed: int, steps: int) -> None:
    play(seed, steps)


def test_calls_come_to_every_end_there_is() -> None:
    ends = sum((play(seed, 500) for seed in range(40)), Counter[str]())

    expected = {"declined", "busy", "cancelled", "missed", "ended", "failed"}
    assert expected | {"connected", "refused as busy", "refused as glare", "refused as line-taken"} <= ends.keys()


def play(seed: int, steps: int) -> Counter[str]:
    world = World(seed)
    try:
        return played(world, steps)
    finally:
        world.close()


def played(world: World, steps: int) -> Counter[str]:
    for _ in range(steps):
        world.step()

    world.settle()

    check_agreement(world)
    check_signals(world)
    check_history(world)
    if world.random.random() < 0.5:
        for client in world.clients:
            for call_id in [one for one in client.invited if client.calls.get(one, {}).get("status") in RUNNING]:
                client.hang_up(call_id, world.clock())
    else:
        # Everybody falls silent, and comes back when it is too late.
        world.clock.pass_time(HELD_FOR + timedelta(minutes=1))
    world.settle()
    assert not any(call["status"] in RUNNING for call in calls_of(world).values())
    check_agreement(world)
    check_history(world)
    check_logs(world)
    calls = calls_of(world).values()
    refused = Counter(f"refused as {code}" for client in world.clients for code in client.refused.values())
    return (
        refused
        + Counter(one["status"] for one in calls)
        + Counter("connected" for one in calls if "connected_at" in one)
    )


def calls_of(world: World) -> dict[str, dict[str, Any]]:
    return {pk.removeprefix("CALL#"): one for pk, one in world.table.documents.items() if pk.startswith("CALL#")}


def check_agreement(world: World) -> None:
    """Every device knows the newest of every call that it knows at all, and knows those that it talks in."""
    calls = calls_of(world)
    for client in world.clients:
        for call_id, known in client.calls.items():
            kept = calls[call_id]
            assert known["version"] == kept["version"]
            assert known["status"] == kept["status"]
            assert known["callee_device"] == kept.get("callee_device")
        begun = client.invited.keys() - client.refused.keys()
        assert begun <= client.calls.keys(), "an invitation was neither taken nor refused"
    for call_id, call in calls.items():
        if call.get("callee_device"):
            winner = next(one for one in world.clients if one.device_id == call["callee_device"])
            assert call_id in winner.calls
    world.check_lines()


def check_signals(world: World) -> None:
    """What the server has taken for one of the two that talk has arrived there, whole and once."""
    of_device = {client.device_id: client for client in world.clients}
    for call_id, call in calls_of(world).items():
        if "callee_device" not in call:
            continue
        pair: tuple[str, str] = (call["caller_device"], call["callee_device"])
        for sender, receiver in (pair, pair[::-1]):
            got = of_device[receiver].got[call_id, sender]
            said = of_device[sender].said[call_id, receiver]
            acked = {seq for of_call, to, seq in of_device[sender].acked if (of_call, to) == (call_id, receiver)}
            assert acked <= got.keys()
            assert all(said[seq] == envelope for seq, envelope in got.items())


def check_history(world: World) -> None:
    """Each call has made only moves that there are, one version each, and had one winner at most."""
    histories: dict[str, list[dict[str, Any]]] = {}
    for change in world.table.changes:
        if change.pk.startswith("CALL#"):
            assert change.new is not None
            histories.setdefault(change.pk, []).append(change.new)
    for history in histories.values():
        assert history[0]["status"] in MOVES[None]
        assert [one["version"] for one in history] == list(range(1, len(history) + 1))
        for before, after in pairwise(history):
            assert after["status"] in MOVES[before["status"]]
        assert len({one["callee_device"] for one in history if "callee_device" in one}) <= 1
        check_end(world, history[-1])


def check_end(world: World, call: dict[str, Any]) -> None:
    """Nobody has ended it but one who may, and nothing has ended it before its time."""
    by, winner = call.get("ended_by"), call.get("callee_device")
    owner = {client.device_id: client.unique_id for client in world.clients}
    if by is not None:
        is_called = owner[by] == call["callee"] and call["status"] in {"declined", "busy"}
        assert by in {call["caller_device"], winner} or is_called
    if call.get("reason") == "lost":
        assert time_of(call, "ended_at") - time_of(call, "answered_at") >= HELD_FOR
    if call.get("reason") == "no-answer":
        assert time_of(call, "ended_at") - time_of(call, "created_at") == RING_FOR


def time_of(call: dict[str, Any], field: str) -> datetime:
    return datetime.fromisoformat(call[field])


def check_logs(world: World) -> None:
    """Every call stands in both logs, once, and both say the same."""
    entries = {pk: one for pk, one in world.table.documents.items() if pk.startswith("CALL_LOG#")}
    calls = calls_of(world)
    assert len(entries) == 2 * len(calls)
    for call_id, call in calls.items():
        callers, callees = (entries[f"CALL_LOG#{call[side]}#{call_id}"] for side in ("caller", "callee"))
        for field in ("created_at", "answered_at", "connected_at", "ended_at", "reason"):
            assert callers.get(field) == callees.get(field) == call.get(field)
        assert callers["status"] == call["status"]
        assert callees["status"] == ("missed" if call.get("reason") == "line-taken" else call["status"])
        assert datetime.fromisoformat(call["ended_at"]) <= world.clock()
