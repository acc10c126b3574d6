"""What DynamoDB is asked for by a route, and what a route takes beside that, with few and with many recordings."""

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.testclient import TestClient

from bench.workspace.emulator import emulator
from bench.workspace.filling import Filled, fill
from functions.core.accounts.model import Role, User
from functions.core.aws import client
from functions.core.table import DynamoTable
from infra.local.settings import REPOSITORY
from infra.local.stack import make_data_only
from infra.local.template import parameter_values, read_template
from tests.house import House

SIZES: Final = ((10, 10), (1_000, 100))
"""Users, and recordings of each."""
CALLS: Final = 200
CALLS_FOR_ALL: Final = 20
"""Of routes that list everybody's: the emulator takes seconds for one."""

Route = Callable[[TestClient, Filled], Any]


@dataclass(frozen=True)
class Cost:
    """Of one call of a route, in the median: DynamoDB calls, the items they went through, milliseconds beside them."""

    calls: float
    items: float
    p50: float
    p99: float


def say_routes() -> None:
    """Print the table of routes."""
    print(
        "Real handlers and the real DynamoDB client in this process, against an emulator in another one that holds "
        f"all in memory. {CALLS} calls each, {CALLS_FOR_ALL} where all are listed; who calls is known from memory. The "
        "emulator goes through all of a list to give its first page, DynamoDB does not: therefore the calls, the items "
        "that DynamoDB would go through and bill, and the time that is ours: all but the waiting for the emulator.\n"
    )
    few, many = (_costs_at(users, each) for users, each in SIZES)
    small, large = (users * each for users, each in SIZES)
    sizes = f"{small} / {large:,}"
    print(f"| route | calls, {sizes} | items, {sizes} | p50 / p99 of {small} | of {large:,} | ratio |")
    print("|---|---|---|---|---|---|")
    for name, one in few.items():
        other = many[name]
        print(
            f"| {name} | {one.calls:g} / {other.calls:g} | {one.items:g} / {other.items:g} "
            f"| {one.p50:.1f} / {one.p99:.1f} ms | {other.p50:.1f} / {other.p99:.1f} ms | {other.p50 / one.p50:.2f} |"
        )


def _costs_at(users: int, each: int) -> dict[str, Cost]:
    with emulator() as aws:
        template = read_template(REPOSITORY / "template.yaml")
        names = make_data_only(aws, template, parameter_values(template, ours={"Stage": "bench"}, environ={}))
        house = House(library_table=DynamoTable(names["LibraryTable"]))  # type: ignore[arg-type]
        owners = [house.a_known_user() for _ in range(users)]
        admin = house.a_known_user(role=Role.ADMIN)
        return _costs(house, admin, fill(names["LibraryTable"], owners, each))


def _costs(house: House, admin: User, filled: list[Filled]) -> dict[str, Cost]:
    some = random.sample(filled, min(len(filled), CALLS))
    clients = {one.owner.id: house.client(one.owner) for one in some}
    meter = Meter()
    return {
        name: _cost(meter, route, clients, some, CALLS_FOR_ALL if name.startswith("list all") else CALLS)
        for name, route in _routes(house.client(admin)).items()
    }


def _cost(meter: "Meter", route: Route, clients: dict[str, TestClient], some: list[Filled], how_often: int) -> Cost:
    calls, items, times = list[int](), list[int](), list[float]()
    for number in range(how_often):
        one = some[number % len(some)]
        meter.reset()
        began = time.perf_counter()
        answer = route(clients[one.owner.id], one)
        times.append((time.perf_counter() - began - meter.waited) * 1000)
        if answer.status_code >= 500:
            raise SystemExit(f"{answer.status_code} {answer.text}")
        calls.append(meter.calls)
        items.append(meter.items)
    cuts = statistics.quantiles(times, n=100)
    return Cost(max(calls), statistics.median(items), cuts[49], cuts[98])


def _routes(admins: TestClient) -> dict[str, Route]:
    upload = {"filename": "a.m4a", "size": 1000, "content_type": "audio/mp4"}
    recordings = "/v1/recordings"
    return {
        "list mine": lambda me, _: me.get(recordings),
        "list mine, a status": lambda me, _: me.get(recordings, params={"status": "done"}),
        "list mine, text in title": lambda me, _: me.get(recordings, params={"q": "встреча"}),
        "list all": lambda _, __: admins.get(recordings, params={"scope": "all"}),
        "list all of a location": lambda _, __: admins.get(recordings, params={"scope": "all", "location_id": "loc_7"}),
        "details": lambda me, one: me.get(f"{recordings}/{one.recording_id}"),
        "job status": lambda me, one: me.get(f"/v1/jobs/{one.job_id}"),
        "list jobs": lambda me, _: me.get("/v1/jobs"),
        "statistics": lambda me, _: me.get(f"{recordings}/stats"),
        "announce": lambda me, _: me.post(recordings, json=upload),
        "edit": lambda me, one: me.patch(f"{recordings}/{one.recording_id}", json={"title": "Другое"}),
        "delete": lambda me, one: me.delete(f"{recordings}/{one.recording_id}"),
    }


class Meter:
    """Counts what this process asks of DynamoDB."""

    def __init__(self) -> None:
        events = client("dynamodb").meta.events
        events.register("before-call.dynamodb", self._before)
        events.register("after-call.dynamodb", self._after)
        self.reset()

    def reset(self) -> None:
        """Begin at nothing."""
        self.calls, self.items, self.waited, self._asked = 0, 0, 0.0, 0.0

    def _before(self, **_: Any) -> None:
        self._asked = time.perf_counter()

    def _after(self, parsed: dict[str, Any], **_: Any) -> None:
        self.waited += time.perf_counter() - self._asked
        self.calls += 1
        self.items += parsed.get("ScannedCount", 1)
