"""Spoken sentences on disk: one file of sound, one of what is said where in it."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from infra.demo_model.grammar import GRAMMARS
from infra.demo_model.progress import Progress
from infra.demo_model.synthesis import SAMPLE_RATE, Samples, Spoken, Times, Voice, speak

_LOUDEST: Final = 0.9
_FULL_SCALE: Final = 32_767
_PLAIN_VOICE: Final = 0.15

_EN_BASES = ("en", "en", "en-us", "en-us", "en-gb-x-rp", "en-gb-scotland", "en-us-nyc")
_HEARD_VARIANTS = (
    *("", "", "", "+m1", "+m2", "+m3", "+m4", "+m5", "+m7", "+f1", "+f2", "+f3", "+f4"),
    *("+adam", "+belinda", "+david"),
)
_UNHEARD_VARIANTS = ("+f5", "+m6", "+m8", "+linda", "+steph", "+michael")


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One sentence: `length` samples from `offset` on. Times count from its own start."""

    language: str
    words: tuple[str, ...]
    times: Times
    offset: int
    length: int
    voice: str

    @property
    def seconds(self) -> float:
        """Say how long it lasts."""
        return self.length / SAMPLE_RATE


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusPlan:
    """What to speak. `salad` is the share of sentences in an order that means nothing."""

    name: str
    seed: int
    english: int
    russian: int
    variants: tuple[str, ...]
    english_bases: tuple[str, ...] = _EN_BASES
    salad: float = 0.0


def training_plan(utterances: int) -> CorpusPlan:
    """Plan what the model learns from: nine parts English, four parts Russian."""
    english = utterances * 9 // 13
    return CorpusPlan(
        name="training",
        seed=1,
        english=english,
        russian=utterances - english,
        variants=_HEARD_VARIANTS,
        salad=0.25,
    )


HEARD: Final = CorpusPlan(name="heard", seed=777, english=40, russian=20, variants=_HEARD_VARIANTS)
UNHEARD: Final = CorpusPlan(
    name="unheard",
    seed=778,
    english=40,
    russian=20,
    variants=_UNHEARD_VARIANTS,
    english_bases=(*_EN_BASES, "en-gb-x-gbclan", "en-gb-x-gbcwmd"),
)


@dataclass(frozen=True, slots=True)
class Corpus:
    """Utterances and the sound that all of them lie in."""

    utterances: list[Utterance]
    pcm: NDArray[np.int16]

    def sound(self, utterance: Utterance) -> Samples:
        """Read the sound of one utterance."""
        span = self.pcm[utterance.offset : utterance.offset + utterance.length]
        return span.astype(np.float32) / np.float32(_FULL_SCALE + 1)

    def in_language(self, language: str) -> list[Utterance]:
        """List the utterances of one language."""
        return [utterance for utterance in self.utterances if utterance.language == language]


def make_corpus(plan: CorpusPlan, folder: Path) -> Corpus:
    """Speak all sentences of a plan and keep them in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    progress = Progress(f"speak {plan.name}", plan.english + plan.russian)
    utterances: list[Utterance] = []
    parts: list[NDArray[np.int16]] = []
    for utterance, pcm in _speak_all(plan):
        utterances.append(utterance)
        parts.append(pcm)
        progress.at(len(utterances))
    np.save(folder / f"{plan.name}.npy", np.concatenate(parts))
    listed = json.dumps([asdict(utterance) for utterance in utterances], ensure_ascii=False)
    (folder / f"{plan.name}.json").write_text(listed, encoding="utf-8")
    corpus = load_corpus(folder, plan.name)
    progress.end(f"{len(utterances)} sentences, {len(corpus.pcm) / SAMPLE_RATE / 3600:.2f} h")
    return corpus


def load_corpus(folder: Path, name: str) -> Corpus:
    """Open what `make_corpus` wrote; the sound stays on disk until it is asked for."""
    rows = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    utterances = [
        Utterance(**{**row, "words": tuple(row["words"]), "times": tuple((start, end) for start, end in row["times"])})
        for row in rows
    ]
    return Corpus(utterances, np.load(folder / f"{name}.npy", mmap_mode="r"))


def _speak_all(plan: CorpusPlan) -> Iterator[tuple[Utterance, NDArray[np.int16]]]:
    random = Random(plan.seed)  # noqa: S311 - repeatable speech, no secret
    offset = 0
    for language in ["en"] * plan.english + ["ru"] * plan.russian:
        grammar = GRAMMARS[language]
        sentence = grammar.salad(random) if random.random() < plan.salad else grammar.sentence(random)
        voice = _voice(plan, language, random)
        spoken = speak(sentence, voice)
        # Espeak now and then puts two words on one moment. Such times teach nothing.
        if any(end <= start for start, end in spoken.times):
            continue
        yield _utterance(sentence, language, voice, spoken, offset), _pcm(spoken.sound)
        offset += len(spoken.sound)


def _voice(plan: CorpusPlan, language: str, random: Random) -> Voice:
    base = random.choice(plan.english_bases) if language == "en" else "ru"
    name = base + random.choice(plan.variants)
    if random.random() < _PLAIN_VOICE:
        return Voice(name)
    return Voice(name, random.randint(125, 215), random.randint(25, 75), random.randint(30, 70))


def _utterance(sentence: str, language: str, voice: Voice, spoken: Spoken, offset: int) -> Utterance:
    return Utterance(
        language=language,
        words=tuple(sentence.split()),
        times=tuple((round(start, 3), round(end, 3)) for start, end in spoken.times),
        offset=offset,
        length=len(spoken.sound),
        voice=voice.name,
    )


def _pcm(sound: Samples) -> NDArray[np.int16]:
    loudest = max(1e-6, float(np.abs(sound).max()))
    return (sound / loudest * _LOUDEST * _FULL_SCALE).astype(np.int16)
