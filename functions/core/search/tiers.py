"""Which packs are merged: eight of about the same size, so that each word is written a few times only."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from functions.core.search.manifest import PackRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiers:
    """How large packs become. Words are what was said in them: an hour has about 10,000."""

    fan: int = 8
    smallest: int = 10_000
    """The lowest tier holds packs up to this size, the next one those up to `fan` times as large, and so on."""
    most_words: int = 4_000_000
    """Bounds what is written anew when one recording is deleted: 30 MB in 3 s."""
    most_recordings: int = 2_000
    """Keeps a pack's document far below what DynamoDB takes."""

    def due(self, packs: Sequence[PackRecord]) -> list[PackRecord]:
        """Return packs that are to become one, or none."""
        tiers: dict[int, list[PackRecord]] = {}
        for pack in packs:
            if pack.words <= self.most_words / 2 and len(pack.entries) <= self.most_recordings / 2:
                tiers.setdefault(self._tier_of(pack), []).append(pack)
        full = [tier for _, tier in sorted(tiers.items()) if len(tier) >= self.fan]
        return self._fitting(full[0]) if full else []

    def _tier_of(self, pack: PackRecord) -> int:
        return max(0, math.ceil(math.log(max(1, pack.words) / self.smallest, self.fan)))

    def _fitting(self, tier: list[PackRecord]) -> list[PackRecord]:
        """Return the smallest of a tier, as many as one pack may hold; it holds any two."""
        words, recordings, chosen = self.most_words, self.most_recordings, list[PackRecord]()
        for pack in sorted(tier, key=lambda pack: pack.words)[: 4 * self.fan]:
            words, recordings = words - pack.words, recordings - len(pack.entries)
            if min(words, recordings) < 0:
                break
            chosen.append(pack)
        return chosen
