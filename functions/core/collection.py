"""Typed documents: dataclasses in, dataclasses out, over one table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, Final, Generic, Protocol, TypeVar

from pydantic import TypeAdapter

from functions.core.errors import Conflict, NotFound
from functions.core.table import GROUP_OF, Changed, Delete, Document, Index, Put, Table, Unchanged, Where

RACES: Final = 20
"""How often a change is tried again after a lost race; each loss means that another writer got on."""

_NOT_FIELDS: Final = frozenset({"pk", "list_sk", "ttl", *GROUP_OF.values()})


class Versioned(Protocol):
    """A dataclass with an id and the version that was read."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def version(self) -> int:
        """The version that was read; 0 before the first write."""
        ...


Thing = TypeVar("Thing", bound=Versioned)
Item = TypeVar("Item")


class Seals(Protocol):
    """What closes and opens texts (`functions.core.keys.sealing.Sealer`)."""

    def seal(self, text: str, *, pk: str, attribute: str) -> str:
        """Close a text for one attribute of one record."""
        ...

    def open(self, sealed: str, *, pk: str, attribute: str) -> str:
        """Return the text."""
        ...


@dataclass(frozen=True, slots=True)
class Sealed:
    """Which fields no table shows in clear."""

    seals: Seals
    fields: frozenset[str]


@dataclass(frozen=True, slots=True)
class Listing(Generic[Item]):
    """Part of a list, and where to go on (None: nothing follows)."""

    things: list[Item]
    following: str | None


class Collection(Generic[Thing]):
    """All things of one type in a table."""

    def __init__(  # noqa: PLR0913 - all but two have a default
        self,
        table: Table,
        model: type[Thing],
        *,
        key: Callable[[str], str],
        listed_under: Callable[[Thing], tuple[str, str] | None] = lambda _: None,
        also_under: Callable[[Thing], Mapping[Index, str]] = lambda _: {},
        expires_at: Callable[[Thing], datetime | None] = lambda _: None,
        sealed: Sealed | None = None,
    ) -> None:
        self._table = table
        self._adapter: TypeAdapter[Thing] = _adapter_of(model)
        self._name = model.__name__
        self._key = key
        self._listed_under = listed_under
        self._also_under = also_under
        self._expires_at = expires_at
        self._sealed = sealed

    def find(self, thing_id: str) -> Thing | None:
        """Read one, or None."""
        document = self._table.get(self._key(thing_id))
        return None if document is None else self.load(document)

    def get(self, thing_id: str) -> Thing:
        """Read one.

        Raises:
            NotFound: there is none.
        """
        thing = self.find(thing_id)
        if thing is None:
            raise NotFound(f"There is no {self._name.lower()} {thing_id}.")
        return thing

    def get_many(self, thing_ids: Sequence[str]) -> list[Thing]:
        """Read those that exist, in the order asked for."""
        found = self._table.get_many([self._key(thing_id) for thing_id in thing_ids])
        return [self.load(found[self._key(i)]) for i in thing_ids if self._key(i) in found]

    def newest(self, list_pk: str, *, before: str | None, limit: int) -> list[Thing]:
        """List those that stand under `list_pk`, newest first, older than `before`."""
        return [self.load(document) for document in self._table.newest(list_pk, before=before, limit=limit)]

    def look(  # noqa: PLR0913 - all but the first two have a default
        self,
        index: Index,
        group: str,
        *,
        before: str | None = None,
        since: str | None = None,
        where: Where | None = None,
        limit: int,
        look_at: int | None = None,
    ) -> "Listing[Thing]":
        """List those of a group that are as asked (see Table.look); without `look_at` it looks at `limit` and one."""
        found = self._table.look(
            index, group, before=before, since=since, where=where, limit=limit, look_at=look_at or limit + 1
        )
        return Listing([self.load(document) for document in found.documents], found.following)

    def put(self, thing: Thing) -> Put:
        """Return the write that saves `thing` if it is still as it was read."""
        return Put(
            pk=self._key(thing.id),
            document=self._dump(thing),
            seen=thing.version or None,
            listed_under=self._listed_under(thing),
            also_under=self._also_under(thing),
            expires_at=self._expires_at(thing),
        )

    def unchanged(self, thing: Thing) -> Unchanged:
        """Return the condition that a thing is still as it was read, for writes that rest on it."""
        return Unchanged(self._key(thing.id), thing.version or None)

    def key_of(self, thing_id: str) -> str:
        """Return where one lies, for reads and writes that go together with others'."""
        return self._key(thing_id)

    def removal(self, thing_id: str, *, seen: int | None = None) -> Delete:
        """Return the write that removes one; with `seen`, only while it is still of that version."""
        return Delete(self._key(thing_id), seen=seen)

    def change(self, thing: Thing, transition: Callable[[Thing], Thing]) -> Thing:
        """Apply a pure `transition` to `thing`, or to what has become of it meanwhile, and save the outcome.

        Raises:
            Conflict: other writers won every race.
            Exception: whatever `transition` refuses.
        """
        for _ in range(RACES):
            changed = transition(thing)
            if changed is thing:
                return thing
            try:
                self._table.write(self.put(changed))
            except Changed:
                thing = self.get(thing.id)
            else:
                return self.saved(changed)
        raise Conflict(f"The {self._name.lower()} is being changed by many at once; try again.", code="busy")

    def saved(self, thing: Thing) -> Thing:
        """Return `thing` as it stands after its `put` went through."""
        return replace(thing, version=thing.version + 1)  # type: ignore[type-var]

    def load(self, document: Document) -> Thing:
        """Read a stored document."""
        fields = {name: value for name, value in document.items() if name not in _NOT_FIELDS}
        if self._sealed is not None:
            for name in self._sealed.fields & fields.keys():
                fields[name] = self._sealed.seals.open(fields[name], pk=document["pk"], attribute=name)
        return self._adapter.validate_python(fields)

    def _dump(self, thing: Thing) -> dict[str, Any]:
        fields: dict[str, Any] = self._adapter.dump_python(thing, mode="json", exclude_none=True)
        if self._sealed is not None:
            for name in self._sealed.fields & fields.keys():
                fields[name] = self._sealed.seals.seal(fields[name], pk=self._key(thing.id), attribute=name)
        return fields


@cache
def _adapter_of(model: type[Any]) -> TypeAdapter[Any]:
    # Made once for each model: it takes milliseconds, and a door has a dozen of collections.
    return TypeAdapter(model)
