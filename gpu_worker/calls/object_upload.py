"""One object of the bucket while it is made: in memory is a part of it."""

from types import TracebackType
from typing import Final, Self

from functions.core.recordings.media import Media, StoredPart

PART: Final = 8 * 1024**2
"""S3 takes 10,000 parts of an object, the last of which alone may be less than 5 MB."""


class ObjectUpload:
    """Nothing is to be seen of it before it is finished; what is not finished at the end of the block is given up."""

    def __init__(self, media: Media, key: str, *, content_type: str, part: int = PART) -> None:
        self._media = media
        self._key = key
        self._content_type = content_type
        self._part = part
        self._buffer = bytearray()
        self._upload_id: str | None = None
        self._sent: list[StoredPart] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._upload_id is not None:
            self._media.abort_parts(self._key, self._upload_id)

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._buffer += chunk
        while len(self._buffer) >= self._part:
            self._send(bytes(self._buffer[: self._part]))
            del self._buffer[: self._part]

    def finish(self) -> int:
        """Make the object readable; returns its size."""
        if self._upload_id is None:
            self._media.write(self._key, bytes(self._buffer), content_type=self._content_type)
            return len(self._buffer)
        if self._buffer:
            self._send(bytes(self._buffer))
        size = sum(part.size for part in self._sent)
        self._media.complete_parts(self._key, self._upload_id, self._sent, size=size)
        self._upload_id = None
        return size

    def _send(self, body: bytes) -> None:
        if self._upload_id is None:
            self._upload_id = self._media.begin_parts(self._key, content_type=self._content_type, checked=False)
        self._sent.append(self._media.write_part(self._key, self._upload_id, len(self._sent) + 1, body))
