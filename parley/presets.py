"""Presets as the API knows them; `raw` keeps the whole JSON, as in `parley.answers`."""

from dataclasses import dataclass
from typing import Any

from parley.transport import Transport, once, segment, understanding


@dataclass(frozen=True, slots=True)
class Preset:
    """Options with a name."""

    name: str
    kind: str
    options: dict[str, Any]
    description: str | None
    is_built_in: bool
    raw: dict[str, Any]


class PresetCalls(Transport):
    """What can be asked about presets."""

    def presets(self, *, kind: str | None = None) -> list[Preset]:
        """Return the server's own and the caller's, perhaps of one kind alone."""
        return self._list("/v1/presets", _read, params={"kind": kind} if kind else None)[0]

    def add_preset(self, name: str, *, kind: str, options: dict[str, Any], description: str | None) -> Preset:
        """Give options a name."""
        body = {"name": name, "kind": kind, "options": options, "description": description}
        response = self._ask("POST", "/v1/presets", json=body, headers=once())
        with understanding(response):
            return _read(response.json())

    def remove_preset(self, name: str, *, kind: str | None) -> None:
        """Remove one of the caller's; the kind is needed where there is one of each."""
        self._ask("DELETE", f"/v1/presets/{segment(name)}", params={"kind": kind} if kind else None)


def _read(data: dict[str, Any]) -> Preset:
    return Preset(
        name=data["name"],
        kind=data["kind"],
        options=data["options"],
        description=data.get("description"),
        is_built_in=bool(data.get("built_in")),
        raw=data,
    )
