"""Where somebody speaks: the Silero network over a stream of blocks, with its memory carried from block to block."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from faster_whisper.vad import get_vad_model

from functions.core.jobs.options import VoiceActivity
from gpu_worker.speech.audio import SAMPLE_RATE, Samples

FRAME: Final = 512
_CONTEXT: Final = 64
_MEMORY_SHAPE: Final = (1, 1, 128)

# Silero's own hysteresis: speech begins at the threshold and is over so much below it.
_HYSTERESIS: Final = 0.15
_LONGEST_PIECE: Final = 32 * FRAME  # about a second


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of speech, in samples from the start of the recording."""

    start: int
    end: int


class SpeechDetector:
    """Finds the speech of one recording. The result does not depend on how the sound is split into blocks.

    Speech that goes on is reported in pieces of about a second that touch, so that nobody waits for its end.
    """

    def __init__(self, wanted: VoiceActivity = VoiceActivity()) -> None:
        # One session serves all streams and threads: ONNX Runtime's `run` is safe, and the memory is kept here.
        self._session: Any = get_vad_model().session
        self._hidden = np.zeros(_MEMORY_SHAPE, np.float32)
        self._cell = np.zeros(_MEMORY_SHAPE, np.float32)
        self._context = np.zeros(_CONTEXT, np.float32)
        self._rest = np.zeros(0, np.float32)
        self._speech = _SpeechState(wanted)

    @property
    def settled(self) -> int:
        """The sample before which all speech has been reported."""
        return self._speech.settled

    def add(self, block: Samples) -> list[Region]:
        """Take the next block; return the speech that became certain."""
        sound = np.concatenate([self._rest, block])
        whole = len(sound) - len(sound) % FRAME
        self._rest = sound[whole:]
        return self._run(sound[:whole])

    def finish(self) -> list[Region]:
        """Return the speech that the end of the recording makes certain."""
        length = self._speech.position + len(self._rest)
        found = self._run(np.pad(self._rest, (0, -len(self._rest) % FRAME)))
        found += self._speech.finish()
        self._rest = self._rest[:0]
        return [Region(region.start, min(region.end, length)) for region in found]

    def _run(self, sound: Samples) -> list[Region]:
        if not len(sound):
            return []
        found = []
        for probability in self._probabilities(sound.reshape(-1, FRAME)):
            found += self._speech.add(float(probability))
        return found

    def _probabilities(self, frames: Samples) -> Samples:
        before = np.concatenate([self._context[None], frames[:-1, -_CONTEXT:]])
        self._context = frames[-1, -_CONTEXT:].copy()
        network_input = {"input": np.concatenate([before, frames], axis=1), "h": self._hidden, "c": self._cell}
        output, self._hidden, self._cell = self._session.run(None, network_input)
        probabilities: Samples = output.reshape(-1)
        return probabilities


class _SpeechState:
    """Turns one probability per frame into regions."""

    def __init__(self, wanted: VoiceActivity) -> None:
        self._begins_at = wanted.threshold
        self._over_below = max(0.01, wanted.threshold - _HYSTERESIS)
        self._shortest_pause = _samples(wanted.shortest_pause_ms)
        self._shortest_speech = _samples(wanted.shortest_speech_ms)
        self.position = 0
        # `_start`: where unreported speech began. `_end`: where it was last heard. `_reported`: a piece is out already.
        self._start: int | None = None
        self._end = 0
        self._reported = False

    @property
    def settled(self) -> int:
        return self.position if self._start is None else self._start

    def add(self, probability: float) -> list[Region]:
        frame_start = self.position
        self.position += FRAME
        if self._start is None:
            if probability < self._begins_at:
                return []
            self._start = frame_start
        if probability >= self._over_below:
            self._end = self.position
            return self._piece()
        return self.finish() if self.position - self._end >= self._shortest_pause else []

    def finish(self) -> list[Region]:
        """Close what is open. A click is dropped, but not the short rest of a long region."""
        start, self._start = self._start, None
        reported, self._reported = self._reported, False
        if start is None or self._end <= start or (self._end - start < self._shortest_speech and not reported):
            return []
        return [Region(start, self._end)]

    def _piece(self) -> list[Region]:
        if self._start is None or self._end - self._start < _LONGEST_PIECE:
            return []
        piece = Region(self._start, self._end)
        self._start = self._end
        self._reported = True
        return [piece]


def _samples(milliseconds: int) -> int:
    """Whole frames: 160 ms and 96 ms are exactly five and three."""
    return max(1, round(milliseconds * SAMPLE_RATE / 1000 / FRAME)) * FRAME
