"""The models that are in memory: loaded when first needed, kept warm, let go when others need the room."""

import gc
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from functions.core.observability import log
from gpu_worker.speech.models import SpeechModel
from gpu_worker.speech.whisper import SpeechEngine

IDLE_SECONDS: Final = 600.0
"""After so long unused, a model that is not the house's own is let go."""

Load = Callable[[SpeechModel], SpeechEngine]


class LoadedModels:
    """Loads and unloads. Used by the one thread that owns the models."""

    def __init__(self, load: Load, *, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`most` models are in memory at a time; the one that was used longest ago makes room."""
        self._load = load
        self._most = most
        self._clock = clock
        self._engines: OrderedDict[str, SpeechEngine] = OrderedDict()
        self._used_at: dict[str, float] = {}

    @property
    def names(self) -> list[str]:
        """Which are loaded, the one used last at the end."""
        return [engine.model.name for engine in self._engines.values()]

    def get(self, model: SpeechModel) -> SpeechEngine:
        """Return a model ready to use; raises ModelUnavailable if it can't be loaded."""
        key = str(model.folder)
        if key not in self._engines:
            # First the room, then the model: two of the large ones may not fit side by side.
            while len(self._engines) >= self._most:
                self._let_go(next(iter(self._engines)))
            began = time.monotonic()
            self._engines[key] = self._load(model)
            log.info("model loaded", model=model.name, seconds=round(time.monotonic() - began, 2))
        self._engines.move_to_end(key)
        self._used_at[key] = self._clock()
        return self._engines[key]

    def let_idle_go(self, *, keep: SpeechModel) -> None:
        """Let go of what nobody has used for a while, but not of `keep`."""
        for key in list(self._engines):
            if key != str(keep.folder) and self._clock() - self._used_at[key] > IDLE_SECONDS:
                self._let_go(key)

    def _let_go(self, key: str) -> None:
        engine = self._engines.pop(key)
        self._used_at.pop(key)
        log.info("model unloaded", model=engine.model.name)
        del engine
        gc.collect()
