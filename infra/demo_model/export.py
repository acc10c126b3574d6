"""From the trained network to a folder that faster-whisper and Parley load."""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from ctranslate2.converters.converter import Converter
from ctranslate2.specs.whisper_spec import WhisperSpec
from numpy.typing import NDArray
from torch import nn

from infra.demo_model.grammar import GRAMMARS
from infra.demo_model.losses import ALIGNMENT_HEADS
from infra.demo_model.network import Attention, Decoder, Encoder, FeedForward, Size, Whisper
from infra.demo_model.tokenizer import (
    END,
    LANGUAGES,
    NO_SPEECH,
    START,
    START_OF_LM,
    START_OF_PREVIOUS,
    TRANSCRIBE,
    TRANSLATE,
    Vocabulary,
    language_token,
)

SHIPPED_MODEL: Final = Path(__file__).parents[2] / "gpu_worker" / "speech" / "demo_model"
_QUANTIZATION: Final = "int8_float16"
_BLANK: Final = "Ġ"
_NEVER_SAID: Final = (START, TRANSLATE, TRANSCRIBE, START_OF_LM, START_OF_PREVIOUS, NO_SPEECH)
_FEATURES: Final = {
    "feature_size": 80,
    "sampling_rate": 16_000,
    "hop_length": 160,
    "chunk_length": 30,
    "n_fft": 400,
}


def export(network: Whisper, vocabulary: Vocabulary, folder: Path) -> None:
    """Write the model in CTranslate2's format, in 8 bits, with the files that stand beside it."""
    _Converter(network, vocabulary).convert(str(folder), quantization=_QUANTIZATION, force=True)
    for name in ("vocabulary.json", "config.json"):
        _write(folder / name, json.loads((folder / name).read_text(encoding="utf-8")))
    _write(folder / "tokenizer.json", vocabulary.document)
    _write(folder / "preprocessor_config.json", _FEATURES)
    _write(folder / "parley.json", _facts())


def _facts() -> dict[str, Any]:
    """What Parley says about the model is the shipped model's; the words are the grammar's."""
    facts: dict[str, Any] = json.loads((SHIPPED_MODEL / "parley.json").read_text(encoding="utf-8"))
    return facts | {"vocabulary": {language: grammar.words() for language, grammar in GRAMMARS.items()}}


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


class _Converter(Converter):
    """Fills CTranslate2's description of Whisper by hand: its own loader would need transformers."""

    def __init__(self, network: Whisper, vocabulary: Vocabulary) -> None:
        self._network, self._vocabulary = network, vocabulary

    def _load(self) -> WhisperSpec:
        size = Size()
        spec = WhisperSpec(size.layers, size.heads, size.layers, size.heads)
        _set_encoder(spec.encoder, self._network.encoder)
        _set_decoder(spec.decoder, self._network.decoder, self._vocabulary)
        self._set_config(spec.config)
        spec.register_vocabulary(self._vocabulary.tokens)
        return spec

    def _set_config(self, config: Any) -> None:
        id_of = self._vocabulary.id_of
        config.suppress_ids = [id_of[token] for token in (_BLANK, *_NEVER_SAID)]
        config.suppress_ids_begin = [id_of[_BLANK], id_of[END]]
        config.lang_ids = [id_of[language_token(code)] for code in LANGUAGES]
        config.alignment_heads = [list(head) for head in ALIGNMENT_HEADS]


def _set_encoder(spec: Any, encoder: Encoder) -> None:
    for target, convolution in ((spec.conv1, encoder.first), (spec.conv2, encoder.second)):
        _set_linear(target, convolution)
    spec.position_encodings.encodings = _array(encoder.positions)
    _set_norm(spec.layer_norm, encoder.norm)
    for target, layer in zip(spec.layer, encoder.each_layer(), strict=True):
        _set_self_attention(target.self_attention, layer.attention, layer.attention_norm)
        _set_feed_forward(target.ffn, layer.feed_forward)


def _set_decoder(spec: Any, decoder: Decoder, vocabulary: Vocabulary) -> None:
    # One array for both, so that it is stored once.
    spec.embeddings.weight = spec.projection.weight = _all_embeddings(decoder, vocabulary)
    spec.position_encodings.encodings = _array(decoder.positions)
    _set_norm(spec.layer_norm, decoder.norm)
    for target, layer in zip(spec.layer, decoder.each_layer(), strict=True):
        _set_self_attention(target.self_attention, layer.attention, layer.attention_norm)
        _set_cross_attention(target.attention, layer.cross, layer.cross_norm)
        _set_feed_forward(target.ffn, layer.feed_forward)


def _all_embeddings(decoder: Decoder, vocabulary: Vocabulary) -> NDArray[np.float32]:
    """Every token that is never said gets the filler's row."""
    rows = _array(decoder.embeddings)
    embeddings = np.repeat(rows[vocabulary.filler :], len(vocabulary.tokens), axis=0)
    embeddings[vocabulary.row_ids] = rows[: vocabulary.filler]
    return embeddings


def _set_self_attention(spec: Any, attention: Attention, norm: nn.LayerNorm) -> None:
    _set_joined(spec.linear[0], attention.queries, attention.keys, attention.values)
    _set_linear(spec.linear[1], attention.output)
    _set_norm(spec.layer_norm, norm)


def _set_cross_attention(spec: Any, attention: Attention, norm: nn.LayerNorm) -> None:
    _set_linear(spec.linear[0], attention.queries)
    _set_joined(spec.linear[1], attention.keys, attention.values)
    _set_linear(spec.linear[2], attention.output)
    _set_norm(spec.layer_norm, norm)


def _set_feed_forward(spec: Any, feed_forward: FeedForward) -> None:
    _set_norm(spec.layer_norm, feed_forward.norm)
    _set_linear(spec.linear_0, feed_forward.first)
    _set_linear(spec.linear_1, feed_forward.second)


def _set_joined(spec: Any, *layers: nn.Linear) -> None:
    spec.weight = np.concatenate([_array(layer.weight) for layer in layers])
    spec.bias = np.concatenate([_bias(layer) for layer in layers])


def _set_linear(spec: Any, layer: nn.Linear | nn.Conv1d) -> None:
    spec.weight, spec.bias = _array(layer.weight), _bias(layer)


def _set_norm(spec: Any, norm: nn.LayerNorm) -> None:
    spec.gamma, spec.beta = _array(norm.weight), _array(norm.bias)


def _bias(layer: nn.Linear | nn.Conv1d) -> NDArray[np.float32]:
    return np.zeros(len(layer.weight), np.float32) if layer.bias is None else _array(layer.bias)


def _array(weight: torch.Tensor) -> NDArray[np.float32]:
    # A copy: CTranslate2 scales weights in place.
    return np.array(weight.detach().numpy(), np.float32)
