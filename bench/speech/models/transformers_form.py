"""As a folder of Hugging Face's `transformers`."""

import json
import re
from pathlib import Path
from typing import Any, Final

import torch
from transformers import (
    GenerationConfig,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
    WhisperTokenizerFast,
)

from bench.speech.models.sizes import DECODER_POSITIONS, ENCODER_POSITIONS, Size
from bench.speech.models.vocabulary import Vocabulary
from bench.speech.models.weights import random_weights
from infra.demo_model.tokenizer import (
    END,
    NO_TIMESTAMPS,
    START,
    START_OF_PREVIOUS,
    TRANSCRIBE,
    TRANSLATE,
    language_token,
)

_ENDS: Final = {"unk_token": END, "bos_token": END, "eos_token": END, "pad_token": END}
_NAMES: Final = (
    (r"^", "model."),
    (r"\.blocks\.", ".layers."),
    (r"\.cross_attn_ln\.", ".encoder_attn_layer_norm."),
    (r"\.attn_ln\.", ".self_attn_layer_norm."),
    (r"\.mlp_ln\.", ".final_layer_norm."),
    (r"\.cross_attn\.", ".encoder_attn."),
    (r"\.attn\.", ".self_attn."),
    (r"\.query\.", ".q_proj."),
    (r"\.key\.", ".k_proj."),
    (r"\.value\.", ".v_proj."),
    (r"\.out\.", ".out_proj."),
    (r"\.mlp\.0\.", ".fc1."),
    (r"\.mlp\.2\.", ".fc2."),
    (r"\.(ln_post|ln)\.", ".layer_norm."),
    (r"\.token_embedding\.", ".embed_tokens."),
    (r"\.positional_embedding$", ".embed_positions.weight"),
)


def write(size: Size, vocabulary: Vocabulary, folder: Path) -> None:
    """Write the model, its tokenizer and its feature extractor."""
    model = WhisperForConditionalGeneration(_config(size, vocabulary))
    weights = random_weights(size, len(vocabulary.tokens))
    state = {_renamed(name): torch.from_numpy(weight) for name, weight in weights.items()}
    missing, unknown = model.load_state_dict(state, strict=False)
    # The projection is the embedding.
    if set(missing) - {"proj_out.weight"} or unknown:
        raise ValueError(f"transformers names weights differently: missing {missing}, unknown {unknown}")
    model.tie_weights()
    model.generation_config = _generation(size, vocabulary)
    model.save_pretrained(folder)
    WhisperFeatureExtractor(feature_size=size.mels).save_pretrained(folder)
    _write_tokenizer(vocabulary, folder)


def _renamed(name: str) -> str:
    for pattern, replacement in _NAMES:
        name = re.sub(pattern, replacement, name)
    return name


def _config(size: Size, vocabulary: Vocabulary) -> Any:
    return WhisperConfig(
        vocab_size=len(vocabulary.tokens),
        num_mel_bins=size.mels,
        d_model=size.width,
        encoder_layers=size.encoder_layers,
        decoder_layers=size.decoder_layers,
        encoder_attention_heads=size.heads,
        decoder_attention_heads=size.heads,
        encoder_ffn_dim=size.inner,
        decoder_ffn_dim=size.inner,
        max_source_positions=ENCODER_POSITIONS,
        max_target_positions=DECODER_POSITIONS,
        **_ends(vocabulary),
    )


def _ends(vocabulary: Vocabulary) -> dict[str, int]:
    end = vocabulary.id_of[END]
    start = vocabulary.id_of[START]
    return {"pad_token_id": end, "bos_token_id": end, "eos_token_id": end, "decoder_start_token_id": start}


def _generation(size: Size, vocabulary: Vocabulary) -> Any:
    id_of = vocabulary.id_of
    return GenerationConfig(
        **_ends(vocabulary),
        max_length=DECODER_POSITIONS,
        is_multilingual=True,
        lang_to_id={language_token(code): id_of[language_token(code)] for code in vocabulary.languages},
        task_to_id={"transcribe": id_of[TRANSCRIBE], "translate": id_of[TRANSLATE]},
        no_timestamps_token_id=id_of[NO_TIMESTAMPS],
        prev_sot_token_id=id_of[START_OF_PREVIOUS],
        suppress_tokens=vocabulary.suppressed,
        begin_suppress_tokens=vocabulary.suppressed_first,
        alignment_heads=size.alignment_heads,
    )


def _write_tokenizer(vocabulary: Vocabulary, folder: Path) -> None:
    document = folder / "tokenizer.json"
    document.write_text(json.dumps(vocabulary.document, ensure_ascii=False), encoding="utf-8")
    tokenizer = WhisperTokenizerFast(tokenizer_file=str(document), **_ENDS)
    tokenizer.save_pretrained(folder)
