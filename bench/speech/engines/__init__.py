"""Every engine that is measured: one module each, loaded only in the process that measures it."""

import importlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Final, cast

from bench.speech.engines.engine import Engine, Orders
from bench.speech.models import made

NOT_INSTALLED: Final = "not installed"
# By module: the form of the network that it wants, and what must be installed.
_FORMS: Final = {
    "openai": "openai",
    "transformers_pipeline": "transformers",
    "stock": "ctranslate2",
    "batched": "ctranslate2",
    "encoder": "ctranslate2",
    "ahead": "ctranslate2",
    "ours": "ctranslate2",
}
_NEEDS: Final = {
    "openai": ("torch", "whisper"),
    "transformers": ("torch", "transformers"),
    "ctranslate2": ("ctranslate2", "faster_whisper"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """An engine as the tables name it; `options` are its module's own."""

    title: str
    module: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def missing(self) -> str:
        """Say why it cannot be measured here; empty when it can."""
        absent = [name for name in _NEEDS[self._form] if importlib.util.find_spec(name) is None]
        if absent:
            return f"{NOT_INSTALLED}: {', '.join(absent)}"
        return "" if self.module != "ours" else str(self._code().missing())

    def model(self, size: str) -> Path:
        """Return the folder of the network in the engine's form."""
        return made(size, self._form)

    def load(self, orders: Orders) -> Engine:
        """Load the engine into this process."""
        return cast("Engine", self._code().load(orders, **self.options))

    @property
    def _form(self) -> str:
        return _FORMS[self.module]

    def _code(self) -> ModuleType:
        return importlib.import_module(f"bench.speech.engines.{self.module}")


OPENAI: Final = "openai"
TRANSFORMERS: Final = "transformers-1"
TRANSFORMERS_BATCHED: Final = "transformers-4"
STOCK: Final = "faster-whisper"
STOCK_VAD: Final = "faster-whisper-vad"
BATCHED: Final = "batched"
BATCHED_VAD: Final = "batched-vad"
OURS: Final = "ours"
ENCODER: Final = "encoder"
ENCODER_CUT: Final = "encoder-cut"
AHEAD: Final = "ahead"
AHEAD_STOCK: Final = "ahead-stock"

ENGINES: Final[dict[str, Entry]] = {
    OPENAI: Entry("openai-whisper, float32", "openai"),
    TRANSFORMERS: Entry("transformers pipeline, batch 1, float32", "transformers_pipeline", {"batch": 1}),
    TRANSFORMERS_BATCHED: Entry("transformers pipeline, batch 4, float32", "transformers_pipeline", {"batch": 4}),
    STOCK: Entry("faster-whisper, WhisperModel, int8", "stock"),
    STOCK_VAD: Entry("faster-whisper, WhisperModel with its VAD, int8", "stock", {"vad": True}),
    BATCHED: Entry("faster-whisper, BatchedInferencePipeline(8), int8", "batched"),
    BATCHED_VAD: Entry("faster-whisper, BatchedInferencePipeline(8) with its VAD, int8", "batched", {"vad": True}),
    OURS: Entry("Parley, int8", "ours"),
    ENCODER: Entry("the encoder alone, windows of 30 s", "encoder"),
    ENCODER_CUT: Entry("the encoder alone, windows as long as the recording", "encoder", {"cut": True}),
    AHEAD_STOCK: Entry("faster-whisper: decode, its VAD, features", "ahead", {"stock": True}),
    AHEAD: Entry("Parley: decode, find speech, cut, features", "ahead"),
}
