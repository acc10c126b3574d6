"""How far each table's stream was followed up; kept in the data folder, since changes outlive a restart there."""

import json
from pathlib import Path
from typing import Any


class Positions:
    """A file for each table, with the last sequence number of each shard."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def last(self, table: str) -> dict[str, str]:
        """Return the last change that was followed up, by shard."""
        try:
            kept: Any = json.loads(self._path(table).read_text())
        except FileNotFoundError:
            return {}
        return dict(kept)

    def keep(self, table: str, shard: str, sequence_number: str) -> None:
        """Remember that everything up to a change was followed up."""
        unfinished = self._path(table).with_suffix(".new")
        unfinished.write_text(json.dumps({**self.last(table), shard: sequence_number}))
        unfinished.replace(self._path(table))

    def clear(self) -> None:
        """Begin again, with whatever the streams hold."""
        for path in self._folder.glob("*.json"):
            path.unlink()

    def _path(self, table: str) -> Path:
        return self._folder / f"{table}.json"
