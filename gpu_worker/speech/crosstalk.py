"""What one channel of a call hears of the other one, taken out: otherwise every sentence would be said twice."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gpu_worker.speech.audio import SAMPLE_RATE, Samples

_FRAME: Final = SAMPLE_RATE // 50
_SPAN: Final = 25  # frames; syllables rise and fall faster than anybody takes turns
_SHORTEST: Final = 25  # frames; between the words of two who speak at once there are gaps, too
# An echo is 15 to 30 dB below the voice; two who speak at once are seldom 9.5 dB apart, each on his own microphone.
_BELOW: Final = 3.0
# One microphone may be set lower than the other, but by no more than this is made allowance for: else an echo that is
# all there is in a channel would count as its voice.
_SMALLEST_GAIN: Final = 0.35
_QUIET: Final = 1e-4
_LEVELS: Final = np.linspace(-80, 0, 81)
_VOICE: Final = 0.9


class CrosstalkGate:
    """Silences each track while another one is clearly what is heard in it.

    Levels are compared after each track's own voice, as far as it has been heard: microphones are not equally near.
    """

    def __init__(self, tracks: int) -> None:
        self._counts = np.zeros((tracks, len(_LEVELS)), np.int64)

    def clean(self, blocks: Sequence[Samples]) -> list[Samples]:
        """Take the next block of each track, all of the same time; return them without what is the others'."""
        length = min(map(len, blocks))
        frames = length // _FRAME
        if len(blocks) < 2 or not frames:
            return list(blocks)
        levels = np.stack([_levels(block[: frames * _FRAME]) for block in blocks])
        self._learn(levels)
        evened = levels / self._voices()[:, None]
        return [
            _silenced(block, evened[track] * _BELOW < np.max(np.delete(evened, track, axis=0), axis=0))
            for track, block in enumerate(blocks)
        ]

    def _learn(self, levels: Samples) -> None:
        decibels = 20 * np.log10(np.maximum(levels, _QUIET))
        for track, row in enumerate(np.clip(np.searchsorted(_LEVELS, decibels), 0, len(_LEVELS) - 1)):
            self._counts[track] += np.bincount(row, minlength=len(_LEVELS))

    def _voices(self) -> Samples:
        """How loud each track's voice is against the loudest, as far as is known; silence says nothing."""
        heard = self._counts.copy()
        heard[:, 0] = 0
        reached = np.cumsum(heard, axis=1) >= _VOICE * np.sum(heard, axis=1, keepdims=True)
        voices = 10 ** (_LEVELS[np.argmax(reached, axis=1)] / 20)
        shares: Samples = np.clip(voices / np.max(voices), _SMALLEST_GAIN, 1.0)
        return shares


def _levels(sound: Samples) -> Samples:
    energy = np.mean(np.square(sound.reshape(-1, _FRAME)), axis=1)
    smooth = np.convolve(energy, np.ones(_SPAN) / _SPAN, mode="same") if len(energy) >= _SPAN else energy
    levels: Samples = np.maximum(np.sqrt(smooth), _QUIET)
    return levels


def _silenced(block: Samples, is_others: NDArray[np.bool_]) -> Samples:
    edges = np.flatnonzero(np.diff(np.pad(is_others.astype(np.int8), 1)))
    cleaned = block.copy()
    for begins, ends in zip(edges[::2], edges[1::2], strict=True):
        if ends - begins >= _SHORTEST:
            cleaned[begins * _FRAME : ends * _FRAME] = 0.0
    return cleaned
