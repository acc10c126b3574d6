"""Errors on OpenAI's wire: whoever calls these paths reads OpenAI's envelope, and no problem of RFC 9457.

https://platform.openai.com/docs/guides/error-codes
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

_CODES: Final = {
    401: "invalid_api_key",
    403: "insufficient_permissions",
    405: "method_not_supported",
    429: "rate_limit_exceeded",
}
_TITLES: Final = {
    400: "The request is not valid",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    413: "Too large",
    429: "Too many requests",
    500: "It could not be transcribed",
    504: "It takes longer than an answer may; the same request again goes on waiting",
}


class ErrorDetails(BaseModel):
    """What went wrong, in OpenAI's words."""

    message: str = Field(description="What happened, for people")
    type: str = Field(examples=["invalid_request_error"])
    param: str | None = Field(description="The parameter that is wrong")
    code: str | None = Field(description="What happened, for programs", examples=["model_not_found"])


class ErrorEnvelope(BaseModel):
    """What every error looks like to OpenAI's clients."""

    error: ErrorDetails


CONTENT: Final = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorEnvelope"}}}
"""What the document says of an envelope."""


def speaks_openai(path: str) -> bool:
    """Tell whether a path is one of OpenAI's."""
    return path == "/v1/models" or path.startswith(("/v1/models/", "/v1/audio/"))


def envelopes(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what a route must say about its errors in the document."""
    return {status: {"description": _TITLES[status], "content": CONTENT} for status in statuses}


def envelope_response(
    status: int, message: str, code: str, *, param: str | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return an answer that says what went wrong; OpenAI knows no 422."""
    status = 400 if status == 422 else status
    details = ErrorDetails(
        message=message, type=_type_of(status), param=param, code=_CODES.get(status, code.replace("-", "_"))
    )
    return JSONResponse(ErrorEnvelope(error=details).model_dump(), status, headers=headers)


def invalid_response(found: Sequence[Mapping[str, Any]]) -> JSONResponse:
    """Return an answer to a request whose parameters are wrong; the envelope has room for the first one."""
    first = found[0]
    param = str(first["loc"][1]) if len(first["loc"]) > 1 else None
    if first["type"] == "missing":
        return envelope_response(
            400, f"Missing required parameter: '{param}'.", "missing_required_parameter", param=param
        )
    return envelope_response(400, f"Invalid value for '{param}': {first['msg']}.", "invalid_value", param=param)


def _type_of(status: int) -> str:
    if status == 429:
        return "requests"
    return "server_error" if status >= 500 else "invalid_request_error"
