"""A stored JSON result as an answer."""

from typing import Final

from fastapi import Response
from fastapi.responses import RedirectResponse

from functions.core.recordings.media import Media, source_key
from functions.core.recordings.model import Recording

ANSWER_BYTES: Final = 4 * 1024**2
"""What an answer may hold of an object. A Lambda answers 6 MB as JSON text; quotes and non-Latin letters grow."""


def source_answer(media: Media, recording: Recording) -> RedirectResponse:
    """Answer with where a recording's own bytes are, under its own name, by ranges too."""
    url = media.download_url(
        source_key(recording),
        filename=recording.filename,
        content_type=recording.media_type or recording.content_type,
    )
    return RedirectResponse(url, 307)


def answer_with(media: Media, key: str, *, filename: str) -> Response:
    """Answer with a result, or where it is too large for an answer, with a signed address to fetch it from."""
    body = media.read(key)
    if len(body) <= ANSWER_BYTES:
        return Response(body, media_type="application/json")
    return RedirectResponse(media.download_url(key, filename=filename, content_type="application/json"), 307)
