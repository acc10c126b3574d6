"""A frame and its answer through the local gateway while 200 connections are open; beside it a bare echo server."""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from socket import create_connection
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from bench.calls.setup_times import SETTINGS
from tests.journeys.caller import Caller
from tests.local_system import eventually, free_port, running_system

CONNECTIONS: Final = 200
EACH: Final = 20
"""Connections of one person: the most that somebody may have."""
ROUND_TRIPS: Final = 2_000
AT_ONCE: Final = 8
PROTOCOL: Final = "parley.v1"

Address = tuple[str, list[Subprotocol]]


def say_round_trips() -> None:
    """Print medians, p99 and the ratio to the echo server."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        system = stack.enter_context(running_system(folder / "data", environ=SETTINGS))
        people = [stack.enter_context(Caller.registered(system.url)) for _ in range(-(-CONNECTIONS // EACH))]
        echo = stack.enter_context(_echo_server())
        ours = asyncio.run(_measured(lambda number: _ours(people[number // EACH])))
        bare = asyncio.run(_measured(lambda _: (f"ws://127.0.0.1:{echo}", [Subprotocol(PROTOCOL)])))
    print(f"`ping` and its answer, {ROUND_TRIPS} times, on {CONNECTIONS} open connections in turn.\n")
    print("| | one by one: median | p99 | 8 at once: median | p99 |\n|---|---|---|---|---|")
    for name, (alone, together) in (("local gateway", ours), ("bare `websockets` echo", bare)):
        cells = [f"{value:.2f} ms" for times in (alone, together) for value in (statistics.median(times), _p99(times))]
        print(f"| {name} | {' | '.join(cells)} |")
    ratios = [
        read(one) / read(other) for one, other in zip(ours, bare, strict=True) for read in (statistics.median, _p99)
    ]
    print(f"| ratio | {' | '.join(f'{ratio:.1f}' for ratio in ratios)} |")


def _ours(person: Caller) -> Address:
    ticket = person.http.post("/v1/realtime/ticket").raise_for_status().json()
    return ticket["url"], [Subprotocol(PROTOCOL), Subprotocol(f"ticket.{ticket['ticket']}")]


async def _measured(address_of: Callable[[int], Address]) -> tuple[list[float], list[float]]:
    """Open all connections; return round trips one by one, and several at once, in milliseconds."""
    sockets: list[ClientConnection] = []
    for number in range(CONNECTIONS):
        url, protocols = await asyncio.to_thread(address_of, number)
        sockets.append(await connect(url, subprotocols=protocols, ping_interval=None, proxy=None))
    try:
        for socket in sockets:
            await _round_trip(socket)
        alone = [await _round_trip(sockets[number % CONNECTIONS]) for number in range(ROUND_TRIPS)]
        together: list[float] = []
        lanes = (_lane(sockets[lane::AT_ONCE], together) for lane in range(AT_ONCE))
        await asyncio.gather(*lanes)
        return alone, together
    finally:
        await asyncio.gather(*(socket.close() for socket in sockets))


async def _lane(sockets: list[ClientConnection], times: list[float]) -> None:
    turns = range(ROUND_TRIPS // AT_ONCE)
    times.extend([await _round_trip(sockets[number % len(sockets)]) for number in turns])


async def _round_trip(socket: ClientConnection) -> float:
    began = time.perf_counter()
    await socket.send(json.dumps({"type": "ping", "id": "1"}))
    answer: dict[str, Any] = json.loads(await socket.recv())
    if answer["type"] == "error":
        raise SystemExit(f"refused: {answer['code']}")
    return (time.perf_counter() - began) * 1000


def _p99(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98]


@contextmanager
def _echo_server() -> Iterator[int]:
    port = free_port()
    server = subprocess.Popen([sys.executable, "-m", "bench.calls.echo", str(port)])
    try:
        eventually(lambda: _is_there(port), within=30)
        yield port
    finally:
        server.terminate()
        server.wait(10)


def _is_there(port: int) -> bool:
    try:
        with create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
