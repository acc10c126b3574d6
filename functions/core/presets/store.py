"""Presets in the library table.

Keys: `PRESET#<owner>#<kind>#<hash of the name>`, and `PRESETS#<owner>`, which says what the owner has.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from functions.core.clock import Clock
from functions.core.collection import RACES, Collection
from functions.core.errors import Conflict, NotFound
from functions.core.jobs.model import Kind
from functions.core.presets.builtin import BUILT_IN, built_in
from functions.core.presets.model import Preset, PresetBuiltIn, PresetNameTaken, Shelf, own_id
from functions.core.repeats import Once, Repeats
from functions.core.table import Changed, Put, Table


class Presets:
    """The house's own presets and everybody's."""

    def __init__(self, table: Table, *, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._repeats = Repeats(table, clock=clock)
        self._presets = Collection(table, Preset, key=lambda preset_id: f"PRESET#{preset_id}")
        self._shelves = Collection(table, Shelf, key=lambda owner_id: f"PRESETS#{owner_id}")

    def seen_by(self, owner_id: str, *, kind: Kind | None, after: str | None, limit: int) -> list[Preset]:
        """List the house's own presets and an owner's, from behind the place `after`."""
        own = self._shelf(owner_id).presets
        houses = {preset.place: preset for preset in BUILT_IN}
        places = [place for place in sorted([*houses, *own]) if kind in {None, place.split("#")[1]}]
        wanted = [place for place in places if after is None or place > after][:limit]
        found = {one.place: one for one in self._presets.get_many([own[place] for place in wanted if place in own])}
        return [(houses | found)[place] for place in wanted if place in houses or place in found]

    def find_many(self, owner_id: str, wanted: Sequence[tuple[Kind, str]]) -> list[Preset | None]:
        """Return the presets of kinds and names that an owner may use, or None for each that there is not."""
        own_ids = [own_id(owner_id, *one) for one in wanted if built_in(*one) is None]
        own = {preset.id: preset for preset in self._presets.get_many(own_ids)} if own_ids else {}
        return [built_in(*one) or own.get(own_id(owner_id, *one)) for one in wanted]

    def need_own(self, owner_id: str, kind: Kind | None, name: str) -> Preset:
        """Return an owner's own preset; without a kind, the only one of that name.

        Raises:
            NotFound: there is none.
            PresetBuiltIn: it is the house's own.
            Conflict: there is one of each of several kinds.
        """
        kinds = list(Kind) if kind is None else [kind]
        found = [one for one in self.find_many(owner_id, [(one, name) for one in kinds]) if one is not None]
        own = [one for one in found if not one.is_built_in]
        if not own and found:
            raise PresetBuiltIn(f"The preset {name!r} is the house's own; it cannot be changed.")
        if not own:
            raise NotFound(f"You have no preset {name!r}.")
        if len(own) > 1:
            raise Conflict(f"You have several presets {name!r}: say of which `kind`.", code="ambiguous-preset")
        return own[0]

    def add(self, preset: Preset, *, once: Once | None = None) -> Preset:
        """Add an owner's preset; a request that added one before gets that one.

        Raises:
            PresetNameTaken: there is one of this kind and name.
            Conflict: there are too many.
            Invalid: the request's key was used for another one.
        """

        def writes() -> list[Put]:
            if built_in(preset.kind, preset.name) is not None:
                raise PresetNameTaken(f"The house has a preset {preset.name!r} to {preset.kind} of its own.")
            shelf = self._shelf(preset.owner_id or "").with_preset(preset)
            return [self._presets.put(preset), self._shelves.put(shelf)]

        made = self._repeats.make(preset.id, writes, once=once)
        # Two requests that name the same thing give it the same id; which of them made it, only a note knows.
        return self._presets.saved(preset) if once is None else self._presets.get(made)

    def change(self, preset: Preset, *, options: dict[str, Any], description: str | None) -> Preset:
        """Say anew what an owner's preset is; raises NotFound where it is gone."""
        now = self._clock()
        return self._presets.change(
            preset, lambda fresh: replace(fresh, options=options, description=description, updated_at=now)
        )

    def remove(self, preset: Preset) -> None:
        """Remove an owner's preset."""
        assert preset.owner_id is not None
        for _ in range(RACES):
            shelf = self._shelf(preset.owner_id)
            if preset.place not in shelf.presets:
                return
            try:
                self._table.write(self._presets.removal(preset.id), self._shelves.put(shelf.without_preset(preset)))
            except Changed:
                continue
            return
        raise Conflict("Your presets are being changed by many at once; try again.", code="busy")

    def forget_owner(self, owner_id: str) -> None:
        """Remove all presets of an owner; it may be interrupted and begin again."""
        for preset_id in self._shelf(owner_id).presets.values():
            self._table.write(self._presets.removal(preset_id))
        # Last, for the others are found by it.
        self._table.write(self._shelves.removal(owner_id))

    def _shelf(self, owner_id: str) -> Shelf:
        return self._shelves.find(owner_id) or Shelf(id=owner_id)
