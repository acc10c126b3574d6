"""Synthesised recordings, always the same ones."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, cycle, islice
from pathlib import Path
from typing import Final

import av
import numpy as np

from bench.speech.cache import cached
from bench.speech.sound import SAMPLE_RATE, Samples
from infra.demo_model.grammar import GRAMMARS
from tests.speech_synthesis import encode, say, silence

USERS: Final = (
    ("anna", "en-us+f2"),
    ("boris", "ru+m3"),
    ("carol", "en-gb-scotland+f4"),
    ("daniel", "en-us"),
    ("elena", "ru+f1"),
    ("frank", "en-gb-x-rp+m5"),
    ("grace", "en-us-nyc+f3"),
    ("henry", "en-us+m7"),
)
SHORT: Final = 32
_SHORTEST, _LONGEST = 3.0, 10.0
# A little under ten minutes: an encoder's padding makes no window more.
LONG_SECONDS: Final = 597.0
_SEED: Final = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A file and whose it is."""

    path: Path
    user: str
    seconds: float


def short_recordings() -> list[Recording]:
    """Give 32 recordings of 3 to 10 s of 8 users, as m4a."""
    folder = cached("recordings/short", _make_short)
    return [
        Recording(path=folder / f"{number:02}.m4a", user=user, seconds=seconds)
        for number, (user, _, seconds) in enumerate(_short_plan())
    ]


def long_recording(times: int = 1) -> Recording:
    """Give one recording of ten minutes as mp3, or of so many times that, which repeats itself."""
    path = cached("recordings/long", _make_long) / "talk.mp3"
    if times > 1:
        path = cached(f"recordings/long-{times}", lambda folder: _repeat(path, times, folder / "talk.mp3"))
        path = path / "talk.mp3"
    return Recording(path=path, user="anna", seconds=LONG_SECONDS * times)


def _short_plan() -> list[tuple[str, str, float]]:
    chance = random.Random(_SEED)  # noqa: S311 (a measurement that repeats)
    return [(user, voice, round(chance.uniform(_SHORTEST, _LONGEST), 2)) for user, voice in islice(cycle(USERS), SHORT)]


def _make_short(folder: Path) -> None:
    for number, (_, voice, seconds) in enumerate(_short_plan()):
        encode(folder / f"{number:02}.m4a", _talk(voice, seconds, seed=number))


def _make_long(folder: Path) -> None:
    encode(folder / "talk.mp3", _talk(USERS[0][1], LONG_SECONDS, seed=_SEED))


def _talk(voice: str, seconds: float, seed: int) -> Samples:
    parts: list[Samples] = []
    length = int(seconds * SAMPLE_RATE)
    for sentence in _sentences(voice[:2], seed):
        parts += [say(sentence, voice), silence(0.3)]
        if sum(map(len, parts)) >= length:
            return np.concatenate(parts)[:length]
    raise AssertionError("sentences never end")


def _sentences(language: str, seed: int) -> Iterator[str]:
    chance = random.Random(seed)  # noqa: S311 (a measurement that repeats)
    for _ in count():
        yield f"{GRAMMARS[language].sentence(chance)}."


def _repeat(source: Path, times: int, target: Path) -> None:
    """Write the encoded sound of a file several times: three hours take no longer than a copy."""
    with av.open(str(target), "w") as output:
        stream = None
        position = 0
        for _ in range(times):
            with av.open(str(source)) as container:
                template = container.streams.audio[0]
                stream = stream or output.add_stream_from_template(template)
                for packet in container.demux(template):
                    if packet.dts is None:
                        continue
                    packet.stream, packet.pts, packet.dts = stream, position, position
                    position += packet.duration or 0
                    output.mux(packet)
