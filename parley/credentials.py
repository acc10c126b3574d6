"""API keys on disk, one for each server."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from parley.errors import Failure


@dataclass(frozen=True, slots=True)
class Credential:
    """What signs this machine in. Without an `id` the key was brought by hand, and is not ours to delete."""

    secret: str = field(repr=False)
    id: str | None = None
    user: str | None = None


def usable_secret(text: str) -> str:
    """Take a key as a person brings it.

    Raises:
        Failure: no header could carry it; checked here, as an error from further down would print it.
    """
    secret = text.strip()
    if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise Failure("That is no API key.")
    return secret


class Credentials:
    """The file `credentials.json`, readable by its owner only."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of_user(cls, environ: Mapping[str, str]) -> "Credentials":
        """Follow the XDG base directories."""
        configured = environ.get("XDG_CONFIG_HOME", "")
        # The specification: a relative path is invalid and to be ignored.
        home = Path(configured) if os.path.isabs(configured) else Path.home() / ".config"  # noqa: PTH117 - "" too
        return cls(home / "parley" / "credentials.json")

    def servers(self) -> list[str]:
        """Return the servers that there is a key for."""
        return sorted(self._read())

    def of(self, server: str) -> Credential | None:
        """Return the key for a server."""
        entry = self._read().get(server)
        if entry is None:
            return None
        try:
            return Credential(secret=entry["secret"], id=entry.get("id"), user=entry.get("user"))
        except (KeyError, TypeError, AttributeError) as error:
            raise self._broken() from error

    def remember(self, server: str, credential: Credential) -> None:
        """Keep the key for a server."""
        self._write(self._read() | {server: asdict(credential)})

    def forget(self, server: str) -> None:
        """Drop the key for a server."""
        entries = self._read()
        if entries.pop(server, None) is not None:
            self._write(entries)

    def _read(self) -> dict[str, Any]:
        try:
            servers = json.loads(self.path.read_bytes())["servers"]
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise Failure(f"Cannot read {self.path}: {error.strerror}.") from error
        except (ValueError, KeyError, TypeError) as error:
            raise self._broken() from error
        if not isinstance(servers, dict):
            raise self._broken()
        return servers

    def _write(self, servers: dict[str, Any]) -> None:
        """Replace the file in one step: at no time is it half written, or readable by others."""
        folder = self.path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
            handle, name = tempfile.mkstemp(dir=folder, prefix=".credentials-")  # made with mode 0600
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump({"servers": servers}, file, indent=2)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self.path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise Failure(f"Cannot write {self.path}: {error.strerror}.") from error

    def _broken(self) -> Failure:
        return Failure(f"{self.path} cannot be understood: delete it and sign in again.")
