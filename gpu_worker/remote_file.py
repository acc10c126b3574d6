"""An object of the bucket as a file that can seek, read by ranges and a little ahead: nothing touches the disk."""

import io
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from typing_extensions import Buffer

# A request takes 20-50 ms before its first byte; 4 MB is four minutes of the usual compressed sound.
BLOCK: Final = 4 * 1024**2
_KEPT: Final = 4

ReadRange = Callable[[int, int], bytes]
"""Returns the bytes from the first position up to the second, which is not included."""


class RemoteFile(io.RawIOBase):
    """Reads blocks when they are needed and the one after them meanwhile; keeps the few that were used last.

    Containers that keep their index at the end (MP4 as phones write it) jump there and back, which costs two requests.
    """

    def __init__(self, read_range: ReadRange, size: int, *, block: int = BLOCK) -> None:
        super().__init__()
        self._read_range = read_range
        self._size = size
        self._block = block
        self._position = 0
        self._failure: BaseException | None = None
        self._blocks: OrderedDict[int, Future[bytes]] = OrderedDict()
        self._ahead = ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-ahead")

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; beyond the end there is nothing to read, before the start is an error."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError(f"There is nothing before the start ({base + offset}).")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: Buffer) -> int:
        """Fill the buffer as far as the block in hand reaches."""
        if self.closed:
            raise ValueError("The file is closed.")
        view = memoryview(buffer).cast("B")
        if self._position >= self._size or not len(view):
            return 0
        number, inside = divmod(self._position, self._block)
        part = self._read_block(number)[inside : inside + len(view)]
        view[: len(part)] = part
        self._position += len(part)
        return len(part)

    def close(self) -> None:
        """Stop reading ahead."""
        if not self.closed:
            self._ahead.shutdown(wait=True, cancel_futures=True)
        super().close()

    def raise_failure(self) -> None:
        """Raise what a read has failed with, if one did: not every reader passes it on."""
        if self._failure is not None:
            raise self._failure

    def _read_block(self, number: int) -> bytes:
        wanted = self._ask_for(number)
        if (number + 1) * self._block < self._size:
            self._ask_for(number + 1)
        self._blocks.move_to_end(number)
        while len(self._blocks) > _KEPT:
            self._blocks.popitem(last=False)
        try:
            return wanted.result()
        except BaseException as failure:
            self._failure = failure
            self._blocks.pop(number, None)  # the next read tries again
            raise

    def _ask_for(self, number: int) -> Future[bytes]:
        if number not in self._blocks:
            start = number * self._block
            self._blocks[number] = self._ahead.submit(self._read_range, start, min(start + self._block, self._size))
        return self._blocks[number]
