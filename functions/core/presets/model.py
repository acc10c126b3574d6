"""Options with a name, kind by kind: those of the house and those of its people; pure."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from functions.core.errors import Conflict
from functions.core.jobs.model import Kind
from functions.core.presets.names import name_id, name_key

MOST_PRESETS: Final = 100
"""Of one owner, all kinds together."""
ORDERED_CHARACTERS: Final = 40
"""How much of a name decides where it stands; a cursor holds it, too."""


class PresetNameTaken(Conflict):
    """There is a preset of this kind and name, whatever the case."""

    code = "preset-name-taken"


class PresetBuiltIn(Conflict):
    """The preset is the house's own: nobody changes it."""

    code = "preset-built-in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Options with a name."""

    id: str
    kind: Kind
    name: str
    options: dict[str, Any] = field(default_factory=dict)
    description: str | None = None
    owner_id: str | None = None
    """None: it is the house's own."""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    version: int = 0

    @property
    def is_built_in(self) -> bool:
        """Whether it is the house's own."""
        return self.owner_id is None

    @property
    def place(self) -> str:
        """Where it stands in a list: the house's own first, then by kind and name."""
        rank = 0 if self.is_built_in else 1
        return f"{rank}#{self.kind}#{name_key(self.name)[:ORDERED_CHARACTERS]}#{name_id(self.name)[:16]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Which presets an owner has, by their places; its version makes their number exact."""

    id: str
    presets: dict[str, str] = field(default_factory=dict)
    version: int = 0

    def with_preset(self, preset: Preset) -> "Shelf":
        """Put a preset onto it.

        Raises:
            PresetNameTaken: there is one of this kind and name.
            Conflict: there are too many.
        """
        if preset.place in self.presets:
            raise PresetNameTaken(f"You have a preset {preset.name!r} to {preset.kind}.")
        if len(self.presets) >= MOST_PRESETS:
            raise Conflict(f"You may have {MOST_PRESETS} presets.", code="too-many-presets", limit=MOST_PRESETS)
        return replace(self, presets=self.presets | {preset.place: preset.id})

    def without_preset(self, preset: Preset) -> "Shelf":
        """Take a preset off it."""
        return replace(self, presets={place: one for place, one in self.presets.items() if place != preset.place})


def own_id(owner_id: str, kind: Kind, name: str) -> str:
    """Return the id of somebody's preset: one of each kind and name."""
    return f"{owner_id}#{kind}#{name_id(name)}"
