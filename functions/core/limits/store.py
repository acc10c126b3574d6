"""Counts calls in the accounts table: at most two writes a call, and no read.

Keys: `RATE#<limit>#<hash of the key>`, for a key may be somebody's phone, address or name. A write that its condition
refuses costs a unit, too: a call costs one unit mostly, 0.63 USD for a million.
"""

import hashlib
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botocore.exceptions import ClientError

from functions.core.aws import client
from functions.core.limits.model import Limit, Verdict

SECOND: Final = 1_000_000
"""Times are whole microseconds, as clocks give them: rounded ones would make a window shorter."""
AHEAD: Final = 50_000
"""How far beyond a faster clock the second try counts its call."""
IN_DOUBT: Final = SECOND
"""How long to wait where two writes have not told when a call is free."""
NEVER: Final = 0
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Item = Mapping[str, Any]


class DynamoLimiter:
    """The real one."""

    def __init__(self, table_name: str) -> None:
        self._name = table_name

    def take(self, limit: Limit, key: str, *, now: datetime) -> Verdict:
        """Count one call of `key` if it is allowed; in doubt, it is not."""
        pk = f"RATE#{limit.name}#{hashlib.sha256(key.encode()).hexdigest()[:32]}"
        time = (now - EPOCH) // timedelta(microseconds=1)
        return self._take_exact(limit, pk, time) if limit.is_exact else self._take_rate(limit, pk, time)

    def _take_exact(self, limit: Limit, pk: str, now: int) -> Verdict:
        """Shift the times of the last calls, if the oldest of them is out of the window.

        Times never fall, whatever clocks do, and the caller's own clock alone says what is out of the window. So no
        window holds more than `calls`, even if each call is judged by the clock that it came with.
        """
        horizon, last = now - limit.seconds * SECOND, f"c{limit.calls - 1}"
        taken, item = self._shift(limit, pk, now, horizon)
        if not taken and item is not None and _time(item, "c0") <= horizon:
            # A faster clock was here: count from there.
            taken, item = self._shift(limit, pk, _time(item, last) + AHEAD, horizon)
        if not taken:
            missing = _time(item or {}, "c0") - horizon
            return _refused(limit, missing if missing > 0 else IN_DOUBT)
        assert item is not None
        used = sum(_time(item, f"c{slot}") > horizon for slot in range(limit.calls))
        resets_after = (_time(item, last) - horizon) / SECOND
        return Verdict(limit=limit, is_allowed=True, remaining=limit.calls - used, resets_after=resets_after)

    def _shift(self, limit: Limit, pk: str, now: int, horizon: int) -> tuple[bool, Item | None]:
        last = f"c{limit.calls - 1}"
        # The right-hand sides see the item as it was.
        shifts = [f"c{slot} = if_not_exists(c{slot + 1}, :never)" for slot in range(limit.calls - 1)]
        return self._update(
            pk,
            f"SET {', '.join([*shifts, f'{last} = :now'])}, #ttl = :ttl",
            f"attribute_not_exists({last}) OR (c0 <= :horizon AND {last} <= :now)",
            {
                ":now": now,
                ":horizon": horizon,
                ":ttl": _expiry(limit, now),
                **({":never": NEVER} if shifts else {}),
            },
        )

    def _take_rate(self, limit: Limit, pk: str, now: int) -> Verdict:
        """Move the theoretical arrival time on, idle bucket first, then one in use (GCRA, ITU-T I.371)."""
        step = math.ceil(limit.seconds * SECOND / limit.calls)
        room = now + step * (limit.calls - 1)
        taken, item = self._update(
            pk,
            "SET tat = :next, #ttl = :ttl",
            "attribute_not_exists(tat) OR tat <= :now",
            {":next": now + step, ":now": now, ":ttl": _expiry(limit, now)},
        )
        if not taken and item is not None and _time(item, "tat") <= room:
            taken, item = self._update(
                pk,
                "SET tat = tat + :step, #ttl = :ttl",
                "tat <= :room",
                {":step": step, ":room": room, ":ttl": _expiry(limit, now)},
            )
        arrival = _time(item or {}, "tat")
        if not taken:
            return _refused(limit, max(arrival - room, 1))
        remaining = max(0, (now + step * limit.calls - arrival) // step)
        return Verdict(limit=limit, is_allowed=True, remaining=remaining, resets_after=max(0, arrival - now) / SECOND)

    def _update(self, pk: str, update: str, condition: str, values: Mapping[str, int]) -> tuple[bool, Item | None]:
        """Return whether the condition held, and the item: the new one if it did, else the old one."""
        try:
            answer = client("dynamodb").update_item(
                TableName=self._name,
                Key={"pk": {"S": pk}},
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeNames={"#ttl": "ttl"},
                ExpressionAttributeValues={name: {"N": str(value)} for name, value in values.items()},
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            old: Any = error.response
            return False, old.get("Item")
        return True, answer["Attributes"]


def _time(item: Item, name: str) -> int:
    return int(item[name]["N"]) if name in item else NEVER


def _expiry(limit: Limit, now: int) -> int:
    return now // SECOND + limit.seconds + 60


def _refused(limit: Limit, wait: int) -> Verdict:
    return Verdict(limit=limit, is_allowed=False, remaining=0, resets_after=wait / SECOND)
