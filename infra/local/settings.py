"""Where the local system runs and keeps its data; read from the environment once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.local.errors import CannotRun

REPOSITORY: Final = Path(__file__).resolve().parents[2]

_EVERY_INTERFACE: Final = {"0.0.0.0", "::", ""}  # noqa: S104 (compared with, not bound to)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSettings:
    """One local system."""

    host: str
    port: int
    data_dir: Path
    template: Path
    region: str
    given_endpoint: str | None
    """Another AWS that the user runs already; without it an emulator is started."""

    @property
    def url(self) -> str:
        """Where the API answers."""
        return f"http://{self._reachable_host}:{self.port}"

    @property
    def emulator_port(self) -> int:
        """Where our own emulator listens."""
        return self.port + 1

    @property
    def aws_url(self) -> str:
        """Where AWS answers, for our processes and for callers."""
        return self.given_endpoint or f"http://{self._reachable_host}:{self.emulator_port}"

    @property
    def stream_positions(self) -> Path:
        """Where it is kept how far streams were followed up."""
        return self.data_dir / "streams"

    @property
    def _reachable_host(self) -> str:
        if self.host in _EVERY_INTERFACE:
            return "127.0.0.1"
        return f"[{self.host}]" if ":" in self.host else self.host


def read_settings(environ: Mapping[str, str]) -> LocalSettings:
    """Read the settings.

    Raises:
        CannotRun: one of them is wrong.
    """
    try:
        port = int(environ.get("PORT") or 8000)
    except ValueError:
        raise CannotRun(f"PORT={environ['PORT']} is not a number.") from None
    if not 1 <= port <= 65534:
        raise CannotRun(f"PORT={port} is not between 1 and 65534.")
    return LocalSettings(
        host=environ.get("HOST") or "127.0.0.1",
        port=port,
        data_dir=(REPOSITORY / (environ.get("DATA_DIR") or ".parley")).resolve(),
        template=REPOSITORY / (environ.get("PARLEY_TEMPLATE") or "template.yaml"),
        region=environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "eu-central-1",
        given_endpoint=environ.get("AWS_ENDPOINT_URL") or None,
    )
