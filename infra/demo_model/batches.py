"""Batches without end, mixed in a process of their own while the model trains."""

import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset

from infra.demo_model.corpus import load_corpus
from infra.demo_model.features import LogMel
from infra.demo_model.scenes import SceneMaker
from infra.demo_model.targets import FRAMES_PER_SECOND, NOWHERE, UNLABELLED, Target, TargetMaker
from infra.demo_model.tokenizer import END, Vocabulary

FULL_WINDOW: Final = 30
_SHORT_WINDOWS: Final = (6, 8, 10, 12)
_FULL_WINDOWS_IN_A_BATCH: Final = 4
_SHORT_SECONDS_IN_A_BATCH: Final = 64
_TIMED: Final = 0.55
_PROMPTED_IN_A_PROMPTED_BATCH: Final = 0.85
_WAITING_BATCHES: Final = 6

_Item = TypeVar("_Item")


class Batch(NamedTuple):
    """Windows of one length. `offset` is the encoder position at which all of them begin."""

    features: torch.Tensor
    inputs: torch.Tensor
    labels: torch.Tensor
    spans: torch.Tensor
    frames: torch.Tensor
    offset: int


class FullWindows:
    """The share of batches with full windows: set by the training, read by the process that mixes."""

    def __init__(self) -> None:
        self._share = multiprocessing.get_context("spawn").Value("d", 0.0)

    @property
    def share(self) -> float:
        """Say what the share is now."""
        return float(self._share.value)

    @share.setter
    def share(self, share: float) -> None:
        self._share.value = share


class Batches(IterableDataset[Batch]):
    """Mixes batches of a corpus, always the same ones under the same seed and shares."""

    def __init__(self, folder: Path, name: str, vocabulary: Vocabulary, full: FullWindows, seed: int) -> None:
        self._folder, self._name, self._vocabulary, self._full, self._seed = folder, name, vocabulary, full, seed

    def __iter__(self) -> Iterator[Batch]:
        chance = np.random.default_rng(self._seed)
        mixer = _Mixer(
            scenes=SceneMaker(load_corpus(self._folder, self._name), chance),
            targets=TargetMaker(self._vocabulary, chance),
            filling=self._vocabulary.row_of[END],
            chance=chance,
        )
        while True:
            yield mixer.batch(full=bool(chance.random() < self._full.share))


class _Mixer:
    def __init__(self, scenes: SceneMaker, targets: TargetMaker, filling: int, chance: np.random.Generator) -> None:
        self._scenes, self._targets, self._filling, self._chance = scenes, targets, filling, chance
        self._hear = LogMel()

    def batch(self, *, full: bool) -> Batch:
        seconds = FULL_WINDOW if full else int(self._chance.choice(_SHORT_WINDOWS))
        count = _FULL_WINDOWS_IN_A_BATCH if full else _SHORT_SECONDS_IN_A_BATCH // seconds
        offset = self._offset(seconds)
        # A prompt of 222 tokens makes the whole batch that long, so prompts keep to batches of their own.
        prompted = self._chance.random() < (0.35 if full else 0.12)
        share = _PROMPTED_IN_A_PROMPTED_BATCH if prompted else 0.0
        return self._collated([self._window(seconds, offset, share) for _ in range(count)], offset)

    def _offset(self, seconds: int) -> int:
        """Begin short windows anywhere, so that every position and every time is learnt from the first minute on."""
        if seconds == FULL_WINDOW or self._chance.random() < 0.3:
            return 0
        return int(self._chance.integers(0, (FULL_WINDOW - seconds) * FRAMES_PER_SECOND + 1))

    def _window(self, seconds: int, offset: int, prompted: float) -> tuple[torch.Tensor, Target]:
        timed = bool(self._chance.random() < _TIMED)
        scene = self._scenes.make(seconds, cut=timed)
        with_prompt = self._chance.random() < prompted
        prompt = self._targets.prompt(self._scenes, scene.language) if with_prompt else []
        target = self._targets.target(scene, prompt, offset / FRAMES_PER_SECOND, timed=timed)
        return self._hear(scene.sound, seconds), target

    def _collated(self, windows: list[tuple[torch.Tensor, Target]], offset: int) -> Batch:
        targets = [target for _, target in windows]
        longest = max(len(target.inputs) for target in targets)
        return Batch(
            features=torch.stack([features for features, _ in windows]),
            inputs=torch.tensor([_filled(target.inputs, longest, self._filling) for target in targets]),
            labels=torch.tensor([_filled(target.labels, longest, UNLABELLED) for target in targets]),
            spans=torch.tensor([_filled(target.spans, longest, NOWHERE) for target in targets]),
            frames=torch.from_numpy(np.stack([target.frames for target in targets])),
            offset=offset,
        )


def _filled(row: list[_Item], length: int, filling: _Item) -> list[_Item]:
    return row + [filling] * (length - len(row))


def in_background(batches: Batches) -> Iterator[Batch]:
    """Mix in another process, a few batches ahead."""
    loader = DataLoader(
        batches, batch_size=None, num_workers=1, prefetch_factor=_WAITING_BATCHES, multiprocessing_context="spawn"
    )
    return iter(loader)
