"""Files on their way into the bucket while they are made: in memory are a part of each, and two that are sent."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Final, Self

from functions.core.jobs.ascii_video import STORED_AS, File
from functions.core.recordings.media import Media, StoredPart

PART: Final = 8 * 1024**2
"""S3 takes 10,000 parts of an object, the last of which alone may be less than 5 MB."""
AT_ONCE: Final = 2


class Outgoing:
    """The files of one attempt. What is not finished at the end of the block is given up."""

    def __init__(self, media: Media, *, key_of: Callable[[str], str], part: int = PART) -> None:
        self._media = media
        self._key_of = key_of
        self._part = part
        self._files: dict[File, _OutgoingFile] = {}
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="outgoing")
        self._room = threading.BoundedSemaphore(AT_ONCE)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give up what is unfinished."""
        self._pool.shutdown(cancel_futures=True)
        for file in self._files.values():
            file.give_up()

    def write(self, file: File, chunk: bytes) -> None:
        """Take the next bytes of a file; waits while as much is on its way as may be."""
        if file not in self._files:
            name, content_type = STORED_AS[file]
            self._files[file] = _OutgoingFile(self._media, self._key_of(name), content_type, self._send)
        self._files[file].write(chunk, self._part)

    def finish(self) -> dict[File, int]:
        """Make all files readable; returns how large they are."""
        return {file: self._files[file].finish() for file in File if file in self._files}

    def _send(self, key: str, upload_id: str, number: int, body: bytes) -> Future[StoredPart]:
        self._room.acquire()
        sent = self._pool.submit(self._media.write_part, key, upload_id, number, body)
        sent.add_done_callback(lambda _: self._room.release())
        return sent


class _OutgoingFile:
    def __init__(
        self,
        media: Media,
        key: str,
        content_type: str,
        send: Callable[[str, str, int, bytes], Future[StoredPart]],
    ) -> None:
        self._media = media
        self._key = key
        self._content_type = content_type
        self._send = send
        self._buffer = bytearray()
        self._size = 0
        self._upload_id: str | None = None
        self._parts: list[Future[StoredPart]] = []

    def write(self, chunk: bytes, part: int) -> None:
        self._buffer += chunk
        self._size += len(chunk)
        while len(self._buffer) >= part:
            self._send_part(bytes(self._buffer[:part]))
            del self._buffer[:part]

    def finish(self) -> int:
        if self._upload_id is None:
            self._media.write(self._key, bytes(self._buffer), content_type=self._content_type, brief=True)
            return self._size
        if self._buffer:
            self._send_part(bytes(self._buffer))
        stored = [sent.result() for sent in self._parts]
        self._media.complete_parts(self._key, self._upload_id, stored, size=self._size)
        self._upload_id = None
        return self._size

    def give_up(self) -> None:
        if self._upload_id is not None:
            self._media.abort_parts(self._key, self._upload_id)

    def _send_part(self, body: bytes) -> None:
        if self._upload_id is None:
            self._upload_id = self._media.begin_parts(
                self._key, content_type=self._content_type, checked=False, brief=True
            )
        for sent in self._parts:
            if sent.done():
                sent.result()  # one that has failed fails us now, not after gigabytes more
        self._parts.append(self._send(self._key, self._upload_id, len(self._parts) + 1, body))
