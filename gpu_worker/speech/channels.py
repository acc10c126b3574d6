"""Whether the channels of a recording hold a voice each, as in recorded calls, or one sound from two sides."""

import itertools
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from gpu_worker.speech.audio import SAMPLE_RATE, AudioFile, Samples
from gpu_worker.speech.voice_activity import Region, SpeechDetector

# People need a while to begin: hold music, ringing, a greeting.
_LONGEST_LOOK: Final = 300.0
_ENOUGH_SPEECH: Final = 8.0
_LEAST_SPEECH: Final = 1.0

_FRAME: Final = SAMPLE_RATE // 10
_QUIET: Final = 1e-4  # -80 dB
# What one microphone catches of the other's speaker is 15 to 30 dB below; a stereo microphone's sides differ by a few.
_APART: Final = 10 ** (10 / 20)
_MOSTLY: Final = 0.7


def hold_a_voice_each(file: BinaryIO) -> bool:
    """Look at the beginning of a file, up to five minutes; the file is left at its start.

    Raises:
        NotMedia: as AudioFile.
    """
    file.seek(0)
    try:
        with AudioFile(file) as audio:
            return audio.facts.channels > 1 and _are_apart(audio)
    finally:
        file.seek(0)


def _are_apart(audio: AudioFile) -> bool:
    tracks = [_Track() for _ in range(audio.facts.channels)]
    for block in audio.tracks():
        track = tracks[block.track]
        track.add(block.samples)
        is_enough = sum(one.speech_seconds >= _ENOUGH_SPEECH for one in tracks) > 1
        if track.seconds >= _LONGEST_LOOK or (is_enough and block.track == len(tracks) - 1):
            break
    voices = [track for track in tracks if track.speech_seconds >= _LEAST_SPEECH]
    return len(voices) > 1 and all(_apart(one, other) for one, other in itertools.combinations(voices, 2))


class _Track:
    """How loud a track is, frame by frame, and how much of it is speech."""

    def __init__(self) -> None:
        self.speech_seconds = 0.0
        self.seconds = 0.0
        self._detector = SpeechDetector()
        self._levels: list[Samples] = []
        self._speech: list[Region] = []

    def add(self, samples: Samples) -> None:
        self.seconds += len(samples) / SAMPLE_RATE
        for region in self._detector.add(samples):
            self.speech_seconds += (region.end - region.start) / SAMPLE_RATE
            self._speech.append(region)
        whole = len(samples) - len(samples) % _FRAME
        if whole:
            frames = samples[:whole].reshape(-1, _FRAME)
            self._levels.append(np.sqrt(np.mean(np.square(frames), axis=1)))

    @property
    def levels(self) -> Samples:
        return np.concatenate(self._levels)

    @property
    def is_speech(self) -> NDArray[np.bool_]:
        """Whether somebody speaks, frame by frame."""
        spoken = np.zeros(sum(map(len, self._levels)), np.bool_)
        for region in self._speech:
            spoken[region.start // _FRAME : -(-region.end // _FRAME)] = True
        return spoken


def _apart(one: _Track, other: _Track) -> bool:
    """Whether mostly only one of two is heard at a time, and both are at times."""
    length = min(len(one.levels), len(other.levels))
    # What is no speech tells nothing: the noise of both lines in long pauses, music that both sides hear.
    spoken = one.is_speech[:length] | other.is_speech[:length]
    first = np.maximum(one.levels[:length][spoken], _QUIET)
    second = np.maximum(other.levels[:length][spoken], _QUIET)
    loudest = np.maximum(first, second)
    active = loudest > max(_QUIET, np.median(loudest) / _APART)
    by_first = np.sum(active & (first > _APART * second))
    by_second = np.sum(active & (second > _APART * first))
    return bool(min(by_first, by_second) > 0 and by_first + by_second >= _MOSTLY * np.sum(active))
