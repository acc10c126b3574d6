"""A table in memory. `tests/contracts/test_table.py` holds it and DynamoDB to the same tests."""

import copy
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from functions.core.changes import Change
from functions.core.table import (
    BATCH_GET_LIMIT,
    GROUP_OF,
    TRANSACTION_LIMIT,
    Changed,
    Delete,
    Document,
    Found,
    Index,
    Put,
    Unchanged,
    Where,
    Write,
    cut,
    stored,
)


class FakeTable:
    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.writes = 0
        self.calls: Counter[str] = Counter()
        """How often each way was gone: what DynamoDB would be asked."""
        self.changes: list[Change] = []
        """What its stream would say."""
        self._lock = threading.Lock()
        self._counting = threading.Lock()

    def copy(self) -> "FakeTable":
        """Return another table with the same in it."""
        other = FakeTable()
        other.documents = copy.deepcopy(self.documents)
        return other

    def get(self, pk: str) -> Document | None:
        self._count("get")
        return copy.deepcopy(self.documents.get(pk))

    def get_many(self, pks: Sequence[str]) -> dict[str, Document]:
        self._count("get_many", -(-len(set(pks)) // BATCH_GET_LIMIT))
        return {pk: copy.deepcopy(self.documents[pk]) for pk in pks if pk in self.documents}

    def write(self, *writes: Write) -> None:
        self._count("write")
        assert len(writes) <= TRANSACTION_LIMIT
        assert len({write.pk for write in writes}) == len(writes), "DynamoDB takes each key once in a transaction"
        with self._lock:
            for write in writes:
                if not self._is_allowed(write):
                    raise Changed
            self.writes += len(writes)
            for write in writes:
                old = self.documents.get(write.pk)
                if isinstance(write, Put):
                    kept = {name: value for name, value in stored(write).items() if value is not None}
                    self.documents[write.pk] = copy.deepcopy(kept)
                elif isinstance(write, Delete):
                    self.documents.pop(write.pk, None)
                new = self.documents.get(write.pk)
                if old is not new:
                    self.changes.append(Change(pk=write.pk, old=copy.deepcopy(old), new=copy.deepcopy(new)))

    def newest(self, list_pk: str, *, before: str | None, limit: int) -> list[Document]:
        self._count("newest")
        listed = [one for one in self.documents.values() if one.get("list_pk") == list_pk]
        below = [one for one in listed if before is None or one["list_sk"] < before]
        return copy.deepcopy(sorted(below, key=lambda one: str(one["list_sk"]), reverse=True)[:limit])

    def look(
        self,
        index: Index,
        group: str,
        *,
        before: str | None = None,
        since: str | None = None,
        where: Where | None = None,
        limit: int,
        look_at: int,
    ) -> Found:
        self._count("look")
        listed = [one for one in list(self.documents.values()) if one.get(GROUP_OF[index]) == group]
        listed.sort(key=lambda one: str(one["list_sk"]), reverse=True)
        in_range = [
            one
            for one in listed
            if (before is None or one["list_sk"] < before) and (since is None or one["list_sk"] >= since)
        ]
        seen = in_range[:look_at]
        found = [copy.deepcopy(one) for one in seen if (where or Where()).holds(one)]
        return cut(found, limit=limit, looked_until=seen[-1]["list_sk"] if len(in_range) > look_at else None)

    def expired(self, before: datetime, *, limit: int) -> list[str]:
        return [pk for pk in self.documents if self._is_expired(pk, before)][:limit]

    def _count(self, way: str, calls: int = 1) -> None:
        # Adding to a Counter is a read and a write, between which another thread may come.
        with self._counting:
            self.calls[way] += calls

    def _is_allowed(self, write: Write) -> bool:
        if isinstance(write, Put | Unchanged):
            return self._version(write.pk) == write.seen
        is_as_seen = write.seen is None or self._version(write.pk) == write.seen
        return is_as_seen and (write.expired_before is None or self._is_expired(write.pk, write.expired_before))

    def _is_expired(self, pk: str, before: datetime) -> bool:
        ttl = self.documents.get(pk, {}).get("ttl")
        return ttl is not None and ttl < int(before.timestamp())

    def _version(self, pk: str) -> int | None:
        return self.documents[pk]["version"] if pk in self.documents else None
