"""Two voices as one file, bit by bit: Opus in Ogg, which is written from the start to the end and nowhere else."""

import io
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, Final

import av
import numpy as np
from typing_extensions import Buffer

from gpu_worker.calls.timeline import SAMPLE_RATE, Samples

CONTENT_TYPE: Final = "audio/ogg"
BIT_RATE: Final = 96_000
"""43 MB an hour. Below that Opus makes one sound of both channels where it may, and each voice is heard in both."""

Write = Callable[[bytes], None]


def write_two_channels(pairs: Iterable[Samples], write: Write) -> int:
    """Encode sound of two rows; returns how many samples there were."""
    done, file = 0, _Collected()
    with av.open(file, "w", format="ogg") as container:
        stream: Any = container.add_stream("libopus", rate=SAMPLE_RATE, layout="stereo")
        stream.bit_rate = BIT_RATE
        for pair in pairs:
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pair), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, done, Fraction(1, SAMPLE_RATE)
            done += frame.samples
            container.mux(stream.encode(frame))
            # Not from within FFmpeg: it would make an error of its own of whatever fails there.
            write(file.taken())
        if done:
            container.mux(stream.encode(None))
    write(file.taken())
    return done


class _Collected(io.RawIOBase):
    """A file that only goes on, until somebody takes what is there."""

    def __init__(self) -> None:
        super().__init__()
        self._body = bytearray()

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Buffer) -> int:
        """Collect it."""
        body = bytes(data)
        self._body += body
        return len(body)

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        body = bytes(self._body)
        self._body.clear()
        return body
