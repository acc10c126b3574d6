"""From tokens and the model's attention to words with times."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from faster_whisper.transcribe import merge_punctuations

from functions.core.jobs.results import Word

_OPENING: Final = "\"'“¿([{-"
_CLOSING: Final = "\"'.。,，!！?？:：”)]}、"
_TOKENS_PER_SECOND: Final = 50


def words_of(tokens: Sequence[int], alignment: Any, tokenizer: Any) -> tuple[Word, ...]:
    """Return words with times from the start of the window; `alignment` is CTranslate2's for the same tokens."""
    words, tokens_of = tokenizer.split_to_word_tokens([*tokens, tokenizer.eot])
    if len(tokens_of) <= 1:
        return ()
    at = np.array([pair[0] for pair in alignment.alignments])
    frame = np.array([pair[1] for pair in alignment.alignments])
    jumps = np.pad(np.diff(at), (1, 0), constant_values=1).astype(bool)
    times = frame[jumps] / _TOKENS_PER_SECOND
    edges = np.pad(np.cumsum([len(one) for one in tokens_of[:-1]]), (1, 0))
    found = [
        {
            "word": word,
            "tokens": of,
            "start": float(times[begin]),
            "end": float(times[end]),
            "probability": float(np.mean(alignment.text_token_probs[begin:end])),
        }
        for word, of, begin, end in zip(words, tokens_of, edges[:-1], edges[1:], strict=False)
    ]
    merge_punctuations(found, _OPENING, _CLOSING)
    return tuple(
        Word(
            word=one["word"],
            start=round(one["start"], 3),
            end=round(one["end"], 3),
            probability=round(one["probability"], 4),
        )
        for one in found
        if one["word"]
    )
