"""Frames of `parley.v1` as they come, and what is answered to each."""

import json
from typing import Any, Final

from functions.core.errors import Invalid, ParleyError, TooLarge
from functions.core.realtime.model import FRAME_LIMIT

LONGEST_ID: Final = 64

Frame = dict[str, Any]


def frame_of(body: object, *, is_base64: bool) -> Frame:
    """Read a message.

    Raises:
        Invalid: it is no JSON object with a type.
        TooLarge: it is longer than a frame may be.
    """
    if not isinstance(body, str) or is_base64:
        raise Invalid("A frame is text: a JSON object.", code="bad-frame")
    if len(body.encode(errors="surrogatepass")) > FRAME_LIMIT:
        raise TooLarge(f"A frame has at most {FRAME_LIMIT} bytes.")
    try:
        frame = json.loads(body)
    except (ValueError, RecursionError):
        frame = None
    if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
        raise Invalid("A frame is a JSON object with a `type`.", code="bad-frame")
    frame_id = frame.get("id")
    if frame_id is not None and not (isinstance(frame_id, str) and 0 < len(frame_id) <= LONGEST_ID):
        raise Invalid(f"The `id` of a frame is a text of at most {LONGEST_ID} characters.", code="bad-frame")
    return frame


def id_of(body: object) -> str | None:
    """Return what the sender calls a message, as far as that can be read."""
    try:
        frame = json.loads(body) if isinstance(body, str) and len(body) <= FRAME_LIMIT else None
    except (ValueError, RecursionError):
        return None
    frame_id = frame.get("id") if isinstance(frame, dict) else None
    return frame_id if isinstance(frame_id, str) and len(frame_id) <= LONGEST_ID else None


def error_of(error: ParleyError) -> Frame:
    """Return what is answered instead of doing as a frame says."""
    return {"type": "error", "code": error.code, "detail": error.detail, **error.facts}
