"""What training makes small: wrong tokens, and, since espeak tells when each word is said, looking elsewhere."""

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch.nn import functional

from infra.demo_model.batches import Batch
from infra.demo_model.network import Whisper
from infra.demo_model.targets import WORD_CLASSES
from infra.demo_model.tokenizer import TIMESTAMPS, Vocabulary

# (layer, head) of the decoder; word times are read from the alignment heads.
ALIGNMENT_HEADS: Final = ((2, 0), (2, 1))
_NEXT_WORD_HEADS: Final = ((1, 0), *ALIGNMENT_HEADS)
_LAST_WORD_HEADS: Final = ((0, 0),)

_WEIGHTS: Final = {"text": 1.0, "times": 0.4, "next": 0.5, "last": 0.3, "frames": 0.6}
_SILENCE_WEIGHT: Final = 0.3
_TIME_REACH: Final = 4
_TIME_SPREAD: Final = 1.2
_NEVER_ZERO: Final = 1e-4


@dataclass(frozen=True, slots=True)
class Losses:
    """The parts by name, and the share of text tokens that were right."""

    parts: dict[str, torch.Tensor]
    accuracy: float

    @property
    def total(self) -> torch.Tensor:
        """Add the parts up by weight."""
        return torch.stack([_WEIGHTS[name] * part for name, part in self.parts.items()]).sum()


class Criterion:
    """Judges a network on a batch."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._first_time = vocabulary.first_time
        # The filler stands for all tokens that are never said, so it counts as many times.
        self._bias = torch.zeros(vocabulary.filler + 1)
        self._bias[vocabulary.filler] = math.log(len(vocabulary.tokens) - vocabulary.filler)
        self._frame_weights = torch.ones(len(WORD_CLASSES) + 1)
        self._frame_weights[0] = _SILENCE_WEIGHT

    def __call__(self, network: Whisper, batch: Batch) -> Losses:
        """Run the network and judge it."""
        sound = network.encoder(batch.features, batch.offset)
        states, looked = network.decoder(batch.inputs, sound)
        labelled = batch.labels >= 0
        chances = functional.log_softmax(states[labelled] @ network.decoder.embeddings.T + self._bias, -1)
        labels = batch.labels[labelled]
        timed = labels >= self._first_time
        previous = torch.cat([torch.full_like(batch.spans[:, :1], -1), batch.spans[:, :-1]], 1)
        parts = {
            "text": functional.nll_loss(chances[~timed], labels[~timed]),
            "times": self._time_loss(chances[timed], labels[timed]),
            "next": _looking_loss(looked, _NEXT_WORD_HEADS, batch.spans),
            "last": _looking_loss(looked, _LAST_WORD_HEADS, previous),
            "frames": functional.cross_entropy(
                network.frame_words(sound).transpose(1, 2), batch.frames, weight=self._frame_weights
            ),
        }
        right = chances[~timed].argmax(-1) == labels[~timed]
        return Losses(parts, float(right.float().mean()))

    def _time_loss(self, chances: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Let a time that is only a little wrong cost only a little."""
        if not len(labels):
            return chances.sum()
        distances = torch.arange(-_TIME_REACH, _TIME_REACH + 1)
        near = labels[:, None] + distances
        possible = (near >= self._first_time) & (near < self._first_time + TIMESTAMPS)
        weights = torch.exp(-0.5 * (distances / _TIME_SPREAD) ** 2) * possible
        weights = weights / weights.sum(1, keepdim=True)
        within = near.clamp(self._first_time, self._first_time + TIMESTAMPS - 1)
        return -(chances.gather(1, within) * weights).sum(1).mean()


def _looking_loss(looked: list[torch.Tensor], heads: tuple[tuple[int, int], ...], spans: torch.Tensor) -> torch.Tensor:
    """Judge how much of the heads' attention falls on the frames that they should look at."""
    said = spans[..., 1] > 0
    frames = torch.arange(looked[0].shape[-1])
    wanted = ((frames >= spans[..., :1]) & (frames < spans[..., 1:]))[said]
    somewhere = wanted.any(-1)
    if not somewhere.any():
        return looked[0].sum() * 0
    shares = [(looked[layer][:, head][said] * wanted).sum(-1)[somewhere] for layer, head in heads]
    return -torch.log(torch.stack(shares) + _NEVER_ZERO).mean()
