"""Random weights, always the same ones, under the names of OpenAI's checkpoints."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.speech.models.sizes import DECODER_POSITIONS, ENCODER_POSITIONS, Size

Array = NDArray[np.float32]
Weights = dict[str, Array]

_SEED: Final = 20
_SMALL: Final = 0.02


def random_weights(size: Size, tokens: int) -> Weights:
    """Make the weights of a network of this size."""
    return dict(_Maker(size).all(tokens))


class _Maker:
    def __init__(self, size: Size) -> None:
        self._size = size
        self._chance = np.random.default_rng(_SEED)

    def all(self, tokens: int) -> Iterator[tuple[str, Array]]:
        size = self._size
        yield from self._linear("encoder.conv1", size.width, size.mels, 3)
        yield from self._linear("encoder.conv2", size.width, size.width, 3)
        yield "encoder.positional_embedding", _sinusoids(size.width)
        for layer in range(size.encoder_layers):
            yield from self._layer(f"encoder.blocks.{layer}", ("attn",))
        yield from self._norm("encoder.ln_post")
        yield "decoder.token_embedding.weight", self._random(tokens, size.width) * np.float32(_SMALL)
        # Larger than in a trained network: with small ones it says one word again and again.
        yield "decoder.positional_embedding", self._random(DECODER_POSITIONS, size.width)
        for layer in range(size.decoder_layers):
            yield from self._layer(f"decoder.blocks.{layer}", ("attn", "cross_attn"))
        yield from self._norm("decoder.ln")

    def _layer(self, name: str, attentions: tuple[str, ...]) -> Iterator[tuple[str, Array]]:
        size = self._size
        for attention in attentions:
            for part in ("query", "key", "value", "out"):
                yield from self._linear(f"{name}.{attention}.{part}", size.width, size.width, biased=part != "key")
            yield from self._norm(f"{name}.{attention}_ln")
        yield from self._linear(f"{name}.mlp.0", size.inner, size.width)
        yield from self._linear(f"{name}.mlp.2", size.width, size.inner)
        yield from self._norm(f"{name}.mlp_ln")

    def _linear(self, name: str, *shape: int, biased: bool = True) -> Iterator[tuple[str, Array]]:
        yield f"{name}.weight", self._random(*shape) / np.float32(np.sqrt(np.prod(shape[1:])))
        if biased:
            yield f"{name}.bias", self._random(shape[0]) * np.float32(_SMALL)

    def _norm(self, name: str) -> Iterator[tuple[str, Array]]:
        yield f"{name}.weight", np.ones(self._size.width, np.float32)
        yield f"{name}.bias", np.zeros(self._size.width, np.float32)

    def _random(self, *shape: int) -> Array:
        return self._chance.standard_normal(shape, np.float32)


def _sinusoids(width: int) -> Array:
    half = width // 2
    frequencies = np.exp(-np.log(10_000) / (half - 1) * np.arange(half))
    angles = np.arange(ENCODER_POSITIONS)[:, None] * frequencies[None]
    return np.concatenate([np.sin(angles), np.cos(angles)], 1).astype(np.float32)
