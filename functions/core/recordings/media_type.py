"""What a file is, by its content and not by its name.

Doubt is in the file's favour: FFmpeg reads far more than any list of signatures, and the worker has the last word.
Refused here is what is surely something else.
"""

from typing import Final

import puremagic

from functions.core.recordings.model import MEDIA_TYPES, UNKNOWN_MEDIA_TYPE

SNIFFED_BYTES: Final = 8192
"""Enough for every signature that we know; an S3 range request costs the same for one byte."""

_ALSO_MEDIA: Final = {"application/ogg": "audio/ogg", "application/x-matroska": "video/x-matroska"}
_SURE: Final = 0.4
"""puremagic gives 0.1 for each byte of a signature; shorter ones than 4 bytes are met by chance."""


def media_type_of(head: bytes, *, announced: str) -> str:
    """Return the media type of a file that begins with `head`.

    Where the content says nothing, the announced type stands; so it does where it is one of several that fit.
    """
    found = [_ALSO_MEDIA.get(one, one) for one in _matches(head)]
    media = [one for one in found if one.startswith(MEDIA_TYPES)]
    if media:
        return announced if announced in media else media[0]
    if found:
        return found[0]
    return "text/plain" if _is_text(head) else announced


def is_surely_no_media(media_type: str) -> bool:
    """Tell whether a type found by `media_type_of` can't be a recording."""
    return not media_type.startswith(MEDIA_TYPES) and media_type not in {UNKNOWN_MEDIA_TYPE, *_ALSO_MEDIA}


def _matches(head: bytes) -> list[str]:
    try:
        # Without the name: puremagic would believe it.
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):  # nothing known; an empty file
        return []
    return [str(match.mime_type) for match in found if match.mime_type and match.confidence >= _SURE]


def _is_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) and b"\x00" in head[:8]:
        return True  # UTF-16 with its mark
    try:
        # A character may be cut in two at the end of what we read.
        text = head[:-3].decode() if len(head) == SNIFFED_BYTES else head.decode()
    except UnicodeDecodeError:
        return False
    return not any(c < " " and c not in "\t\n\r\f\x1b" for c in text)
