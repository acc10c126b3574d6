"""The packs in the bucket. What lies there is named in its owner's root, before it is written and until it is gone."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from functions.core.clock import Clock
from functions.core.errors import Conflict
from functions.core.recordings.media import Media
from functions.core.search.manifest import Entry, Manifests, PackRecord, Root, folder_of, pack_key
from functions.core.search.pack import Written
from functions.core.table import Changed, Table

TRIES: Final = 40
"""How often a change is tried again after a lost race; each loss means that another writer got on."""
STALE: Final = timedelta(minutes=15)
"""After so long nobody writes any more what they have noted; a function is ended sooner."""

Pause = Callable[[int], None]


def pause(lost: int) -> None:
    """Wait a moment after lost races, the longer the more there were, and everybody another time."""
    time.sleep(random.random() * min(1.0, 0.01 * 2**lost))  # noqa: S311 (no secret)


def too_busy() -> Conflict:
    """Return what to raise where other writers won every race."""
    return Conflict("The index is being changed by many at once; try again.", code="busy")


@dataclass(frozen=True, slots=True)
class Draft:
    """A pack that is in the bucket and not in the index yet."""

    record: PackRecord
    root: Root
    """As it was once the draft was noted."""

    def is_noted_in(self, root: Root) -> bool:
        """Whether it may still be taken in."""
        return self.record.name in root.making


class Shelf:
    """Puts packs into the bucket and takes them away again."""

    def __init__(self, table: Table, media: Media, manifests: Manifests, *, clock: Clock, wait: Pause) -> None:
        self._table = table
        self._media = media
        self._manifests = manifests
        self._clock = clock
        self._wait = wait

    def draft(self, owner_id: str, name: str, pack: Written, entries: tuple[Entry, ...]) -> Draft:
        """Note a pack, then put its bytes into the bucket."""
        now = self._clock()
        root = self._change(owner_id, lambda fresh: replace(fresh, making=fresh.making | {name: now}))
        self._media.write(pack_key(owner_id, name), pack.body, content_type="application/octet-stream")
        record = PackRecord(
            owner_id=owner_id,
            name=name,
            contents_at=pack.contents_at,
            size=len(pack.body),
            entries=entries,
            as_of=root.version,
        )
        return Draft(record, root)

    def discard(self, draft: Draft) -> None:
        """Remove a draft that will not be taken in."""
        name, now = draft.record.name, self._clock()
        root = self._change(
            draft.record.owner_id, lambda fresh: fresh.discarding(name, until=now) if name in fresh.making else fresh
        )
        if name not in root.waste:
            # Somebody else has discarded it, perhaps before it was written.
            self._media.remove_all(folder_of(draft.record.owner_id, name))
        self.sweep(root)

    def sweep(self, root: Root) -> None:
        """Remove the bytes of waste, and of what somebody began to write long ago; no call where there is none."""
        now = self._clock()

        def without_stale(fresh: Root) -> Root:
            stale = [name for name, since in fresh.making.items() if since + STALE <= now]
            return fresh.discarding(*stale, until=now) if stale else fresh

        if without_stale(root) is not root:
            root = self._change(root.id, without_stale)
        for name in root.waste:
            self._media.remove_all(folder_of(root.id, name))
        if root.waste:
            removed = frozenset(root.waste)
            self._change(root.id, lambda fresh: fresh.forgetting(removed, now=now))

    def _change(self, owner_id: str, transition: Callable[[Root], Root]) -> Root:
        """Change a root, or what has become of it meanwhile; returns it as it is then."""
        for lost in range(TRIES):
            root = self._manifests.root(owner_id)
            changed = transition(root)
            if changed is root:
                return root
            try:
                self._table.write(self._manifests.put_root(changed))
            except Changed:
                self._wait(lost)
            else:
                return replace(changed, version=changed.version + 1)
        raise too_busy()
