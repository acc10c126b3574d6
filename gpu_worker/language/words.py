"""Words of a text, and their stems without the words that carry no meaning."""

import re
from functools import lru_cache
from typing import Any, Final

import snowballstemmer

WORD: Final = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*|\d+(?:[.,:]\d+)*")

_SNOWBALL: Final = {
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "tr": "turkish",
}

# Scripts that are written without spaces: two neighbouring signs do for a word.
_UNSPACED: Final = re.compile(r"[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_CYRILLIC: Final = re.compile(r"[а-яё]")

_ENGLISH_TEXT: Final = """
a about actually after again all almost already also am an and another any anyone anything are aren't around as at
away back basically be because been before being both but by bye can can't cannot come could couldn't did didn't do
does doesn't doing don't done down each either else even ever every everyone everything exactly few for from get gets
getting go goes going gonna good got great guess guys had hadn't happen happens has hasn't have haven't having he he's
hello her here here's hers hey hi him his how i i'd i'll i'm i've if in into is isn't it it's its just kind know let
let's like little look lot lots made make many maybe me mean might mine more most much must my near need needs never
no nobody none not nothing now of off oh ok okay on once one only onto or other others our ours out over own perhaps
please pretty quite rather really right said same say says see seem seems shall she she's should shouldn't since so
some somebody someone something sometimes somewhat still stuff such sure take than thank thanks that that's the their
them then there there's these they they'll they're they've thing things think this those though through to today
together too try uh um under until up upon us very want wants was wasn't way we we'd we'll we're we've well went were
weren't what what's when where which while who who's whole why will with within without won't would wouldn't yeah yep
yes yet you you'd you'll you're you've your yours
"""

_RUSSIAN_TEXT: Final = """
а ага алло без более больше бы был была были было быть в вам вами вас ваш ваша ваше ваши вдруг ведь весь во вон вот
вообще впрочем все всегда всего всем всеми всех всю вы где говорит говорить да давайте даже два для до другой его ее
ей ему если есть еще ж же за здесь здравствуйте и из или им ими иногда их к как какая какие какой кем когда кого кому
короче кстати кто куда ладно ли лучше между меня мне мной много может можно мой моя мы на над надо наверное нам нами
нас наш наша наше наши не него нее ней нельзя нему нет ни нибудь никогда ним ними них ничего но ну нужно о об один
однако он она они оно опять от очень перед по под пожалуйста пока понятно после потом потому почему почти поэтому
правда при привет про просто прямо раз разве с сам сама сами самый свой своя сейчас себе себя сегодня скажем со
собственно спасибо так также такие такое такой там те тебе тебя тем теперь то тогда того тоже той только том тот точно
три тут ты тя у уж уже хорошо хоть хотя чего чей чем через что чтоб чтобы чуть эта эти это этим этих этого этой этом
этот эту я
"""
_ENGLISH: Final = frozenset(_ENGLISH_TEXT.split())
_RUSSIAN: Final = frozenset(_RUSSIAN_TEXT.split())


def content(text: str, language: str) -> list[str]:
    """Stems of the words that carry meaning, in their order."""
    return [stem(word, language) for word in words(text) if not is_stop_word(word, language)]


def words(text: str) -> list[str]:
    """All words, folded to one spelling."""
    found: list[str] = []
    for match in WORD.finditer(text):
        word = fold(match[0])
        found.extend(_pairs(word) if _UNSPACED.search(word) else [word])
    return found


def fold(word: str) -> str:
    """One spelling of a word: case, the Russian ё, the apostrophe, the English possessive."""
    return word.casefold().replace("ё", "е").replace("’", "'").removesuffix("'s")


def is_stop_word(word: str, language: str) -> bool:
    """Whether a folded word says nothing by itself."""
    if word[0].isdigit():
        return False
    if len(word) == 1 or word in _ENGLISH or word in _RUSSIAN:
        return True
    # There is no list for the other languages; their commonest words are short.
    return language not in {"en", "ru"} and len(word) <= 3 and not _UNSPACED.search(word)


@lru_cache(maxsize=100_000)
def stem(word: str, language: str) -> str:
    """The stem of a folded word. People mix languages, so the script of a word counts before that of the recording."""
    if _UNSPACED.search(word) or word[0].isdigit():
        return word
    name = "russian" if _CYRILLIC.search(word) else _SNOWBALL.get("en" if language == "ru" else language)
    # Without rules for a language, the beginning of a word is its best stem.
    return str(_stemmer(name).stemWord(word)) if name else word[:6]


@lru_cache
def _stemmer(name: str) -> Any:
    return snowballstemmer.stemmer(name)


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(max(1, len(run) - 1))]
