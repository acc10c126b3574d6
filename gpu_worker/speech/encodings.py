"""What the encoder made of a batch, of which any rows can be taken for the next step."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import ctranslate2
import numpy as np

from gpu_worker.speech.excerpt import Encoded, Excerpt


class Encodings:
    """Encodes a batch of excerpts of one length.

    A GPU encodes all at once and keeps the result. On a CPU a batch gains nothing before the decoder and thrashes its
    caches (0.8x for sixteen windows of 30 s): there every excerpt is encoded alone, and decoded with the others.
    """

    def __init__(self, model: Any, excerpts: Sequence[Excerpt], *, on_gpu: bool) -> None:
        self._excerpts = excerpts
        self._view: Any = None
        if on_gpu and all(excerpt.encoded is None for excerpt in excerpts):
            self._view = model.encode(_view([excerpt.features for excerpt in excerpts]))
            return
        self._rows = [
            excerpt.encoded if excerpt.encoded is not None else _array(model.encode(_view([excerpt.features])))[0]
            for excerpt in excerpts
        ]

    def view(self, rows: Sequence[int] | None = None) -> Any:
        """Return some rows, or all, as CTranslate2 takes them."""
        if self._view is not None and (rows is None or list(rows) == list(range(len(self._excerpts)))):
            return self._view
        return _view([self.rows[row] for row in (range(len(self._excerpts)) if rows is None else rows)])

    @property
    def rows(self) -> list[Encoded]:
        """What each excerpt became, in this process's memory."""
        return self._on_host if self._view is not None else self._rows

    @cached_property
    def _on_host(self) -> list[Encoded]:
        return list(_array(self._view))


def _view(rows: Sequence[Encoded]) -> Any:
    return ctranslate2.StorageView.from_array(np.ascontiguousarray(np.stack(rows)))


def _array(view: Any) -> Encoded:
    here = view.to_device(ctranslate2.Device.cpu)
    # NumPy knows no bfloat16; in 32 bits nothing of it is lost.
    return np.array(here.to(ctranslate2.DataType.float32) if here.dtype == ctranslate2.DataType.bfloat16 else here)
