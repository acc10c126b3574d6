"""What ministack's streams lack: they end with its process, and ask for rights on no stream in particular."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from ministack.core import iam_actions
from ministack.core.responses import AccountRegionScopedDict
from ministack.services import dynamodb, dynamodb_streams

from infra.local.positions import Positions

_KEPT_IN_MEMORY: Final = 1000
"""Changes of a table that can be read again after they were followed up; AWS keeps those of a day."""


class StreamState:
    """The changes of all tables.

    What follows from a change is written by functions, and their writes may be lost with a kill. So a change is kept
    until a snapshot has been written that was made after it was followed up.
    """

    def __init__(self, positions: Positions) -> None:
        self._positions = positions
        self._safe: dict[str, set[str]] = {}
        self._seen = 0

    def have_grown(self) -> bool:
        """Tell whether there were changes since this was asked last."""
        before, self._seen = self._seen, dynamodb._stream_seq_counter  # noqa: SLF001
        return self._seen != before

    def unfinished(self) -> AccountRegionScopedDict:
        """Return the changes that may have to be followed up after a kill; forget most of the others.

        To be called only after everything was written that was asked for before.
        """
        unfinished = AccountRegionScopedDict()
        for (account, region, table), records in dynamodb._stream_records.all_items():  # noqa: SLF001
            done = _number_done(records, self._safe.get(table, set()))
            unfinished.set_scoped(account, region, table, records[done:])
            _forget(account, region, table, number=done - _KEPT_IN_MEMORY)
            self._safe[table] = set(self._positions.last(table).values())
        return unfinished

    def restore(self, unfinished: AccountRegionScopedDict | None) -> None:
        """Put changes back that were not followed up before the end, and let all of them be read."""
        self._positions.clear()
        if unfinished is not None:
            dynamodb._stream_records.update(unfinished)  # noqa: SLF001


def _number_done(records: list[Mapping[str, Any]], positions: set[str]) -> int:
    # From the end: it is one of the newest.
    for number in range(len(records), 0, -1):
        if records[number - 1]["dynamodb"]["SequenceNumber"] in positions:
            return number
    return 0


def _forget(account: str, region: str, table: str, *, number: int) -> None:
    if number <= 0:
        return
    # As ministack does with those of yesterday: who reads on is at an absolute place.
    del dynamodb._stream_records.get_scoped(account, region, table)[:number]  # noqa: SLF001
    before = dynamodb._stream_trimmed.get_scoped(account, region, table, 0)  # noqa: SLF001
    dynamodb._stream_trimmed.set_scoped(account, region, table, before + number)  # noqa: SLF001


def guard_streams() -> None:
    """Make ministack ask for rights on the stream that is read, so that a role's policy can name it."""
    of_others: Callable[..., str] = iam_actions.extract_resource_arn

    def resource_arn(service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> str:
        if service == "dynamodbstreams":
            return _stream_in(body)
        return of_others(service, method, path, headers, body, *rest)

    iam_actions.extract_resource_arn = resource_arn


def _stream_in(body: bytes) -> str:
    try:
        asked = json.loads(body or b"{}")
        iterator = dynamodb_streams._decode_iterator(asked.get("ShardIterator", "")) or {}  # noqa: SLF001
    except (AttributeError, ValueError):
        return "*"
    return str(asked.get("StreamArn") or iterator.get("arn") or "*")
