import math
import time
from pathlib import Path
from typing import Final

import torch

from infra.demo_model.batches import Batch, Batches, FullWindows, in_background
from infra.demo_model.losses import Criterion, Losses
from infra.demo_model.network import Size, Whisper
from infra.demo_model.targets import WORD_CLASSES
from infra.demo_model.tokenizer import TIMESTAMPS, Vocabulary

_SEED: Final = 0
_MUON_RATE: Final = 0.02
_ADAM_RATE: Final = 2e-3
_WARM_UP_STEPS: Final = 60
_FULL_RATE_UNTIL: Final = 0.25
_LOWEST_RATE: Final = 0.01
# Until which part of the time which share of the batches has full windows. Short ones teach words far faster.
_FULL_WINDOW_SHARES: Final = ((0.25, 0.0), (0.45, 0.3), (0.65, 0.6), (1.0, 0.9))
_SAID_EVERY_STEPS: Final = 50
_SAVED_EVERY_STEPS: Final = 400
_SMOOTHING: Final = 0.97
_MASKED_WINDOWS: Final = 0.3
_WIDEST_MASK: Final = 8


def new_network(vocabulary: Vocabulary) -> Whisper:
    """Make a network that knows nothing yet, always the same one."""
    torch.manual_seed(_SEED)
    times = range(vocabulary.first_time, vocabulary.first_time + TIMESTAMPS)
    return Whisper(Size(), vocabulary.filler + 1, times, len(WORD_CLASSES) + 1)


def train(corpus_folder: Path, vocabulary: Vocabulary, minutes: float, checkpoint: Path) -> Whisper:
    """Train a new network for so many minutes on the corpus `training`, keeping it in `checkpoint`."""
    full = FullWindows()
    batches = in_background(Batches(corpus_folder, "training", vocabulary, full, _SEED))
    training = _Training(new_network(vocabulary).train(), Criterion(vocabulary))
    first = next(batches)
    started = time.monotonic()
    log = _Log(started)
    while (progress := (time.monotonic() - started) / (minutes * 60)) < 1:
        full.share = _full_window_share(progress)
        log.add(training.step(first if training.steps == 0 else next(batches), progress))
        if training.steps % _SAVED_EVERY_STEPS == 0:
            torch.save(training.network.state_dict(), checkpoint)
    torch.save(training.network.state_dict(), checkpoint)
    training.network.eval()
    return training.network


class _Training:
    def __init__(self, network: Whisper, criterion: Criterion) -> None:
        self.network, self._criterion = network, criterion
        self.steps = 0
        self._weights = list(network.parameters())
        self._optimizers: list[tuple[torch.optim.Optimizer, float]] = [
            (torch.optim.Muon(network.layer_matrices(), lr=_MUON_RATE, weight_decay=0.01, momentum=0.95), _MUON_RATE),
            (torch.optim.AdamW(network.other_weights(), lr=_ADAM_RATE, betas=(0.9, 0.98), weight_decay=0), _ADAM_RATE),
        ]

    def step(self, batch: Batch, progress: float) -> Losses:
        for optimizer, rate in self._optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate * _rate_scale(self.steps, progress)
        losses = self._criterion(self.network, _masked(batch))
        self.network.zero_grad()
        torch.autograd.backward(losses.total)
        torch.nn.utils.clip_grad_norm_(self._weights, 1.0)
        for optimizer, _ in self._optimizers:
            optimizer.step()
        self.steps += 1
        return losses


class _Log:
    def __init__(self, started: float) -> None:
        self._started = started
        self._steps = 0
        self._means: dict[str, float] = {}

    def add(self, losses: Losses) -> None:
        self._steps += 1
        now = {**{name: float(part.detach()) for name, part in losses.parts.items()}, "right": losses.accuracy}
        for name, value in now.items():
            self._means[name] = _SMOOTHING * self._means.get(name, value) + (1 - _SMOOTHING) * value
        if self._steps % _SAID_EVERY_STEPS == 0:
            means = " ".join(f"{name} {mean:.3f}" for name, mean in self._means.items())
            print(f"train: step {self._steps}, {time.monotonic() - self._started:.0f} s: {means}", flush=True)


def _full_window_share(progress: float) -> float:
    return next((share for until, share in _FULL_WINDOW_SHARES if progress <= until), 0.0)


def _rate_scale(steps: int, progress: float) -> float:
    falling = max(0.0, (progress - _FULL_RATE_UNTIL) / (1 - _FULL_RATE_UNTIL))
    return min(1.0, (steps + 1) / _WARM_UP_STEPS) * (0.5 * (1 + math.cos(math.pi * falling)) + _LOWEST_RATE)


def _masked(batch: Batch) -> Batch:
    """Level a few frequencies in some windows, so that the model leans on no single one."""
    features = batch.features.clone()
    for window in features:
        if torch.rand(()) < _MASKED_WINDOWS:
            first = int(torch.randint(0, len(window) - _WIDEST_MASK, ()))
            window[first : first + int(torch.randint(1, _WIDEST_MASK, ()))] = window.mean()
    return batch._replace(features=features)
