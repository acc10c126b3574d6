"""As a checkpoint of `openai-whisper`. It brings its own tokenizer."""

from pathlib import Path

import torch

from bench.speech.models.sizes import DECODER_POSITIONS, ENCODER_POSITIONS, Size
from bench.speech.models.vocabulary import Vocabulary
from bench.speech.models.weights import random_weights


def write(size: Size, vocabulary: Vocabulary, folder: Path) -> None:
    """Write `model.pt`."""
    weights = random_weights(size, len(vocabulary.tokens))
    dimensions = {
        "n_mels": size.mels,
        "n_audio_ctx": ENCODER_POSITIONS,
        "n_audio_state": size.width,
        "n_audio_head": size.heads,
        "n_audio_layer": size.encoder_layers,
        "n_vocab": len(vocabulary.tokens),
        "n_text_ctx": DECODER_POSITIONS,
        "n_text_state": size.width,
        "n_text_head": size.heads,
        "n_text_layer": size.decoder_layers,
    }
    state = {name: torch.from_numpy(weight) for name, weight in weights.items()}
    torch.save({"dims": dimensions, "model_state_dict": state}, folder / "model.pt")
