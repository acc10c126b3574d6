"""What to announce for a file name. The server looks at the content in the end; a wrong guess costs nothing."""

import mimetypes
from typing import Final

UNKNOWN: Final = "application/octet-stream"

# Python's own table without the machine's: the same answer everywhere, and `.ts` is a film, not a translation.
_TABLE: Final = mimetypes.MimeTypes()
for _suffix, _type in {
    ".amr": "audio/amr",
    ".caf": "audio/x-caf",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".mkv": "video/x-matroska",
    ".mts": "video/mp2t",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".ts": "video/mp2t",
    ".wma": "audio/x-ms-wma",
}.items():
    _TABLE.add_type(_type, _suffix)


def media_type_of(filename: str) -> str:
    """Guess from the name's ending."""
    return _TABLE.guess_type(filename)[0] or UNKNOWN
