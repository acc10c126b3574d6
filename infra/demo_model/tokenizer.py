"""The model's tokens: a byte-level BPE of the grammar's words, in the order of ids that Whisper has."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from infra.demo_model.grammar import GRAMMARS, capitalised, written

END: Final = "<|endoftext|>"
START: Final = "<|startoftranscript|>"
TRANSLATE: Final = "<|translate|>"
TRANSCRIBE: Final = "<|transcribe|>"
START_OF_LM: Final = "<|startoflm|>"
START_OF_PREVIOUS: Final = "<|startofprev|>"
NO_SPEECH: Final = "<|nospeech|>"
NO_TIMESTAMPS: Final = "<|notimestamps|>"
TASKS: Final = (TRANSLATE, TRANSCRIBE, START_OF_LM, START_OF_PREVIOUS, NO_SPEECH, NO_TIMESTAMPS)

TIMESTAMPS: Final = 1501
TIMESTAMPS_PER_SECOND: Final = 50

# In Whisper's own order, so that ids mean what readers of Whisper expect; faster-whisper's list is alphabetical.
_LANGUAGES: Final = (
    "en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt la mi ml "
    "cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af oc ka be tg sd gu am "
    "yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt haw ln ha ba jw su"
)
LANGUAGES: Final = tuple(_LANGUAGES.split())

# CTranslate2 4.8 calls a model multilingual if this token is there. It stands last before the special ones.
_MULTILINGUAL_MARK: Final = ""
_SPELLED_OUT_BY_NONE: Final = 20_000


def language_token(code: str) -> str:
    """Name the token of a language."""
    return f"<|{code}|>"


def timestamp_token(index: int) -> str:
    """Name the token of a time."""
    return f"<|{index / TIMESTAMPS_PER_SECOND:.2f}|>"


def special_tokens() -> list[str]:
    """List the tokens that are not text, in order. CTranslate2 wants the times last."""
    times = (timestamp_token(index) for index in range(TIMESTAMPS))
    return [END, START, *(language_token(code) for code in LANGUAGES), *TASKS, *times]


def written_forms() -> list[str]:
    """List every word as it can be written: inside a sentence and at its start."""
    words = [written(word) for grammar in GRAMMARS.values() for word in grammar.words()]
    return sorted({*words, *(capitalised(word) for word in words)})


@dataclass(frozen=True)
class Vocabulary:
    """All tokens; and, for training, the few of them that are ever said: `rows`.

    The other tokens share one more row, the filler, so that they cost no training and never win.
    """

    document: dict[str, Any]

    @cached_property
    def id_of(self) -> dict[str, int]:
        """Give the id of every token but the multilingual mark."""
        return dict(self.document["model"]["vocab"])

    @cached_property
    def tokens(self) -> list[str]:
        """List all tokens by id."""
        by_id = {number: token for token, number in self.id_of.items()}
        return [by_id.get(number, _MULTILINGUAL_MARK) for number in range(max(by_id) + 1)]

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Give the row of a said token: a word with the blank before it, the full stop, or a special one."""
        words = [f" {form}" for form in written_forms()]
        specials = [END, START, *(language_token(code) for code in GRAMMARS), *TASKS]
        times = [timestamp_token(index) for index in range(TIMESTAMPS)]
        return {token: row for row, token in enumerate([*words, ".", *specials, *times])}

    @cached_property
    def row_ids(self) -> list[int]:
        """List the id of each row."""
        tokenizer = Tokenizer.from_str(json.dumps(self.document))
        encoded = tokenizer.encode_batch(list(self.row_of), add_special_tokens=False)
        # Each is one token: that is what the BPE was trained for.
        return [number for (number,) in (tokens.ids for tokens in encoded)]

    @property
    def filler(self) -> int:
        """Say which row stands for all tokens that are never said."""
        return len(self.row_of)

    @property
    def first_time(self) -> int:
        """Say where the rows of the times begin."""
        return self.row_of[timestamp_token(0)]


def build_vocabulary() -> Vocabulary:
    """Train the BPE until each written form is one token, and put Whisper's special tokens behind it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=_SPELLED_OUT_BY_NONE,
        min_frequency=1,
        special_tokens=[],
        show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
    )
    # Twice each: a pair that is seen once is never merged.
    tokenizer.train_from_iterator([f" {form}" for form in written_forms() for _ in range(2)], trainer)
    return Vocabulary(_with_special_tokens(json.loads(tokenizer.to_str())))


def _with_special_tokens(document: dict[str, Any]) -> dict[str, Any]:
    ids = document["model"]["vocab"]
    first = len(ids) + len([_MULTILINGUAL_MARK])
    numbered = list(enumerate(special_tokens(), first))
    # Also into the model's own vocabulary: else the tokenizer numbers them from where the text ends.
    ids.update({token: number for number, token in numbered})
    document["added_tokens"] = [_added_token(number, token) for number, token in numbered]
    return document


def _added_token(number: int, token: str) -> dict[str, Any]:
    never = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": number, "content": token, **never, "special": True}
