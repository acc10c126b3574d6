"""Languages by name and by script, and a cheap test of which one a text is written in."""

import unicodedata
from collections import Counter
from typing import Final

from functions.core.languages import LANGUAGE_NAMES
from gpu_worker.language.words import words

_WRITTEN_IN: Final = {
    "LATIN": (
        "af az br bs ca cs cy da de en es et eu fi fo fr gl ha haw hr ht hu id is it jw la lb ln lt lv mg mi ms mt nl "
        "nn no oc pl pt ro sk sl sn so sq su sv sw tk tl tr vi yo"
    ),
    "CYRILLIC": "ba be bg kk mk mn ru tg tt uk",
    "ARABIC": "ar fa ps sd ur",
    "HEBREW": "he yi",
    "DEVANAGARI": "hi mr ne sa",
    "BENGALI": "as bn",
    "GREEK": "el",
    "GEORGIAN": "ka",
    "ARMENIAN": "hy",
    "ETHIOPIC": "am",
    "GUJARATI": "gu",
    "GURMUKHI": "pa",
    "KANNADA": "kn",
    "KHMER": "km",
    "LAO": "lo",
    "MALAYALAM": "ml",
    "MYANMAR": "my",
    "SINHALA": "si",
    "TAMIL": "ta",
    "TELUGU": "te",
    "THAI": "th",
    "TIBETAN": "bo",
    "HANGUL": "ko",
    "CJK": "ja yue zh",
}
_SCRIPT_OF: Final = {code: script for script, codes in _WRITTEN_IN.items() for code in codes.split()}
# Unicode's names of letters begin with their script; Japanese has three.
_SAME_SCRIPT: Final = {"HIRAGANA": "CJK", "KATAKANA": "CJK"}

# What English cannot do without, and what its Latin neighbours do not have.
_ENGLISH_MARKS: Final = frozenset(["the", "and", "of", "to", "for", "with", "that", "from", "this", "they", "will"])
_ENGLISH_AT_LEAST: Final = 0.02
_FOREIGN_AT_MOST: Final = 0.1

_LEAST_LETTERS: Final = 20
_LEAST_WORDS: Final = 25
_LEAST_SHARE: Final = 0.5


def named(code: str) -> str:
    """The language by name, with its code: `Russian (ru)`."""
    return f"{LANGUAGE_NAMES[code].title()} ({code})" if code in LANGUAGE_NAMES else code


def script_of(code: str) -> str | None:
    """The script that a language is written in, where there is one only."""
    return _SCRIPT_OF.get(code)


def is_in_another_language(text: str, code: str) -> bool:
    """Whether a text is clearly not in the language asked for.

    The script decides; between English and another Latin language the commonest English words do. Two languages of one
    script, such as Russian and Ukrainian, are not told apart.
    """
    expected = script_of(code)
    letters = Counter(_script(char) for char in text if char.isalpha())
    total = sum(letters.values())
    if expected is None or total < _LEAST_LETTERS:
        return False
    if letters[expected] < _LEAST_SHARE * total:
        return True
    return expected == "LATIN" and _is_english(text) is (code != "en")


def _is_english(text: str) -> bool | None:
    """None where it is not plain either way."""
    said = words(text)
    if len(said) < _LEAST_WORDS:
        return None
    share = sum(word in _ENGLISH_MARKS for word in said) / len(said)
    if share < _ENGLISH_AT_LEAST:
        return False
    return True if share > _FOREIGN_AT_MOST else None


def _script(char: str) -> str:
    first = unicodedata.name(char, "").partition(" ")[0]
    return _SAME_SCRIPT.get(first, first)
