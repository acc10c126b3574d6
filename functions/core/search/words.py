"""Words of a text and the terms that they are found by; the same for what was said and for what is asked.

English and Russian words are found by their stems, all others as they are written, whatever their case and their way of
writing the same letters. Where a script puts no spaces between words, each sign is a word.
"""

import re
import sys
import threading
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Final

import snowballstemmer

from functions.core.recordings.model import folded

MOST_LETTERS: Final = 64
"""Of a term; longer words are told apart by their beginnings."""

_LETTERS: Final = r"[^\W_]"
_PLAIN_WORD: Final = re.compile(rf"{_LETTERS}+(?:['’]{_LETTERS}+)?")
# No marks, and no scripts without spaces: Latin, Greek, Cyrillic, Armenian and their punctuation.
_PLAIN: Final = re.compile("[\0-\u02ff\u0370-\u0482\u048a-\u058f\u1e00-\u20cf\u2100-\u2bff]*")
# Thai and Lao, Myanmar, Khmer, kana, Han.
_UNSPACED: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"

_OTHER_CYRILLIC: Final = frozenset({"ba", "be", "bg", "kk", "mk", "mn", "sr", "tg", "tt", "uk"})
_OTHER_LATIN_TEXT: Final = """
af az br bs ca cs cy da de es et eu fi fo fr gl ha haw hr ht hu id is it jw la lb ln lt lv mg mi ms mt nl nn no oc pl pt
ro sk sl sn so sq su sv sw tk tl tr uz vi yo
"""
_OTHER_LATIN: Final = frozenset(_OTHER_LATIN_TEXT.split())
_STEMMERS: Final = {"english": snowballstemmer.stemmer("english"), "russian": snowballstemmer.stemmer("russian")}
# A stemmer keeps the word that it is at.
_LOCK: Final = threading.Lock()


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each word of a text starts and ends."""
    pattern = _PLAIN_WORD if _PLAIN.fullmatch(text) else _any_word()
    return (found.span() for found in pattern.finditer(text))


@lru_cache(maxsize=1 << 17)
def term(word: str, language: str) -> str:
    """Return what a word is found by that was said where `language` was spoken.

    People mix languages, so a word's script counts before the language: Latin letters in Russian speech are English.
    """
    written = spelt(word)
    others = _OTHER_CYRILLIC if is_russian(written) else _OTHER_LATIN
    return written if language in others else stem(written)


def spelt(word: str) -> str:
    """Return the one spelling of a word: case, ways of writing the same letter, the Russian ё, the apostrophe."""
    return folded(word).replace("ё", "е").replace("’", "'").replace("ʼ", "'")[:MOST_LETTERS]


def stem(written: str) -> str:
    """Return what an English or Russian word begins with in all its forms; any other word as it is."""
    if is_russian(written):
        stemmer = _STEMMERS["russian"]
    elif "a" <= written[:1] <= "z":
        stemmer = _STEMMERS["english"]
    else:
        return written
    with _LOCK:
        return str(stemmer.stemWord(written))


def is_russian(written: str) -> bool:
    """Tell whether a word begins with a letter that Russian has."""
    return "а" <= written[:1] <= "я"


@cache
def _any_word() -> re.Pattern[str]:
    # Marks are no letters to `re`: without them it would cut Hindi words at their vowels. To find them takes 0.1 s.
    letters, marks = f"[^\\W_{_UNSPACED}]", f"[{_marks()}]"
    run = f"(?:{letters}+{marks}*)+"
    return re.compile(f"(?={_LETTERS})[{_UNSPACED}]{marks}*|{run}(?:['’]{run})?")


def _marks() -> str:
    codes = [*range(0x300, 0x20000), *range(0xE0100, 0xE01F0)]
    assert codes[-1] <= sys.maxunicode
    marks = [code for code in codes if unicodedata.category(chr(code)).startswith("M")]
    starts = [code for code, before in zip(marks, [0, *marks], strict=False) if code != before + 1]
    ends = [code for code, after in zip(marks, [*marks[1:], 0], strict=True) if after != code + 1]
    return "".join(f"{chr(start)}-{chr(end)}" for start, end in zip(starts, ends, strict=True))
