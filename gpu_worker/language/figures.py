"""Figures in a text, in digits or in words, so that "25", "twenty-five" and "двадцати пяти" are one thing."""

import re
from collections.abc import Iterator
from typing import Final

from gpu_worker.language.words import fold

_DIGITS: Final = re.compile(r"\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\d)|\d+(?:[.,]\d+)*")
_SCALE: Final = re.compile(
    r"\s*(?:(k|thousand|тыс|к)|(m|mln|million|миллион|млн)|(bn|billion|миллиард|млрд))", re.IGNORECASE
)
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_FACTORS: Final = (1_000.0, 1_000_000.0, 1_000_000_000.0)

# Up to a dozen, a number word is as often a summary's own count ("both", "three reasons") as something that was said.
_TELLING: Final = 12

_EXACT: Final = {
    **{
        word: value
        for value, forms in enumerate(
            (
                "zero ноль нуля",
                "one first один одна одно одного одной одну одном первый первая первое первого первой первом",
                "two second два две двух двум двумя второй вторая второе второго",
                "three third три трех трем тремя третий третья третье третьего третьей третьем",
                "four fourth четыре четырех четырем четвертый четвертая четвертое четвертого четвертом",
                "five fifth пять пяти пятью пятый пятая пятое пятого пятой пятом",
                "six sixth шесть шести шестью шестой шестая шестое шестого шестом",
                "seven seventh семь семи семью седьмой седьмая седьмое седьмого седьмом",
                "eight eighth восемь восьми восьмью восьмой восьмая восьмое восьмого восьмом",
                "nine ninth девять девяти девятью девятый девятая девятое девятого девятом",
                "ten tenth",
                "eleven eleventh",
                "twelve twelfth dozen",
                "thirteen thirteenth",
                "fourteen fourteenth",
                "fifteen fifteenth",
                "sixteen sixteenth",
                "seventeen seventeenth",
                "eighteen eighteenth",
                "nineteen nineteenth",
                "twenty twentieth",
            )
        )
        for word in forms.split()
    },
    "thirty": 30,
    "thirtieth": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
    "hundred": 100,
    "сто": 100,
    "ста": 100,
    "thousand": 1_000,
    "million": 1_000_000,
    "billion": 1_000_000_000,
    "полтора": 1.5,
    "полторы": 1.5,
}

# Russian declines numbers; the beginnings are enough. Longer beginnings stand first.
_BEGINNINGS: Final = sorted(
    {
        "десят": 10,
        "одиннадцат": 11,
        "двенадцат": 12,
        "тринадцат": 13,
        "четырнадцат": 14,
        "пятнадцат": 15,
        "шестнадцат": 16,
        "семнадцат": 17,
        "восемнадцат": 18,
        "девятнадцат": 19,
        "двадцат": 20,
        "тридцат": 30,
        "сорок": 40,
        "пятьдес": 50,
        "пятидес": 50,
        "шестьдес": 60,
        "шестидес": 60,
        "семьдес": 70,
        "семидес": 70,
        "восемьдес": 80,
        "восьмидес": 80,
        "девяност": 90,
        "двест": 200,
        "двухсот": 200,
        "трист": 300,
        "трехсот": 300,
        "четырест": 400,
        "четырехсот": 400,
        "пятьсот": 500,
        "пятисот": 500,
        "шестьсот": 600,
        "шестисот": 600,
        "семьсот": 700,
        "семисот": 700,
        "восемьсот": 800,
        "восьмисот": 800,
        "девятьсот": 900,
        "девятисот": 900,
        "тысяч": 1_000,
        "миллион": 1_000_000,
        "миллиард": 1_000_000_000,
    }.items(),
    key=lambda item: -len(item[0]),
)


def figures_said(text: str) -> frozenset[float]:
    """Every figure that can be read out of a text: the evidence, so every reading counts."""
    said: set[float] = set()
    for match in _DIGITS.finditer(text):
        said |= _readings(match[0]) | _scaled(match, text)
        said.update(float(part) for part in re.findall(r"\d+", match[0]))
    for run in _number_words(text):
        said.update(run)
        said.add(_compound(run))
    return frozenset(said)


def figures_claimed(text: str) -> list[tuple[str, frozenset[float]]]:
    """Every figure that a text asserts: as it is written, and its possible values."""
    claimed = [(match[0], frozenset(_readings(match[0]) | _scaled(match, text))) for match in _DIGITS.finditer(text)]
    values = [_compound(run) for run in _number_words(text)]
    return claimed + [(f"{value:g}", frozenset({value})) for value in values if value > _TELLING]


def _readings(number: str) -> set[float]:
    """`1,200` is twelve hundred to some and one and a fifth to others."""
    bare = re.sub(r"[ \u00a0\u202f]", "", number)
    found = set()
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", bare):
        found.add(float(re.sub(r"[.,]", "", bare)))
    decimal = bare.replace(",", ".")
    if decimal.count(".") <= 1:
        found.add(float(decimal))
    # A date such as 12.05.2026 is known by its first part; the others are claimed with it.
    return found or {float(re.split(r"[.,]", bare)[0])}


def _scaled(match: re.Match[str], text: str) -> set[float]:
    scale = _SCALE.match(text, match.end())
    if scale is None:
        return set()
    factor = next(factor for factor, group in zip(_FACTORS, scale.groups(), strict=True) if group)
    return {value * factor for value in _readings(match[0])}


def _number_words(text: str) -> Iterator[list[float]]:
    run: list[float] = []
    for match in _LETTERS.finditer(text):
        word = fold(match[0])
        value = _value(word)
        if value is not None:
            run.append(value)
        elif run and word not in {"and", "и"}:
            yield run
            run = []
    if run:
        yield run


def _value(word: str) -> float | None:
    exact = _EXACT.get(word)
    if exact is not None:
        return exact
    return next((value for beginning, value in _BEGINNINGS if word.startswith(beginning)), None)


def _compound(run: list[float]) -> float:
    total = current = 0.0
    for value in run:
        if value >= 1_000:
            total += max(current, 1.0) * value
            current = 0.0
        elif value == 100 and 0 < current < 10:
            current *= value
        else:
            current += value
    return total + current
