r"""The history of somebody's keys: entries are added, never changed, and each one names the one before by its hash.

So whoever has seen an entry notices when what came before it is told otherwise. The hash of an entry is

    SHA-256("parley/key-log/1\0" || previous hash (32 bytes) || bundle hash (32 bytes) || op || "\0" || device id
            || "\0" || at, in milliseconds of the epoch)

and the bundle hash is SHA-256(the bytes of `b` || the bytes of `s`). Before the first entry stand 32 zero bytes.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

FIRST: Final = base64.urlsafe_b64encode(bytes(32)).rstrip(b"=").decode()
_LABEL: Final = b"parley/key-log/1\0"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Op(StrEnum):
    """What became of a device."""

    ADD = "add"
    """It came, or its bundle was renewed."""
    REVOKE = "revoke"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One change of somebody's keys."""

    id: str
    """`<unique id>#<number>`"""
    prev_hash: str
    bundle_hash: str
    op: Op
    device_id: str
    at: datetime
    version: int = 0

    @property
    def owner(self) -> str:
        """The unique id of whose keys they are."""
        return self.id.partition("#")[0]

    @property
    def number(self) -> int:
        """Where it stands in the log; the first is 0."""
        return int(self.id.partition("#")[2])

    @property
    def milliseconds(self) -> int:
        """When it was made, in milliseconds of the epoch."""
        return (self.at - _EPOCH) // timedelta(milliseconds=1)

    @property
    def hash(self) -> str:
        """What the next entry names it by."""
        said = b"\0".join((self.op.value.encode(), self.device_id.encode(), str(self.milliseconds).encode()))
        return _written(hashlib.sha256(_LABEL + _bytes(self.prev_hash) + _bytes(self.bundle_hash) + said).digest())


def bundle_hash(bundle: Mapping[str, str]) -> str:
    """Return what an entry names a bundle by."""
    return _written(hashlib.sha256(_bytes(bundle["b"]) + _bytes(bundle["s"])).digest())


def entry_id(owner: str, number: int) -> str:
    """Return the id of an entry; ids sort as numbers do."""
    return f"{owner}#{number:09d}"


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
