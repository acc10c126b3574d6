"""As a CTranslate2 folder in 8 bits, for faster-whisper and Parley. Needs neither torch nor transformers."""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
from ctranslate2.converters.converter import Converter
from ctranslate2.specs.whisper_spec import WhisperSpec

from bench.speech.models.sizes import Size
from bench.speech.models.vocabulary import Vocabulary
from bench.speech.models.weights import Array, Weights, random_weights
from infra.demo_model.tokenizer import language_token

FEATURES: Final = {"sampling_rate": 16_000, "hop_length": 160, "chunk_length": 30, "n_fft": 400}


def write(size: Size, vocabulary: Vocabulary, folder: Path) -> None:
    """Write the model and the files that stand beside it."""
    _Converter(size, vocabulary).convert(str(folder), quantization="int8", force=True)
    _write(folder / "tokenizer.json", vocabulary.document)
    _write(folder / "preprocessor_config.json", FEATURES | {"feature_size": size.mels})


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


class _Converter(Converter):
    def __init__(self, size: Size, vocabulary: Vocabulary) -> None:
        self._size, self._vocabulary = size, vocabulary

    def _load(self) -> WhisperSpec:
        size = self._size
        weights = random_weights(size, len(self._vocabulary.tokens))
        spec = WhisperSpec(size.encoder_layers, size.heads, size.decoder_layers, size.heads)
        _set_encoder(spec.encoder, weights)
        _set_decoder(spec.decoder, weights)
        self._set_config(spec.config)
        spec.register_vocabulary(self._vocabulary.tokens)
        return spec

    def _set_config(self, config: Any) -> None:
        vocabulary = self._vocabulary
        config.suppress_ids = vocabulary.suppressed
        config.suppress_ids_begin = vocabulary.suppressed_first
        config.lang_ids = [vocabulary.id_of[language_token(code)] for code in vocabulary.languages]
        config.alignment_heads = self._size.alignment_heads


def _set_encoder(spec: Any, weights: Weights) -> None:
    for name in ("conv1", "conv2"):
        _set_linear(getattr(spec, name), weights, f"encoder.{name}")
    spec.position_encodings.encodings = weights["encoder.positional_embedding"]
    _set_norm(spec.layer_norm, weights, "encoder.ln_post")
    for number, layer in enumerate(spec.layer):
        name = f"encoder.blocks.{number}"
        _set_self_attention(layer.self_attention, weights, f"{name}.attn")
        _set_feed_forward(layer.ffn, weights, name)


def _set_decoder(spec: Any, weights: Weights) -> None:
    # One array for both, so that it is stored once.
    spec.embeddings.weight = spec.projection.weight = weights["decoder.token_embedding.weight"]
    spec.position_encodings.encodings = weights["decoder.positional_embedding"]
    _set_norm(spec.layer_norm, weights, "decoder.ln")
    for number, layer in enumerate(spec.layer):
        name = f"decoder.blocks.{number}"
        _set_self_attention(layer.self_attention, weights, f"{name}.attn")
        _set_cross_attention(layer.attention, weights, f"{name}.cross_attn")
        _set_feed_forward(layer.ffn, weights, name)


def _set_self_attention(spec: Any, weights: Weights, name: str) -> None:
    _set_joined(spec.linear[0], weights, name, "query", "key", "value")
    _set_linear(spec.linear[1], weights, f"{name}.out")
    _set_norm(spec.layer_norm, weights, f"{name}_ln")


def _set_cross_attention(spec: Any, weights: Weights, name: str) -> None:
    _set_linear(spec.linear[0], weights, f"{name}.query")
    _set_joined(spec.linear[1], weights, name, "key", "value")
    _set_linear(spec.linear[2], weights, f"{name}.out")
    _set_norm(spec.layer_norm, weights, f"{name}_ln")


def _set_feed_forward(spec: Any, weights: Weights, name: str) -> None:
    _set_norm(spec.layer_norm, weights, f"{name}.mlp_ln")
    _set_linear(spec.linear_0, weights, f"{name}.mlp.0")
    _set_linear(spec.linear_1, weights, f"{name}.mlp.2")


def _set_joined(spec: Any, weights: Weights, name: str, *parts: str) -> None:
    spec.weight = np.concatenate([weights[f"{name}.{part}.weight"] for part in parts])
    spec.bias = np.concatenate([_bias(weights, f"{name}.{part}") for part in parts])


def _set_linear(spec: Any, weights: Weights, name: str) -> None:
    spec.weight, spec.bias = weights[f"{name}.weight"], _bias(weights, name)


def _set_norm(spec: Any, weights: Weights, name: str) -> None:
    spec.gamma, spec.beta = weights[f"{name}.weight"], weights[f"{name}.bias"]


def _bias(weights: Weights, name: str) -> Array:
    """Keys have none."""
    return weights.get(f"{name}.bias", np.zeros(len(weights[f"{name}.weight"]), np.float32))
