"""Calls of two people with a channel or a track each, and files of several channels or tracks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from tests.speech_synthesis import SAMPLE_RATE, Samples, say, silence

VOICES = {"en": ("en-us", "en-us+f2"), "ru": ("ru", "ru+f1")}


@dataclass(frozen=True)
class Turn:
    """Who says what, and when it begins and ends."""

    side: int
    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Call:
    """Both sides of a call, equally long."""

    sides: tuple[Samples, Samples]
    turns: tuple[Turn, ...]


def call(sentences: Iterable[str], language: str = "en", *, gap: float = 0.6) -> Call:
    """Two people speak by turns, with a pause after each sentence; a negative one lets them speak at once."""
    spoken = [(number % 2, one, say(one, VOICES[language][number % 2])) for number, one in enumerate(sentences)]
    turns = []
    start = abs(gap)
    for side, text, sound in spoken:
        end = start + len(sound) / SAMPLE_RATE
        turns.append(Turn(side, text, start, end))
        start = end + gap
    sides = tuple(silence(turns[-1].end + abs(gap)) for _ in range(2))
    for turn, (side, _, sound) in zip(turns, spoken, strict=True):
        first = round(turn.start * SAMPLE_RATE)
        sides[side][first : first + len(sound)] += sound
    return Call((sides[0], sides[1]), tuple(turns))


def decibels(change: float) -> np.float32:
    """What to multiply sound with."""
    return np.float32(10 ** (change / 20))


def later(sound: Samples, seconds: float) -> Samples:
    """The same, a little later and no longer."""
    return np.concatenate([silence(seconds), sound])[: len(sound)]


def noise(seconds: float, level: float, seed: int = 1) -> Samples:
    """White noise, `level` decibels below full scale."""
    samples = np.random.default_rng(seed).normal(0, decibels(level), int(seconds * SAMPLE_RATE))
    return samples.astype(np.float32)


def music(seconds: float) -> Samples:
    """Chords, one a second."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    notes = np.array([(262, 330, 392), (220, 262, 330), (175, 220, 262), (196, 247, 294)])
    now = notes[time.astype(int) % len(notes)]
    sound = np.sin(2 * np.pi * now * time[:, None]).sum(axis=1) * np.exp(-(time % 1)) / 8
    return np.asarray(sound, np.float32)


def encode_channels(path: Path, channels: Sequence[Samples], layout: str = "stereo", codec: str = "pcm_s16le") -> Path:
    """Write sound with a channel for each part."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=SAMPLE_RATE, layout=layout)
        interleaved = np.ascontiguousarray(np.stack(channels).T.reshape(1, -1), np.float32)
        for packet in stream.encode(_frame(interleaved, layout, 0)):
            container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return path


def encode_tracks(path: Path, tracks: Sequence[Samples]) -> Path:
    """Write sound with an audio stream for each part, as meeting recorders do."""
    codec, rate = ("libopus", 48_000) if path.suffix in {".mkv", ".webm"} else ("aac", SAMPLE_RATE)
    with av.open(str(path), "w") as container:
        streams: list[Any] = [container.add_stream(codec, rate=rate, layout="mono") for _ in tracks]
        for first in range(0, len(tracks[0]), SAMPLE_RATE):
            for stream, track in zip(streams, tracks, strict=True):
                piece = np.ascontiguousarray(track[first : first + SAMPLE_RATE], np.float32)
                for packet in stream.encode(_frame(piece.reshape(1, -1), "mono", first)):
                    container.mux(packet)
        for stream in streams:
            for packet in stream.encode(None):
                container.mux(packet)
    return path


def _frame(samples: Samples, layout: str, first: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(samples, format="flt", layout=layout)
    frame.sample_rate = SAMPLE_RATE
    frame.time_base = Fraction(1, SAMPLE_RATE)
    frame.pts = first
    return frame
