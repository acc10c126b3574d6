"""What it costs to know who somebody is: a login, a token's check, a limit."""

import os
import statistics
import time
from collections.abc import Callable
from typing import Any, Final

import boto3
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from functions.core.accounts.passwords import hash_password, is_password
from functions.core.clock import utc_now
from functions.core.limits.model import Limit
from functions.core.limits.store import DynamoLimiter
from tests.builders import PASSWORD
from tests.house import House
from tests.moto_stack import REGION, moto_stack

CALLS: Final = 200


def measure() -> None:
    """Print medians, and the ratio to the nearest thing of the same kind."""
    house = House()
    user = house.a_known_user()
    _say_logins(house, str(user.username))
    _say_tokens(house, house.token_of(user))
    _say_limits()


def _say_logins(house: House, username: str) -> None:
    client = house.client()
    password_hash = hash_password(PASSWORD)
    known = {"identifier": username, "password": PASSWORD}
    times = _medians(
        {
            "argon2id alone": lambda: is_password(PASSWORD, password_hash),
            "login": lambda: client.post("/v1/auth/login", json=known),
            "login, wrong password": lambda: client.post("/v1/auth/login", json=known | {"password": "wrong"}),
            "login, unknown name": lambda: client.post("/v1/auth/login", json=known | {"identifier": "nobody"}),
        },
        calls=CALLS,
    )
    _table("A login, in process, over a table in memory (no network)", times, to="argon2id alone")


def _say_tokens(house: House, token: str) -> None:
    callers = _callers_of(house)
    claims = jwt.decode(token, options={"verify_signature": False})
    secret, private = "x" * 32, rsa.generate_private_key(public_exponent=65537, key_size=2048)
    hmac_token, rsa_token = jwt.encode(claims, secret, "HS256"), jwt.encode(claims, private, "RS256")
    public = private.public_key()
    times = _medians(
        {
            "PyJWT, HS256": lambda: jwt.decode(hmac_token, secret, ["HS256"], audience="parley"),
            "PyJWT, RS256": lambda: jwt.decode(rsa_token, public, ["RS256"], audience="parley"),
            "ours, EdDSA: the token": lambda: house.tokens.read(token),
            "ours: the token, the session and the account": lambda: callers.identify(bearer=token, api_key=None),
        },
        calls=CALLS,
    )
    _table("A token's check, in process, over a table in memory (no network)", times, to="PyJWT, HS256")


def _say_limits() -> None:
    exact = Limit(name="exact", calls=5, seconds=60, is_exact=True)
    rate = Limit(name="rate", calls=600, seconds=60)
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    with moto_stack() as names:
        table = names["AccountsTable"]
        limiter, plain = DynamoLimiter(table), boto3.client("dynamodb")
        keys = iter(range(1_000_000))
        writes = _count_writes()
        times = _medians(
            {
                "one plain UpdateItem": lambda: plain.update_item(
                    TableName=table,
                    Key={"pk": {"S": "RATE#plain"}},
                    UpdateExpression="ADD n :one",
                    ExpressionAttributeValues={":one": {"N": "1"}},
                ),
                "600 in 60 s, calls now and then": lambda: limiter.take(rate, str(next(keys)), now=utc_now()),
                "600 in 60 s, one call after the other": lambda: limiter.take(rate, "busy", now=utc_now()),
                "5 in 60 s exactly, allowed": lambda: limiter.take(exact, str(next(keys)), now=utc_now()),
                "5 in 60 s exactly, mostly refused": lambda: limiter.take(exact, "busy", now=utc_now()),
            },
            calls=CALLS,
            writes=writes,
        )
        _table("A limit, on moto's DynamoDB in this process", times, to="one plain UpdateItem", writes=writes)


def _callers_of(house: House) -> Any:
    from functions.core.accounts.callers import Callers  # noqa: PLC0415

    return Callers(house.accounts_table, house.tokens, clock=house.clock)


def _count_writes() -> dict[str, int]:
    from functions.core.aws import client  # noqa: PLC0415

    counts = {"": 0}

    def count(**_: Any) -> None:
        counts[""] += 1

    client("dynamodb").meta.events.register("before-call.dynamodb.UpdateItem", count)
    return counts


def _medians(
    subjects: dict[str, Callable[[], object]], *, calls: int, writes: dict[str, int] | None = None
) -> dict[str, float]:
    """Time all subjects, one call of each after the other, and return the medians in milliseconds."""
    times: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(calls):
        for name, call in subjects.items():
            before = writes[""] if writes is not None else 0
            started = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - started)
            if writes is not None:
                writes[name] = max(writes.get(name, 0), writes[""] - before)
    return {name: statistics.median(measured) * 1000 for name, measured in times.items()}


def _table(title: str, times: dict[str, float], *, to: str, writes: dict[str, int] | None = None) -> None:
    print(f"{title}\n")
    print(f"| | median | ratio |{' writes a call, at most |' if writes else ''}")
    print(f"|---|---|---|{'---|' if writes else ''}")
    for name, milliseconds in times.items():
        counted = f" {writes[name]} |" if writes else ""
        print(f"| {name} | {milliseconds:.3f} ms | {milliseconds / times[to]:.2f}x |{counted}")
    print()
