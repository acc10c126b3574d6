"""Changes of an owner's index: recordings come, change and go, and packs are merged.

It may be interrupted anywhere, and many may be at it at once. A pack is noted in the root, then written, then taken in
by one write for which all that it rests on must still be so. What it replaces is waste from then on, and removed.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from ulid import ULID

from functions.core.clock import Clock
from functions.core.errors import NotFound
from functions.core.observability import log
from functions.core.recordings.media import Media
from functions.core.recordings.model import Recording
from functions.core.search.manifest import (
    MERGED,
    Entry,
    Manifest,
    Manifests,
    PackRecord,
    Root,
    folder_of,
    packs_of,
)
from functions.core.search.merging import Source, merge
from functions.core.search.pack import Written
from functions.core.search.shelf import STALE, TRIES, Draft, Pause, Shelf, pause, too_busy
from functions.core.search.tiers import Tiers
from functions.core.table import TRANSACTION_LIMIT, Changed, Table, Unchanged, Write


class SearchIndex:
    """The indexes of all owners, to be changed."""

    def __init__(
        self, table: Table, media: Media, *, clock: Clock, tiers: Tiers | None = None, wait: Pause = pause
    ) -> None:
        self._table = table
        self._media = media
        self._clock = clock
        self._tiers = tiers or Tiers()
        self._wait = wait
        self._manifests = Manifests(table)
        self._shelf = Shelf(table, media, self._manifests, clock=clock, wait=wait)

    def read(self, owner_id: str) -> Manifest:
        """Read an owner's manifest."""
        return self._manifests.read(owner_id)

    def draft(self, owner_id: str, pack: Written, entry: Entry) -> Draft:
        """Put a pack of one recording into the bucket."""
        return self._shelf.draft(owner_id, f"{entry.recording_id}/{ULID()}", pack, (entry,))

    def discard(self, draft: Draft) -> None:
        """Remove a draft that will not be taken in."""
        self._shelf.discard(draft)

    def take_in(self, draft: Draft, manifest: Manifest, entry: Entry, *, while_: Unchanged) -> None:
        """Make a draft, noted in the manifest's root, what is indexed of its recording instead of whatever was.

        Raises:
            Changed: the manifest is not as it was read, or `while_` is not so.
        """
        assert draft.is_noted_in(manifest.root)
        kept, emptied = _without(manifest, entry.recording_id)
        root = self._wasting(manifest.root, emptied)
        as_of = root.version + 1
        self._table.write(
            self._manifests.put_root(root.with_pack(draft.record.name)),
            self._manifests.put_pack(replace(draft.record, entries=(entry,), as_of=as_of)),
            *(self._manifests.put_pack(replace(pack, as_of=as_of)) for pack in kept),
            *map(self._manifests.removal, emptied),
            while_,
        )

    def describe(self, manifest: Manifest, entry: Entry, *, while_: Unchanged) -> None:
        """Change what searches choose a recording by, and nothing that was said; raises Changed."""
        changed = [pack.with_entry(entry.recording_id, entry) for pack in manifest.holders_of(entry.recording_id)]
        self._table.write(*map(self._manifests.put_pack, changed), while_)

    def hide(self, manifest: Manifest, recording_id: str, *, while_: Unchanged) -> None:
        """Let a recording be found no more; raises Changed."""
        if manifest.entry_of(recording_id):
            self._table.write(*self._hiding(manifest, manifest.root, recording_id), while_)

    def remove_of(self, recording: Recording) -> None:
        """Remove whatever there is of a recording that is deleted, and will not come back. Safe to do again."""
        if recording.deleted_at is not None:
            self.remove(recording.owner_id, recording.id)
        # Else its owner leaves, and is forgotten once all of their recordings are gone: no pack is rewritten for each.

    def remove(self, owner_id: str, recording_id: str) -> None:
        """Remove whatever there is of a recording that will not come back. Safe to do again.

        When it returns no byte is left in table and bucket. Whoever is just about to write some can't add it to the
        index, and removes it.

        Raises:
            Conflict: other writers won every race.
        """
        for lost in range(TRIES):
            manifest = self.read(owner_id)
            doomed = [name for name in manifest.root.making if name.startswith((f"{recording_id}/", MERGED))]
            root = manifest.root.discarding(*doomed, until=self._clock() + STALE) if doomed else manifest.root
            writes = self._hiding(manifest, root, recording_id)
            try:
                if writes:
                    self._table.write(*writes)
            except Changed:
                self._wait(lost)
                continue
            self.tend(owner_id, may_merge=lambda: False)
            # What a writer has left that died before anybody was told to wait for it.
            self._media.remove_all(folder_of(owner_id, recording_id))
            return
        raise too_busy()

    def forget_owner(self, owner_id: str) -> None:
        """Remove all that there is of an owner, whose recordings are gone or about to go. Safe to do again."""
        while (root := self._manifests.root(owner_id)).version:
            now, later = root.packs[: TRANSACTION_LIMIT - 1], root.packs[TRANSACTION_LIMIT - 1 :]
            rest = Root(id=owner_id, packs=later, version=root.version)
            ending = self._manifests.put_root(rest) if later else self._manifests.removal_of_root(root)
            try:
                self._table.write(ending, *(self._manifests.removal_of(owner_id, name) for name in now))
            except Changed:
                self._wait(0)
        self._media.remove_all(packs_of(owner_id))

    def tend(self, owner_id: str, *, may_merge: Callable[[], bool]) -> None:
        """Remove what is in the bucket and not in the index: waste, old drafts, gaps in packs. Then merge packs.

        Packs are merged while `may_merge` says that there is time; it is no harm if they are not.

        Raises:
            Conflict: other writers won every race.
        """
        lost = 0
        while lost < TRIES:
            manifest = self.read(owner_id)
            self._shelf.sweep(manifest.root)
            gappy = [pack for pack in manifest.packs if pack.has_gaps]
            chosen = gappy[:1] or self._due(manifest, may_merge)
            if not chosen:
                return
            if not self._merge(owner_id, chosen):
                lost += 1
                self._wait(lost)
        raise too_busy()

    def _due(self, manifest: Manifest, may_merge: Callable[[], bool]) -> list[PackRecord]:
        # One at a time does for an owner.
        is_merging = any(name.startswith(MERGED) for name in manifest.root.making)
        return self._tiers.due(manifest.packs) if may_merge() and not is_merging else []

    def _hiding(self, manifest: Manifest, root: Root, recording_id: str) -> list[Write]:
        """Return the writes that take a recording out of the index, and save the root if it is another."""
        kept, emptied = _without(manifest, recording_id)
        root = self._wasting(root, emptied)
        return [
            *([self._manifests.put_root(root)] if root is not manifest.root else []),
            *map(self._manifests.put_pack, kept),
            *map(self._manifests.removal, emptied),
        ]

    def _wasting(self, root: Root, packs: Sequence[PackRecord]) -> Root:
        return root.discarding(*(pack.name for pack in packs), until=self._clock()) if packs else root

    def _merge(self, owner_id: str, packs: Sequence[PackRecord]) -> bool:
        """Put one pack in the place of several; returns whether nobody changed them meanwhile."""
        try:
            sources, entries = self._sources(packs)
        except NotFound:
            return False
        draft = self._shelf.draft(owner_id, f"{MERGED}{ULID()}", merge(sources), entries)
        is_done = self._put_in_place(draft, packs)
        if is_done:
            log.info("packs merged", packs=len(packs), recordings=len(entries), bytes=draft.record.size)
        else:
            self._shelf.discard(draft)
        return is_done

    def _sources(self, packs: Sequence[PackRecord]) -> tuple[list[Source], tuple[Entry, ...]]:
        entries: list[Entry] = []
        sources: list[Source] = []
        for pack in packs:
            ordinals: list[int | None] = []
            for entry in pack.entries:
                ordinals.append(len(entries) if entry else None)
                entries += [entry] if entry else []
            sources.append(Source(Written(self._media.read(pack.key), pack.contents_at), ordinals))
        return sources, tuple(entries)

    def _put_in_place(self, draft: Draft, packs: Sequence[PackRecord]) -> bool:
        owner_id, names = draft.record.owner_id, tuple(pack.name for pack in packs)
        for lost in range(TRIES):
            root = self._manifests.root(owner_id)
            if not draft.is_noted_in(root):
                return False
            try:
                self._table.write(
                    self._manifests.put_root(self._wasting(root, packs).with_pack(draft.record.name)),
                    self._manifests.put_pack(replace(draft.record, as_of=root.version + 1)),
                    *map(self._manifests.removal, packs),
                )
            except Changed:
                # The root changes with everything; only if these packs have changed, it was all for nothing.
                fresh = self._manifests.packs(owner_id, names)
                if [pack.version for pack in fresh] != [pack.version for pack in packs]:
                    return False
                self._wait(lost)
            else:
                return True
        return False


def _without(manifest: Manifest, recording_id: str) -> tuple[list[PackRecord], list[PackRecord]]:
    """Return the packs that held a recording without it: those that hold others, and those that are empty then."""
    changed = [pack.with_entry(recording_id, None) for pack in manifest.holders_of(recording_id)]
    return [pack for pack in changed if any(pack.entries)], [pack for pack in changed if not any(pack.entries)]
