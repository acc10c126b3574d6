"""Whisper's own tokens, out of the package `openai-whisper`: 51865 of them, 51866 with the hundredth language."""

import base64
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from bench.speech.cache import cached
from infra.demo_model import tokenizer as demo

_ROOT: Final = Path(__file__).parents[3]
_RANKS: Final = "multilingual.tiktoken"
_THE_HUNDREDTH_LANGUAGE: Final = "yue"
_SPLITTING: Final = (
    r"'s|'t|'re|'ve|'m|'ll|'d| ?[\p{L}]+| ?[\p{N}]+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"  # as in OpenAI's tokenizer.py
)
_SYMBOLS: Final = '"#()*+/:;<=>@[\\]^_`{|}~「」『』'


@dataclass(frozen=True)
class Vocabulary:
    """The text's tokens by rank, and the languages whose tokens follow."""

    ranks: dict[bytes, int]
    languages: tuple[str, ...]

    @property
    def end(self) -> int:
        """Say which token ends a transcript; all from here on are not text."""
        return len(self.ranks)

    @cached_property
    def special_tokens(self) -> list[str]:
        """List the tokens that are not text, in OpenAI's order."""
        tokens = demo.special_tokens()
        after = tokens.index(demo.language_token(demo.LANGUAGES[-1])) + 1
        more = [demo.language_token(code) for code in self.languages[len(demo.LANGUAGES) :]]
        return [*tokens[:after], *more, *tokens[after:]]

    @cached_property
    def tokens(self) -> list[str]:
        """List all tokens by id, text in the byte-level alphabet of GPT-2."""
        by_rank = sorted(self.ranks, key=self.ranks.__getitem__)
        return [*map(_spelt, by_rank), *self.special_tokens]

    @cached_property
    def id_of(self) -> dict[str, int]:
        """Give the id of every token."""
        return {token: number for number, token in enumerate(self.tokens)}

    @cached_property
    def suppressed(self) -> list[int]:
        """List what Whisper never writes: symbols that no one says, and tokens that only prompts have."""
        symbols = [self.id_of.get(_spelt(form.encode())) for symbol in _SYMBOLS for form in (symbol, f" {symbol}")]
        prompts = (demo.START, demo.TRANSLATE, demo.TRANSCRIBE, demo.START_OF_LM, demo.START_OF_PREVIOUS)
        return sorted({number for number in symbols if number is not None} | {self.id_of[token] for token in prompts})

    @property
    def suppressed_first(self) -> list[int]:
        """List what no transcript begins with: a blank, the end."""
        return [self.id_of[_spelt(b" ")], self.end]

    @property
    def document(self) -> dict[str, Any]:
        """Describe the tokenizer as a `tokenizer.json`."""
        text = self.tokens[: self.end]
        byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
        splitting = {"type": "Split", "pattern": {"Regex": _SPLITTING}, "behavior": "Isolated", "invert": False}
        return {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [_added(number, token) for number, token in enumerate(self.special_tokens, self.end)],
            "normalizer": None,
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [splitting, byte_level]},
            "post_processor": None,
            "decoder": byte_level,
            "model": {
                "type": "BPE",
                "dropout": None,
                "unk_token": None,
                "continuing_subword_prefix": None,
                "end_of_word_suffix": None,
                "fuse_unk": False,
                "byte_fallback": False,
                "vocab": {token: number for number, token in enumerate(text)},
                "merges": [[_spelt(left), _spelt(right)] for left, right in self._merges()],
            },
        }

    def _merges(self) -> Iterator[tuple[bytes, bytes]]:
        """Tell from which two each token is merged: those that are left of it with earlier merges only."""
        for token, rank in sorted(self.ranks.items(), key=lambda item: item[1]):
            if len(token) > 1:
                left, right = self._parts(token, rank)
                yield left, right

    def _parts(self, token: bytes, rank: int) -> list[bytes]:
        parts = [token[place : place + 1] for place in range(len(token))]
        while True:
            found = [(self.ranks.get(left + right, rank), place) for place, (left, right) in enumerate(pairwise(parts))]
            lowest, place = min(found)
            if lowest >= rank:
                return parts
            parts[place : place + 2] = [parts[place] + parts[place + 1]]


def read_vocabulary(languages: int) -> Vocabulary:
    """Read OpenAI's tokens for a model of so many languages."""
    lines = (line.split() for line in _ranks_file().read_text(encoding="ascii").splitlines())
    codes = (*demo.LANGUAGES, _THE_HUNDREDTH_LANGUAGE)[:languages]
    return Vocabulary({base64.b64decode(token): int(rank) for token, rank in lines}, codes)


def _ranks_file() -> Path:
    if found := importlib.util.find_spec("whisper"):
        return Path(str(found.origin)).parent / "assets" / _RANKS
    return cached("openai-whisper", _install) / "whisper" / "assets" / _RANKS


def _install(folder: Path) -> None:
    """Fetch the package without what it depends on, in the version that is locked."""
    locked = (_ROOT / "requirements" / "bench.txt").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    wanted = folder / "wanted.txt"
    wanted.write_text(next(line for line in locked if line.startswith("openai-whisper==")), encoding="utf-8")
    uv = [str(Path(sys.executable).parent / "uv"), "pip", "install", "--quiet", "--python", sys.executable]
    options = ["--no-deps", "--require-hashes", "--requirement", str(wanted), "--target", str(folder)]
    subprocess.run([*uv, *options], check=True, env=os.environ)


def _added(number: int, token: str) -> dict[str, Any]:
    never = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": number, "content": token, **never, "special": True}


def _byte_alphabet() -> dict[int, str]:
    """Give each byte a letter that can be seen, as GPT-2 does."""
    seen = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in seen]
    return {byte: chr(byte) for byte in seen} | {byte: chr(256 + place) for place, byte in enumerate(others)}


_LETTERS: Final = _byte_alphabet()


def _spelt(token: bytes) -> str:
    return "".join(_LETTERS[byte] for byte in token)
