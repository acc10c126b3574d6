"""A table in memory. `tests/contracts/test_table.py` holds it and DynamoDB to the same tests."""

import copy
import threading
from collections.abc import Sequence
from datetime import datetime

from functions.core.table import Changed, Delete, Document, Put, stored


class FakeTable:
    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.writes = 0
        self._lock = threading.Lock()

    def get(self, pk: str) -> Document | None:
        return copy.deepcopy(self.documents.get(pk))

    def get_many(self, pks: Sequence[str]) -> dict[str, Document]:
        return {pk: copy.deepcopy(self.documents[pk]) for pk in pks if pk in self.documents}

    def write(self, *writes: Put | Delete) -> None:
        with self._lock:
            for write in writes:
                if not self._is_allowed(write):
                    raise Changed
            self.writes += len(writes)
            for write in writes:
                if isinstance(write, Put):
                    kept = {name: value for name, value in stored(write).items() if value is not None}
                    self.documents[write.pk] = copy.deepcopy(kept)
                else:
                    self.documents.pop(write.pk, None)

    def newest(self, list_pk: str, *, before: str | None, limit: int) -> list[Document]:
        listed = [one for one in self.documents.values() if one.get("list_pk") == list_pk]
        below = [one for one in listed if before is None or one["list_sk"] < before]
        return copy.deepcopy(sorted(below, key=lambda one: str(one["list_sk"]), reverse=True)[:limit])

    def expired(self, before: datetime, *, limit: int) -> list[str]:
        return [pk for pk in self.documents if self._is_expired(pk, before)][:limit]

    def _is_allowed(self, write: Put | Delete) -> bool:
        if isinstance(write, Put):
            return self._version(write.pk) == write.seen
        is_as_seen = write.seen is None or self._version(write.pk) == write.seen
        return is_as_seen and (write.expired_before is None or self._is_expired(write.pk, write.expired_before))

    def _is_expired(self, pk: str, before: datetime) -> bool:
        ttl = self.documents.get(pk, {}).get("ttl")
        return ttl is not None and ttl < int(before.timestamp())

    def _version(self, pk: str) -> int | None:
        return self.documents[pk]["version"] if pk in self.documents else None
