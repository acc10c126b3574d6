"""A file that came with a request, looked at before anything is made of it."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from fastapi import UploadFile

from functions.api.forms import MOST_FILE_BYTES
from functions.core.errors import Invalid, TooLarge
from functions.core.recordings.media_type import SNIFFED_BYTES, is_surely_no_media, media_type_of
from functions.core.recordings.model import UNKNOWN_MEDIA_TYPE, is_media_type

_PLAIN_TYPE: Final = re.compile(r"[a-z0-9.+-]{1,50}/[a-z0-9.+-]{1,50}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """The bytes, and what they are called."""

    body: bytes
    filename: str
    media_type: str

    @property
    def title(self) -> str:
        """What the recording is called: the file's name without its ending."""
        return (PurePath(self.filename).stem or self.filename)[:200]

    @property
    def digest(self) -> str:
        """By what the same bytes are known again."""
        return hashlib.sha256(self.body).hexdigest()


def received(file: UploadFile, *, most_bytes: int) -> Sound:
    """Read a file.

    Raises:
        TooLarge: it does not go this way.
        Invalid: it is empty, or surely no recording.
    """
    body = file.file.read(MOST_FILE_BYTES + 1)
    if len(body) > most_bytes:
        raise TooLarge(f"A recording may have {most_bytes} bytes at most.", code="file_too_large", param="file")
    if len(body) > MOST_FILE_BYTES:
        raise TooLarge("This way takes 4 MB at most; use POST /v1/recordings.", code="file_too_large", param="file")
    if not body:
        raise Invalid("The file is empty.", code="audio_too_short", param="file")
    media_type = media_type_of(body[:SNIFFED_BYTES], announced=_announced(file))
    if is_surely_no_media(media_type):
        raise Invalid(
            f"Invalid file format: it is no audio or video, its content is {media_type}.",
            code="invalid_file_format",
            param="file",
        )
    return Sound(body=body, filename=_printable(file.filename or "")[-255:] or "audio", media_type=media_type)


def _announced(file: UploadFile) -> str:
    bare = (file.content_type or "").split(";", maxsplit=1)[0].strip().lower()
    return bare if _PLAIN_TYPE.fullmatch(bare) and is_media_type(bare) else UNKNOWN_MEDIA_TYPE


def _printable(name: str) -> str:
    return "".join(char for char in name if char.isprintable()).strip()
