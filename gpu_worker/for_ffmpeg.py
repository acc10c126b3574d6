"""Files as FFmpeg is given them."""

from typing import BinaryIO


class ForFFmpeg:
    """A file without its name, which FFmpeg would take as a hint, and whose impossible seeks are its own affair."""

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.read
        self.tell = file.tell
        self._seek = file.seek

    def seek(self, offset: int, whence: int) -> int:
        """Go to a place; -1: there is none."""
        try:
            return self._seek(offset, whence)
        except (OSError, ValueError):
            return -1
