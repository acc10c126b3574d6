"""What a word that is asked for may have been said as: its other forms, however irregular they are.

Only the question is widened. What was said is indexed by stems alone, so a better table needs no new index.
"""

import logging
import threading
from collections import defaultdict
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from functions.core.search.english import irregular
from functions.core.search.words import is_russian, spelt, stem

if TYPE_CHECKING:
    from pymorphy3 import MorphAnalyzer

MOST_READINGS: Final = 3
"""A Russian form may be of several words; the likeliest ones are meant."""

_LOCK: Final = threading.Lock()


@lru_cache(maxsize=1 << 12)
def terms_of(word: str) -> frozenset[str]:
    """Return every term by which a form of a word may be found, and the word as it stands for other languages."""
    written = spelt(word)
    found = {written, stem(written)}
    return frozenset(found | (_russian(written) if is_russian(written) else _english().get(stem(written), set())))


def _russian(written: str) -> set[str]:
    with _LOCK:
        readings = _morphology().parse(written)[:MOST_READINGS]
        return {stem(spelt(form.word)) for reading in readings for form in reading.lexeme}


@cache
def _english() -> dict[str, set[str]]:
    found = defaultdict[str, set[str]](set)
    for forms in irregular():
        stems = {stem(form) for form in forms}
        for one in stems:
            found[one] |= stems
    return dict(found)


@cache
def _morphology() -> "MorphAnalyzer":
    # 16 MB on disk, 40 in memory and 0.2 s, for those who ask in Russian.
    import pymorphy3_dicts_ru  # noqa: PLC0415
    from pymorphy3 import MorphAnalyzer  # noqa: PLC0415

    # What it says of its dictionary interests nobody at each start.
    logging.getLogger("pymorphy3").setLevel(logging.WARNING)
    # By its path: a layer holds no metadata of packages, where it would look for dictionaries.
    return MorphAnalyzer(path=pymorphy3_dicts_ru.get_path(), lang="ru")
