"""Speech for tests: espeak-ng out of a wheel, and files of it encoded with PyAV. No system package is needed."""

import _ctypes
import ctypes
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import espeakng_loader
import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

SAMPLE_RATE: Final = 16_000
_RETRIEVE_SYNCHRONOUSLY: Final = 2
_DO_NOT_EXIT: Final = 0x8000
_RATE, _PITCH = 1, 3
_CHARACTERS_ARE_UTF8: Final = 1

# By the ending of the file's name, which also names the container.
_CODECS: Final[dict[str, str]] = {
    ".aac": "aac",
    ".flac": "flac",
    ".m4a": "aac",
    ".mkv": "libopus",
    ".mov": "aac",
    ".mp3": "libmp3lame",
    ".mp4": "aac",
    ".ogg": "libopus",
    ".opus": "libopus",
    ".wav": "pcm_s16le",
    ".webm": "libopus",
}
_CODEC_RATES: Final = {"libopus": 48_000, "aac": 44_100, "libmp3lame": 44_100}


class _Event(ctypes.Structure):
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


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


def _speak(text: str, voice: str, rate: int, pitch: int) -> tuple[NDArray[np.int16], int]:
    """Speak with a fresh copy of the library: its wobble of the voice runs on from call to call otherwise."""
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    heard: list[NDArray[np.int16]] = []

    def take(samples: Any, count: int, _events: Any) -> int:
        if samples and count > 0:
            heard.append(np.ctypeslib.as_array(samples, shape=(count,)).copy())
        return 0

    callback = _Callback(take)
    try:
        data = str(espeakng_loader.get_data_path()).encode()
        sample_rate = library.espeak_Initialize(_RETRIEVE_SYNCHRONOUSLY, 0, data, _DO_NOT_EXIT)
        library.espeak_SetSynthCallback(callback)
        if library.espeak_SetVoiceByName(voice.encode()) != 0:
            message = f"espeak-ng has no voice {voice!r}"
            raise ValueError(message)
        library.espeak_SetParameter(_RATE, rate, 0)
        library.espeak_SetParameter(_PITCH, pitch, 0)
        spoken = text.encode() + b"\0"
        library.espeak_Synth(spoken, len(spoken), 0, 1, 0, _CHARACTERS_ARE_UTF8, None, None)
    finally:
        library.espeak_Terminate()
        _ctypes.dlclose(library._handle)
    return np.concatenate(heard), sample_rate


def say(
    text: str, voice: str = "en-us", *, rate: int = 175, pitch: int = 50, sample_rate: int = SAMPLE_RATE
) -> Samples:
    """Speak `text`, without the silence that espeak puts around it. `voice` may carry a variant: `en-us+f2`, `ru`."""
    pcm, espeak_rate = _speak(text, voice, rate, pitch)
    sound = resample(pcm.astype(np.float32) / np.float32(32768), espeak_rate, sample_rate)
    loud = np.flatnonzero(np.abs(sound) > 0.01)
    return sound[max(0, loud[0] - sample_rate // 100) : loud[-1] + sample_rate // 50]


def silence(seconds: float, sample_rate: int = SAMPLE_RATE) -> Samples:
    """Digital silence."""
    return np.zeros(int(seconds * sample_rate), np.float32)


def conversation(
    sentences: Iterable[str],
    voice: str = "en-us",
    *,
    gap: float = 0.6,
    rate: int = 175,
    sample_rate: int = SAMPLE_RATE,
) -> Samples:
    """Sentences one after another, each after a pause of `gap` seconds, and a pause at the end."""
    parts = [silence(gap, sample_rate)]
    for sentence in sentences:
        parts += [say(sentence, voice, rate=rate, sample_rate=sample_rate), silence(gap, sample_rate)]
    return np.concatenate(parts)


def resample(sound: Samples, from_rate: int, to_rate: int) -> Samples:
    """Change the sample rate of mono sound."""
    if from_rate == to_rate:
        return sound
    resampler = av.AudioResampler(format="flt", layout="mono", rate=to_rate)
    frames = [*resampler.resample(_frame(sound, from_rate)), *resampler.resample(None)]
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]).astype(np.float32)


def write_wav(path: Path, sound: Samples, sample_rate: int = SAMPLE_RATE) -> Path:
    """Write 16-bit mono PCM."""
    return encode(path.with_suffix(".wav"), sound, sample_rate)


def encode(path: Path, sound: Samples, sample_rate: int = SAMPLE_RATE, *, video: bool = False) -> Path:
    """Write mono sound in the format that the file's ending names; with `video`, beside a moving picture."""
    codec = _CODECS[path.suffix]
    rate = _CODEC_RATES.get(codec, sample_rate)
    with av.open(str(path), "w") as container:
        picture = _picture_stream(container, path.suffix) if video else None
        stream: Any = container.add_stream(codec, rate=rate, layout="mono")
        if picture is not None:
            _write_pictures(container, picture, seconds=len(sound) / sample_rate)
        for packet in stream.encode(_frame(sound, sample_rate)):
            container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return path


def _frame(sound: Samples, sample_rate: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(sound, np.float32).reshape(1, -1), format="flt", layout="mono"
    )
    frame.sample_rate = sample_rate
    frame.time_base = Fraction(1, sample_rate)
    frame.pts = 0
    return frame


def _picture_stream(container: Any, suffix: str) -> Any:
    stream = container.add_stream("libvpx" if suffix in {".webm", ".mkv"} else "mpeg4", rate=5)
    stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
    return stream


def _write_pictures(container: Any, stream: Any, seconds: float) -> None:
    for number in range(int(seconds * 5) + 1):
        grey = np.full((48, 64, 3), number * 16 % 256, np.uint8)
        for packet in stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")):
            container.mux(packet)
    for packet in stream.encode(None):
        container.mux(packet)
