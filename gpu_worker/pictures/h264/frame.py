"""What comes out of an encoder, and what one is to those who use it."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from gpu_worker.pictures.grid import Grid


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """One frame, compressed."""

    data: bytes
    """An access unit of H.264, as a stream of bytes (Annex B)."""
    time: Fraction
    """Seconds after the beginning at which it is shown."""
    decode_time: Fraction
    """In the order of which frames are decoded."""
    is_key: bool
    """Whether decoding can begin here."""


class VideoEncoder(Protocol):
    """Turns grids into H.264."""

    @property
    def headers(self) -> bytes:
        """Sequence and picture parameter sets (Annex B), which go before the first frame."""
        ...

    def encode(self, grid: Grid) -> EncodedFrame | None:
        """Take the next frame; gives the one that is ready by then, if any."""
        ...

    def finish(self) -> Iterator[EncodedFrame]:
        """Give what is left."""
        ...
