"""Speech with the true times of its words: espeak-ng out of a wheel, called through ctypes."""

import ctypes
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import espeakng_loader
import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

Samples = NDArray[np.float32]
Times = tuple[tuple[float, float], ...]

SAMPLE_RATE: Final = 16_000
_ESPEAK_RATE: Final = 22_050
_UP, _DOWN = 320, 441
_RETRIEVE_SYNCHRONOUSLY: Final = 2
_DO_NOT_EXIT: Final = 0x8000
_CHARACTERS_ARE_UTF8: Final = 1
_RATE, _PITCH, _RANGE = 1, 3, 4
_LIST_ENDS, _WORD = 0, 1
_AUDIBLE: Final = 0.01


@dataclass(frozen=True, slots=True)
class Voice:
    """How to speak. A name may carry a variant: `en-us+f2`."""

    name: str
    rate: int = 175
    pitch: int = 50
    range: int = 50


@dataclass(frozen=True, slots=True)
class Spoken:
    """A sentence as sound, and when each of its words begins and ends in it."""

    sound: Samples
    times: Times


@dataclass(frozen=True, slots=True)
class _Event:
    position: int
    seconds: float


class _RawEvent(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_RawEvent))


class _Espeak:
    """The library keeps one global state, so there is one of these in a process."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = str(espeakng_loader.get_data_path()).encode()
        rate = self._library.espeak_Initialize(_RETRIEVE_SYNCHRONOUSLY, 0, data, _DO_NOT_EXIT)
        if rate != _ESPEAK_RATE:
            raise RuntimeError(f"espeak-ng speaks at {rate} Hz, not {_ESPEAK_RATE}")
        self._sound: list[NDArray[np.int16]] = []
        self._words: list[_Event] = []
        self._callback = _Callback(self._take)
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, text: str, voice: Voice) -> tuple[NDArray[np.int16], list[_Event]]:
        if self._library.espeak_SetVoiceByName(voice.name.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice.name!r}")
        for parameter, value in ((_RATE, voice.rate), (_PITCH, voice.pitch), (_RANGE, voice.range)):
            self._library.espeak_SetParameter(parameter, value, 0)
        self._sound.clear()
        self._words.clear()
        spoken = text.encode() + b"\0"
        self._library.espeak_Synth(spoken, len(spoken), 0, 1, 0, _CHARACTERS_ARE_UTF8, None, None)
        return np.concatenate(self._sound), list(self._words)

    def _take(self, samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            self._sound.append(np.ctypeslib.as_array(samples, shape=(count,)).copy())
        index = 0
        while events[index].type != _LIST_ENDS:
            if events[index].type == _WORD:
                self._words.append(_Event(events[index].text_position, events[index].audio_position / 1000))
            index += 1
        return 0


@cache
def _espeak() -> _Espeak:
    return _Espeak()


def speak(sentence: str, voice: Voice) -> Spoken:
    """Speak a sentence that has no full stop yet, without the silence that espeak puts around it."""
    pcm, events = _espeak().speak(f"{sentence}.", voice)
    sound = resample_poly(pcm.astype(np.float32) / 32768, _UP, _DOWN).astype(np.float32)
    audible = np.flatnonzero(np.abs(sound) > _AUDIBLE)
    first, last = int(audible[0]), int(audible[-1])
    starts = _word_starts(sentence.split(), events, first / SAMPLE_RATE, last / SAMPLE_RATE)
    cut = max(0, first - SAMPLE_RATE // 100)
    shifted = [float(start) - cut / SAMPLE_RATE for start in starts]
    ends = [*shifted[1:], (last - cut) / SAMPLE_RATE]
    return Spoken(sound[cut : last + SAMPLE_RATE // 50], tuple(zip(shifted, ends, strict=True)))


def _word_starts(words: list[str], events: list[_Event], begin: float, end: float) -> list[float]:
    """Espeak counts characters from 1 and joins words such as "on the": the second has no event of its own."""
    positions = [1 + sum(len(word) + 1 for word in words[:index]) for index in range(len(words))]
    heard = {event.position: event.seconds for event in reversed(events) if event.position in positions}
    heard.setdefault(positions[0], begin)
    heard[positions[0]] = max(heard[positions[0]], begin)
    heard[positions[-1] + len(words[-1]) + 1] = end
    known = sorted(heard)
    return [float(start) for start in np.interp(positions, known, [heard[position] for position in known])]
