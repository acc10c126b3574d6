"""What the demo model can hear: a small grammar of English and Russian sentences, and the words in it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

_NAMES = ("Anna", "Peter", "Maria", "David", "John", "Kate")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DIGITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_HOURS = (*_DIGITS, "eleven", "twelve")
_WHO = ("customer", "client", "manager", "team", "supplier")
_DOCUMENTS = ("invoice", "contract", "report", "offer", "order")
_MATTERS = ("price", "budget", "plan", "delivery")
_STATES = ("ready", "late", "important", "good")

_RU_DOCUMENTS = ("договор", "счёт", "отчёт", "заказ", "бюджет")
_RU_DAYS = ("в понедельник", "во вторник", "в среду", "в четверг", "в пятницу")

_SLOT: Final = re.compile(r"\{(\w+)\}")
# Words that are written with a capital inside a sentence too.
_PROPER: Final = {word.lower(): word for word in (*_NAMES, *_DAYS, *_MONTHS, "I", "Анне", "Ивану")}


@dataclass(frozen=True, slots=True)
class Grammar:
    """Sentences with `{slots}`; what fills a slot may have slots itself."""

    sentences: tuple[str, ...]
    slots: Mapping[str, tuple[str, ...]]

    def sentence(self, random: Random) -> str:
        """Draw a sentence, without its full stop."""
        return capitalised(self._filled(random.choice(self.sentences), random))

    def salad(self, random: Random) -> str:
        """Draw known words in an order that means nothing."""
        words = self.words()
        return capitalised(" ".join(written(random.choice(words)) for _ in range(random.randint(2, 8))))

    def words(self) -> list[str]:
        """List every word that a sentence can have, in small letters."""
        return sorted({word.lower() for text in self._texts() for word in _SLOT.sub(" ", text).split()})

    def _filled(self, text: str, random: Random) -> str:
        return _SLOT.sub(lambda slot: self._filled(random.choice(self.slots[slot[1]]), random), text)

    def _texts(self) -> Iterator[str]:
        yield from self.sentences
        for choices in self.slots.values():
            yield from choices


def capitalised(text: str) -> str:
    """Write the first letter large and leave the others."""
    return text[0].upper() + text[1:]


def written(word: str) -> str:
    """Give a word in small letters the capital that names have."""
    return _PROPER.get(word, word)


_ENGLISH: Final = Grammar(
    sentences=(
        "The {who} {past} the {thing} {when}",
        "The {who} agreed on the {matter} {when}",
        "The {who} wants to {verb} the {thing} {when}",
        "The {who} will {verb} the {thing} {when}",
        "{send} the {document} to {name} by {day}",
        "Please {tell} {person} {when}",
        "{tell} {person} about the {topic}",
        "The meeting is on {day} at {hour}",
        "{we} need {number} {counted} {when}",
        "The {sum} is {number} {large} {currency}",
        "The delivery is in {month}",
        "{we} will {verb} the {thing} {when}",
        "{name} {past} the {thing} {when}",
        "{name} and {name} will {verb} the {thing}",
        "We agreed on {number} {medium} {currency}",
        "The number is {digits}",
        "{answer} the {topic} is {state}",
        "Order {number} boxes from the supplier",
        "The {topic} is {any_state}",
    ),
    slots={
        "name": _NAMES,
        "day": _DAYS,
        "month": _MONTHS,
        "digit": _DIGITS,
        "hour": _HOURS,
        "number": (*_HOURS, "twenty", "thirty", "forty", "fifty"),
        "who": _WHO,
        "document": _DOCUMENTS,
        "matter": _MATTERS,
        "thing": _DOCUMENTS + _MATTERS,
        "topic": (*_DOCUMENTS, *_MATTERS, "meeting"),
        "person": (*_NAMES, *(f"the {who}" for who in _WHO)),
        "past": ("signed", "approved", "rejected", "reviewed", "discussed", "changed"),
        "verb": ("review", "sign", "send", "check", "change", "discuss", "approve"),
        "send": ("send", "please send"),
        "tell": ("call", "remind"),
        "we": ("we", "they", "I"),
        "counted": ("boxes", "people", "days", "hours", "orders"),
        "sum": ("price", "budget"),
        "medium": ("hundred", "thousand"),
        "large": ("hundred", "thousand", "million"),
        "currency": ("euros", "dollars"),
        "answer": ("yes", "no"),
        "state": _STATES,
        "any_state": (*_STATES, "not ready"),
        # Days are said twice as often as anything else, so they stand twice.
        "when": ("today", "tomorrow", "yesterday", "next week", "on {day}", "on {day}", "in {month}"),
        "digits": tuple(" ".join(["{digit}"] * count) for count in range(3, 7)),
    },
)

_RUSSIAN: Final = Grammar(
    sentences=(
        "{who} {past} {document} {when}",
        "{who} {past} {document}",
        "Нужно {verb} {document} {when}",
        "{tell} {person} {when}",
        "Встреча {when} в {number}",
        "Цена {number} тысяч рублей",
        "Нужно {verb} {document} и {verb} {document}",
        "Отправьте {document} {person} {when}",
        "Номер {numbers}",
    ),
    slots={
        "who": ("клиент", "менеджер", "директор", "поставщик"),
        "past": ("подписал", "проверил", "отправил", "утвердил", "обсудил"),
        "verb": ("подписать", "проверить", "отправить", "утвердить", "обсудить"),
        "document": _RU_DOCUMENTS,
        "day": _RU_DAYS,
        "number": ("два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять", "десять"),
        "person": ("Анне", "Ивану", "клиенту", "директору"),
        "tell": ("позвоните", "напомните"),
        "when": ("{day}", "{day}", "завтра", "сегодня", "вчера"),
        "numbers": tuple(" ".join(["{number}"] * count) for count in range(3, 6)),
    },
)

GRAMMARS: Final[Mapping[str, Grammar]] = {"en": _ENGLISH, "ru": _RUSSIAN}
