"""What is asked for, made into what is done: a preset's options, those given before them, no model but allowed ones."""

from collections.abc import Sequence

from functions.core.errors import Invalid
from functions.core.jobs.allowed_models import AllowedModels
from functions.core.jobs.options import Wish, chosen, combined, said
from functions.core.presets.model import Preset
from functions.core.presets.store import Presets
from functions.core.recordings.model import Process


class Wishes:
    """Reads what callers want done."""

    def __init__(self, presets: Presets, allowed: AllowedModels) -> None:
        self._presets = presets
        self._allowed = allowed

    def granted(self, wishes: Sequence[Wish], *, owner_id: str) -> tuple[Process, ...]:
        """Return what is to be done; the presets are those that `owner_id` may use, read in one call.

        Raises:
            Invalid: there is no such preset, its options and those given clash, or a model is not allowed.
        """
        named = [(wish.kind, wish.preset) for wish in wishes if wish.preset is not None]
        found = iter(self._presets.find_many(owner_id, named))
        processes = tuple(_process(wish, next(found) if wish.preset is not None else None) for wish in wishes)
        for process in processes:
            self._allowed.check(process.options)
        return processes


def _process(wish: Wish, preset: Preset | None) -> Process:
    if wish.preset is None:
        return Process(wish.kind, chosen(wish))
    if preset is None:
        raise Invalid(f"There is no preset {wish.preset!r} to {wish.kind}.", code="unknown-preset", preset=wish.preset)
    try:
        options = combined(wish.kind, preset.options, said(wish))
    except ValueError as error:
        detail = f"The options given and those of the preset {preset.name!r} do not go together."
        raise Invalid(detail, code="preset-mismatch", preset=preset.name) from error
    return Process(wish.kind, options, preset.name)
