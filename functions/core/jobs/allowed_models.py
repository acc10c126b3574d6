"""Which speech models may be asked for: not everybody shall make a worker download three gigabytes."""

from collections.abc import Mapping
from typing import Any

from functions.core.errors import Invalid
from functions.core.jobs.options import AUTO
from functions.core.speech_models import MODELS


class AllowedModels:
    """Those that an operator lets people ask for. `auto`, which is what a worker has, may always be asked for."""

    def __init__(self, names: str = "") -> None:
        """`names` are separated by commas; none: all of the table."""
        chosen = listed(names)
        self.names = tuple(name for name in MODELS if name in chosen or not chosen)

    def __contains__(self, name: str) -> bool:
        return name == AUTO or name in self.names

    def check(self, options: Mapping[str, Any]) -> None:
        """Go on only if the options of a job name no model that is not allowed; raises Invalid."""
        model = options.get("model")
        if model is not None and model not in self:
            able = ", ".join(self.names)
            raise Invalid(
                f"The model {model!r} is not offered here; these are: {able}.",
                code="model-not-allowed",
                allowed=list(self.names),
            )


def listed(names: str) -> frozenset[str]:
    """Return the names in a list that is separated by commas."""
    return frozenset(name.strip() for name in names.split(",")) - {""}
