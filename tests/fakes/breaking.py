"""Neighbours that break once, wherever that may be: what was begun must be able to go on afterwards."""

from dataclasses import dataclass

from functions.core.table import Document, Write
from tests.fakes.media import FakeMedia
from tests.fakes.table import FakeTable


class Broken(Exception):
    """The network, or whatever."""


@dataclass
class Fuse:
    """Lets so many calls through and breaks the next one, before or after it has had its effect."""

    calls: int
    is_late: bool
    is_blown: bool = False

    def burn(self) -> bool:
        self.calls -= 1
        if self.calls != -1:
            return False
        self.is_blown = True
        if not self.is_late:
            raise Broken
        return True


class BreakingTable(FakeTable):
    def __init__(self, fuse: Fuse, documents: dict[str, Document]) -> None:
        super().__init__()
        self.documents = documents
        self._fuse = fuse

    def write(self, *writes: Write) -> None:
        breaks = self._fuse.burn()
        super().write(*writes)
        if breaks:
            raise Broken


class BreakingMedia(FakeMedia):
    def __init__(self, fuse: Fuse, media: FakeMedia) -> None:
        super().__init__()
        self.objects, self.kept = dict(media.objects), set(media.kept)
        self.uploads = dict(media.uploads)
        self._fuse = fuse

    def remove_all(self, prefix: str) -> int:
        breaks = self._fuse.burn()
        removed = super().remove_all(prefix)
        if breaks:
            raise Broken
        return removed

    def abort_parts(self, key: str, upload_id: str) -> None:
        breaks = self._fuse.burn()
        super().abort_parts(key, upload_id)
        if breaks:
            raise Broken
