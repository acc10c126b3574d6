"""What the server says of itself, as far as this program looks into it; `raw` keeps the whole JSON."""

from dataclasses import dataclass
from typing import Any

from parley.transport import Transport, understanding


@dataclass(frozen=True, slots=True)
class Model:
    """A speech model."""

    name: str
    parameters: str
    memory_mb: int
    gpu_memory_mb: int
    speed: float
    languages: int
    advice: str
    on_disk: bool | None
    is_default: bool
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Models:
    """Those that may be asked for, and the name of the one that transcribes, which may be none of them."""

    table: tuple[Model, ...]
    running: str | None


@dataclass(frozen=True, slots=True)
class Check:
    """How one thing is."""

    name: str
    is_ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class SystemCheck:
    """How everything is."""

    is_ok: bool
    checks: tuple[Check, ...]
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Redriven:
    """What is being tried again."""

    messages: int
    raw: dict[str, Any]


class SystemCalls(Transport):
    """What can be asked about the server itself."""

    def models(self) -> Models:
        """Return the speech models; anybody may ask."""
        response = self._ask("GET", "/v1/info", signed_in=False)
        with understanding(response):
            data = response.json()
            return Models(tuple(_model(row) for row in data["models"]), data["model"]["name"])

    def check_system(self) -> SystemCheck:
        """Return how everything is."""
        response = self._ask("GET", "/v1/system-check")
        with understanding(response):
            data = response.json()
            checks = tuple(Check(one["name"], bool(one["ok"]), str(one["detail"])) for one in data["checks"])
            return SystemCheck(is_ok=bool(data["ok"]), checks=checks, raw=data)

    def redrive(self, queue: str) -> Redriven:
        """Have dead letters tried again; returns how many there are."""
        response = self._ask("POST", "/v1/system-check/redrive", json={"queue": queue})
        with understanding(response):
            data = response.json()
            return Redriven(messages=int(data["messages"]), raw=data)


def _model(data: dict[str, Any]) -> Model:
    return Model(
        name=str(data["name"]),
        parameters=str(data["parameters"]),
        memory_mb=int(data["memory_mb"]),
        gpu_memory_mb=int(data["gpu_memory_mb"]),
        speed=float(data["speed"]),
        languages=int(data["languages"]),
        advice=str(data["advice"]),
        on_disk=data.get("on_disk"),
        is_default=bool(data.get("default")),
        raw=data,
    )
