"""SQLite's FTS5 as one file that is downloaded whole: the same words by the same stems, without the texts."""

import sqlite3
import time
import zlib
from typing import Final

from bench.search.conversations import Conversations
from bench.search.world import BYTES_A_SECOND, FIRST_BYTE, SHOWN
from functions.core.jobs.results import transcript_from_json
from functions.core.search.words import spans, term

FIND: Final = "SELECT rowid FROM said WHERE said MATCH ? ORDER BY bm25(said) LIMIT ?"


class Fts5:
    """An index of many conversations, as it would lie in the bucket."""

    def __init__(self, conversations: Conversations, hours: int) -> None:
        database = sqlite3.connect(":memory:")
        database.execute(
            "CREATE VIRTUAL TABLE said USING fts5(words, content='', tokenize=\"unicode61 remove_diacritics 0\")"
        )
        for number in range(hours):
            transcript = transcript_from_json(conversations.transcript(number))
            words = (term(one.text[low:high], "en") for one in transcript.segments for low, high in spans(one.text))
            database.execute("INSERT INTO said(rowid, words) VALUES (?, ?)", (number, " ".join(words)))
        database.execute("INSERT INTO said(said) VALUES ('optimize')")
        database.commit()
        raw = database.serialize()
        self.raw_bytes = len(raw)
        self.compressed = zlib.compress(raw, 6)
        self._database: sqlite3.Connection | None = None

    def cold(self, query: str) -> float:
        """Download, unpack and ask; returns seconds."""
        started = time.perf_counter()
        time.sleep(FIRST_BYTE + len(self.compressed) / BYTES_A_SECOND)
        self._database = sqlite3.connect(":memory:")
        self._database.deserialize(zlib.decompress(self.compressed))
        self._ask(query)
        return time.perf_counter() - started

    def warm(self, query: str) -> float:
        """Ask once more; returns seconds."""
        started = time.perf_counter()
        self._ask(query)
        return time.perf_counter() - started

    def _ask(self, query: str) -> None:
        assert self._database is not None
        self._database.execute(FIND, (query, SHOWN)).fetchall()


def match_of(text: str) -> str:
    """Write a question as FTS5 takes it."""
    if text.startswith('"'):
        return '"' + " ".join(term(word, "en") for word in text.strip('"').split()) + '"'
    words = [f'"{term(word, "en")}"' for word in text.split()]
    return words[0] if len(words) == 1 else f"NEAR({' '.join(words)}, 30)"
