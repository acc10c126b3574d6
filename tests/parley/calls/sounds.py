"""Tones, and what is left of them at the other end of a call."""

import wave
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

RATE = 48_000


def write_tone(path: Path, hertz: float, *, seconds: float) -> Path:
    """Write a WAV file with one tone at a quarter of full scale."""
    times = np.arange(int(seconds * RATE)) / RATE
    samples = (np.sin(2 * np.pi * hertz * times) * 8192).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return path


def read_mono(path: Path) -> NDArray[np.float64]:
    """Read a file as samples between -1 and 1."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        frames = [one for frame in container.decode(audio=0) for one in resampler.resample(frame)]
        frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]) / 32768.0


def loudest(path: Path, *, window: float = 0.5) -> tuple[float, float]:
    """Return the frequency and the level in dB of the loudest half second."""
    samples = read_mono(path)
    size = int(window * RATE)
    starts = range(0, max(1, len(samples) - size + 1), size // 4)
    best = max((samples[start : start + size] for start in starts), key=lambda one: float(np.mean(one**2)))
    spectrum = np.abs(np.fft.rfft(best * np.hanning(len(best))))
    hertz = float(np.argmax(spectrum)) * RATE / len(best)
    return hertz, 10 * float(np.log10(np.mean(best**2) + 1e-12))
