"""Which packs an owner has, and what is in them: documents of the library table.

Keys: `SEARCH#<owner>` names the packs, `PACK#<owner>#<pack>` says what is in one. What changes together is written
together, so that nobody finds a recording twice, half, or not at all.
"""

import base64
import json
import zlib
from collections.abc import Container
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, PlainSerializer

from functions.core.collection import RACES, Collection
from functions.core.errors import Unavailable
from functions.core.recordings.model import Recording
from functions.core.table import Delete, Put, Table

MERGED: Final = "merged/"
"""What the names of packs begin with that hold several recordings; others begin with their recording's id."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A recording in a pack, and what searches choose by."""

    recording_id: str
    fingerprint: str
    """Of the transcript that is indexed."""
    words: int
    at: int
    """When it was recorded, in seconds since 1970."""
    location_id: str | None = None


def _pressed(entries: tuple[Entry | None, ...]) -> str:
    rows = [entry and [getattr(entry, name) for name in Entry.__slots__] for entry in entries]
    return base64.b64encode(zlib.compress(json.dumps(rows, separators=(",", ":")).encode(), 9)).decode()


def _spread(stored: Any) -> Any:
    if not isinstance(stored, str):
        return stored
    rows = json.loads(zlib.decompress(base64.b64decode(stored)))
    return tuple(row and Entry(*row) for row in rows)


Entries = Annotated[tuple[Entry | None, ...], PlainSerializer(_pressed), BeforeValidator(_spread)]
"""By ordinal; None where one is gone. Compressed in the table: 2,000 recordings take a third of what a document may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackRecord:
    """What is known of a pack."""

    owner_id: str
    name: str
    contents_at: int
    size: int
    entries: Entries
    as_of: int
    """The version of the root that it came or changed with: an older root does not name all that belongs to it."""
    version: int = 0

    @property
    def id(self) -> str:
        """Its id in the table."""
        return pack_id(self.owner_id, self.name)

    @property
    def key(self) -> str:
        """Where its bytes lie."""
        return pack_key(self.owner_id, self.name)

    @property
    def words(self) -> int:
        """How many were said in what is left in it."""
        return sum(entry.words for entry in self.entries if entry)

    @property
    def has_gaps(self) -> bool:
        """Whether it holds bytes of a recording that is gone."""
        return None in self.entries

    def entry_of(self, recording_id: str) -> Entry | None:
        """Return a recording's entry, if it is here."""
        return next((entry for entry in self.entries if entry and entry.recording_id == recording_id), None)

    def with_entry(self, recording_id: str, entry: Entry | None) -> "PackRecord":
        """Return it with another entry of a recording, or with a gap for None."""
        entries = tuple(entry if old and old.recording_id == recording_id else old for old in self.entries)
        return replace(self, entries=entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """All packs of an owner. What lies in the bucket for them is named here, before it is written and until it is gone.

    A writer notes in `making` what it is about to write, and may only add it to `packs` while it still stands there.
    """

    id: str
    """The owner's."""
    packs: tuple[str, ...] = ()
    making: dict[str, datetime] = field(default_factory=dict)
    """Packs that are being written, and since when."""
    waste: dict[str, datetime] = field(default_factory=dict)
    """Packs that nobody reads, and until when somebody may still be writing them."""
    version: int = 0

    def with_pack(self, name: str) -> "Root":
        """Take in a pack that was being made."""
        making = {other: since for other, since in self.making.items() if other != name}
        return replace(self, packs=(*self.packs, name), making=making)

    def discarding(self, *names: str, until: datetime) -> "Root":
        """Make waste of packs, ready or being made; nobody writes them after `until`."""
        return replace(
            self,
            packs=tuple(name for name in self.packs if name not in names),
            making={name: since for name, since in self.making.items() if name not in names},
            waste=self.waste | dict.fromkeys(names, until),
        )

    def forgetting(self, removed: Container[str], *, now: datetime) -> "Root":
        """Forget waste whose bytes are removed, unless somebody may still write it; unchanged where there is none."""
        left = {name: until for name, until in self.waste.items() if name not in removed or until > now}
        return self if left == self.waste else replace(self, waste=left)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The packs of an owner at one moment."""

    root: Root
    packs: tuple[PackRecord, ...]

    def holders_of(self, recording_id: str) -> list[PackRecord]:
        """Return the packs that hold a recording: one at most, if all is well."""
        return [pack for pack in self.packs if pack.entry_of(recording_id)]

    def entry_of(self, recording_id: str) -> Entry | None:
        """Return what is indexed of a recording."""
        return next((entry for pack in self.packs if (entry := pack.entry_of(recording_id))), None)


class Manifests:
    """All manifests."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._roots = Collection(table, Root, key=lambda owner_id: f"SEARCH#{owner_id}")
        self._packs = Collection(table, PackRecord, key=lambda pack: f"PACK#{pack}")

    def root(self, owner_id: str) -> Root:
        """Read an owner's root; an empty one where there is none yet."""
        return self._roots.find(owner_id) or Root(id=owner_id)

    def read(self, owner_id: str) -> Manifest:
        """Read all of an owner's manifest as it was at one moment; two calls, or more while it changes.

        Raises:
            Unavailable: it never stood still.
        """
        for _ in range(RACES):
            root = self.root(owner_id)
            packs = self.packs(owner_id, root.packs)
            if len(packs) == len(root.packs) and all(pack.as_of <= root.version for pack in packs):
                return Manifest(root, tuple(packs))
        raise Unavailable("The index is being changed by many at once; try again.", code="busy")

    def packs(self, owner_id: str, names: tuple[str, ...]) -> list[PackRecord]:
        """Read those packs that are there."""
        return self._packs.get_many([pack_id(owner_id, name) for name in names]) if names else []

    def put_root(self, root: Root) -> Put:
        """Return the write that saves a root if it is still as it was read."""
        return self._roots.put(root)

    def put_pack(self, pack: PackRecord) -> Put:
        """Return the write that adds a pack, or saves it if it is still as it was read."""
        return self._packs.put(pack)

    def removal(self, pack: PackRecord) -> Delete:
        """Return the write that removes a pack if it is still as it was read."""
        return self._packs.removal(pack.id, seen=pack.version)

    def removal_of(self, owner_id: str, name: str) -> Delete:
        """Return the write that removes a pack, however it is."""
        return self._packs.removal(pack_id(owner_id, name))

    def removal_of_root(self, root: Root) -> Delete:
        """Return the write that removes a root if it is still as it was read."""
        return self._roots.removal(root.id, seen=root.version)


def pack_id(owner_id: str, name: str) -> str:
    """Return a pack's id in the table."""
    return f"{owner_id}#{name}"


def pack_key(owner_id: str, name: str) -> str:
    """Return where a pack's bytes lie; nothing else lies in its folder."""
    return f"{folder_of(owner_id, name)}pack"


def folder_of(owner_id: str, name: str) -> str:
    """Return the folder of a pack, or of all packs that hold one recording alone."""
    return f"{packs_of(owner_id)}{name}/"


def packs_of(owner_id: str) -> str:
    """Return under which prefix all packs of an owner lie."""
    return f"search/{owner_id}/"


def moment_of(recording: Recording) -> int:
    """Return when something was recorded, or added where nobody said, as searches choose by it."""
    return int((recording.recorded_at or recording.created_at).timestamp())
