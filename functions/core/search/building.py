"""A transcript as a pack of its own."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from functions.core.jobs.results import Transcript
from functions.core.search.pack import Written, places_to_bytes, term_key, text_key, texts_to_bytes, write_pack
from functions.core.search.words import spans, term

SEGMENTS_TOGETHER: Final = 24
"""Under one key: about what is read for a match anyway."""
ORDINAL: Final = 0
"""Of the recording in its pack, which has no other."""


@dataclass(frozen=True, slots=True)
class Built:
    """A pack of one recording, and how many words it holds."""

    pack: Written
    words: int


def build(transcript: Transcript) -> Built:
    """Index what was said. Segments without a word can't be found and are left out."""
    places: dict[str, array[int]] = {}
    rows: list[list[Any]] = []
    number = 0
    for segment in transcript.segments:
        language = "en" if transcript.task == "translate" else segment.language or transcript.language
        first = number
        for start, end in spans(segment.text):
            places.setdefault(term(segment.text[start:end], language), array("I")).append(number)
            number += 1
        if number > first:
            times = (round(segment.start, 3), round(segment.end, 3))
            rows.append([first, segment.id, *times, segment.speaker, segment.text])
    terms = sorted((term_key(one), places_to_bytes([(ORDINAL, words)])) for one, words in places.items())
    return Built(write_pack([*terms, *_texts(rows)]), number)


def _texts(rows: list[list[Any]]) -> Iterator[tuple[bytes, bytes]]:
    for at in range(0, len(rows), SEGMENTS_TOGETHER):
        together = rows[at : at + SEGMENTS_TOGETHER]
        yield text_key(ORDINAL, together[0][0]), texts_to_bytes(together)
