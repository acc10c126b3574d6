"""Whisper's architecture in plain torch."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import cast

import torch
from torch import nn
from torch.nn import functional

from infra.demo_model.features import MELS

ENCODER_POSITIONS = 1500
DECODER_POSITIONS = 448


@dataclass(frozen=True, slots=True)
class Size:
    """How large the network is; the defaults make 1.3 million weights."""

    width: int = 96
    heads: int = 4
    inner: int = 384
    layers: int = 3
    dropout: float = 0.05


def sinusoids(length: int, width: int) -> torch.Tensor:
    """Give the positions that Whisper's encoder adds: sines in the first half, cosines in the second."""
    times = torch.arange(length)[:, None] * _frequencies(width)[None]
    return torch.cat([times.sin(), times.cos()], 1)


def _frequencies(width: int) -> torch.Tensor:
    half = width // 2
    return torch.exp(-math.log(10_000) / (half - 1) * torch.arange(half))


class Attention(nn.Module):
    """Attention in heads; keys have no bias in Whisper."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.queries = nn.Linear(width, width)
        self.keys = nn.Linear(width, width, bias=False)
        self.values = nn.Linear(width, width)
        self.output = nn.Linear(width, width)

    def forward(self, states: torch.Tensor, *, causal: bool = False) -> torch.Tensor:
        """Attend to the states themselves."""
        queries, keys, values = (self._split(layer(states)) for layer in (self.queries, self.keys, self.values))
        return self._join(functional.scaled_dot_product_attention(queries, keys, values, is_causal=causal))

    def across(self, states: torch.Tensor, other: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Attend to other states, and tell how much to each."""
        queries, keys, values = self._split(self.queries(states)), self._split(self.keys(other)), self.values(other)
        weights = (queries @ keys.transpose(-1, -2) * queries.shape[-1] ** -0.5).softmax(-1)
        return self._join(weights @ self._split(values)), weights

    def _split(self, states: torch.Tensor) -> torch.Tensor:
        batch, _, width = states.shape
        return states.view(batch, -1, self.heads, width // self.heads).transpose(1, 2)

    def _join(self, states: torch.Tensor) -> torch.Tensor:
        joined: torch.Tensor = self.output(states.transpose(1, 2).flatten(2))
        return joined


class FeedForward(nn.Module):
    """Two layers with GELU between."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(size.width)
        self.first = nn.Linear(size.width, size.inner)
        self.second = nn.Linear(size.inner, size.width)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Transform each state on its own."""
        changed: torch.Tensor = self.second(functional.gelu(self.first(self.norm(states))))
        return changed


class EncoderLayer(nn.Module):
    """Looks around in the sound."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(size.width)
        self.attention = Attention(size.width, size.heads)
        self.feed_forward = FeedForward(size)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Add what the neighbours say."""
        states = states + self.attention(self.attention_norm(states))
        attended: torch.Tensor = states + self.feed_forward(states)
        return attended


class DecoderLayer(nn.Module):
    """Looks back in the text, then into the sound."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.dropout = size.dropout
        self.attention_norm = nn.LayerNorm(size.width)
        self.attention = Attention(size.width, size.heads)
        self.cross_norm = nn.LayerNorm(size.width)
        self.cross = Attention(size.width, size.heads)
        self.feed_forward = FeedForward(size)

    def forward(self, states: torch.Tensor, sound: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Add what the text and the sound say; tell also where in the sound each head looked."""
        states = states + self._dropped(self.attention(self.attention_norm(states), causal=True))
        found, weights = self.cross.across(self.cross_norm(states), sound)
        states = states + self._dropped(found)
        return states + self._dropped(self.feed_forward(states)), weights

    def _dropped(self, states: torch.Tensor) -> torch.Tensor:
        return functional.dropout(states, self.dropout, self.training)


class Encoder(nn.Module):
    """From features to one state for each fiftieth of a second."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.first = nn.Conv1d(MELS, size.width, 3, padding=1)
        self.second = nn.Conv1d(size.width, size.width, 3, stride=2, padding=1)
        self.positions = nn.Parameter(sinusoids(ENCODER_POSITIONS, size.width), requires_grad=False)
        self.layers = nn.ModuleList([EncoderLayer(size) for _ in range(size.layers)])
        self.norm = nn.LayerNorm(size.width)
        for index, layer in enumerate(self.each_layer()):
            _look_near(layer.attention, distance=(3, 6, 10)[min(index, 2)])

    def forward(self, features: torch.Tensor, offset: int = 0) -> torch.Tensor:
        """Encode features as if they began at position `offset`."""
        states = functional.gelu(self.second(functional.gelu(self.first(features)))).transpose(1, 2)
        states = states + self.positions[offset : offset + states.shape[1]]
        for layer in self.layers:
            states = layer(states)
        encoded: torch.Tensor = self.norm(states)
        return encoded

    def each_layer(self) -> list[EncoderLayer]:
        """List the layers by their type, which torch forgets."""
        return [cast("EncoderLayer", layer) for layer in self.layers]


class Decoder(nn.Module):
    """From tokens and sound to the next token."""

    def __init__(self, size: Size, rows: int, times: range) -> None:
        super().__init__()
        embeddings = torch.randn(rows, size.width) * 0.05
        # Times begin as neighbours of each other, as they are.
        embeddings[times.start : times.stop] += 0.05 * sinusoids(len(times), size.width)
        self.embeddings = nn.Parameter(embeddings)
        self.positions = nn.Parameter(0.05 * sinusoids(DECODER_POSITIONS, size.width))
        self.dropout = size.dropout
        self.layers = nn.ModuleList([DecoderLayer(size) for _ in range(size.layers)])
        self.norm = nn.LayerNorm(size.width)

    def forward(self, tokens: torch.Tensor, sound: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Give the last states, and by layer where in the sound each head looked."""
        states = self.embeddings[tokens] + self.positions[: tokens.shape[1]]
        states = functional.dropout(states, self.dropout, self.training)
        looked: list[torch.Tensor] = []
        for layer in self.layers:
            states, weights = layer(states, sound)
            looked.append(weights)
        return self.norm(states), looked

    def each_layer(self) -> list[DecoderLayer]:
        """List the layers by their type, which torch forgets."""
        return [cast("DecoderLayer", layer) for layer in self.layers]


class Whisper(nn.Module):
    """The network; `frame_words` serves the training alone and is not exported."""

    def __init__(self, size: Size, rows: int, times: range, frame_classes: int) -> None:
        super().__init__()
        self.encoder = Encoder(size)
        self.decoder = Decoder(size, rows, times)
        self.frame_words = nn.Linear(size.width, frame_classes)

    def layer_matrices(self) -> list[nn.Parameter]:
        """List the weights of the layers that are matrices: those that Muon is made for."""
        return [weight for name, weight in self.named_parameters() if _is_layer_matrix(name, weight)]

    def other_weights(self) -> list[nn.Parameter]:
        """List all other weights that learn."""
        return [
            weight
            for name, weight in self.named_parameters()
            if weight.requires_grad and not _is_layer_matrix(name, weight)
        ]


def _is_layer_matrix(name: str, weight: nn.Parameter) -> bool:
    return ".layers." in name and weight.ndim == 2


def _look_near(attention: Attention, distance: int, strength: float = 1.6) -> None:
    """Let heads 0 and 1 begin by looking a little back and ahead, and head 2 around: speech is local."""
    width = attention.queries.in_features
    head_width = width // attention.heads
    pairs = head_width // 2
    everywhere = range(0, head_width, 2)
    for head, shift, frequencies in (
        (0, -distance, everywhere),
        (1, distance, everywhere),
        (2, 0, range(10, 10 + pairs)),
    ):
        queries, keys = _shifted_positions(width, shift, frequencies)
        rows = slice(head * head_width, (head + 1) * head_width)
        for layer, wanted in ((attention.queries, queries), (attention.keys, keys)):
            layer.weight.data[rows] = layer.weight.data[rows] * 0.4 + strength * wanted


def _shifted_positions(width: int, shift: int, frequencies: Collection[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Give queries and keys whose product is greatest `shift` positions away: a rotation of the sinusoids."""
    half = width // 2
    queries, keys = torch.zeros(2 * len(frequencies), width), torch.zeros(2 * len(frequencies), width)
    for index, frequency in enumerate(frequencies):
        angle = float(_frequencies(width)[frequency]) * shift
        sine_row, cosine_row = 2 * index, 2 * index + 1
        queries[sine_row, frequency], queries[sine_row, half + frequency] = math.cos(angle), math.sin(angle)
        queries[cosine_row, half + frequency], queries[cosine_row, frequency] = math.cos(angle), -math.sin(angle)
        keys[sine_row, frequency] = keys[cosine_row, half + frequency] = 1.0
    return queries, keys
