"""Files into samples, the same way for every engine that would start ffmpeg otherwise."""

from pathlib import Path
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE: Final = 16_000

Samples = NDArray[np.float32]


def decoded(path: Path) -> Samples:
    """Decode a file to mono."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    with av.open(str(path)) as container:
        frames = [piece for frame in container.decode(audio=0) for piece in resampler.resample(frame)]
    frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])
