"""Errors as `application/problem+json` (RFC 9457); the only place where a meaning becomes an HTTP status."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from functions.api.openai_errors import envelope_response, invalid_response, speaks_openai
from functions.core import errors
from functions.core.observability import log

MEDIA_TYPE: Final = "application/problem+json"

STATUS_OF: Final[dict[type[errors.ParleyError], int]] = {
    errors.NotKnown: 401,
    errors.Refused: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.TooLarge: 413,
    errors.Invalid: 422,
    errors.TooMany: 429,
    errors.Unavailable: 503,
}

TITLES: Final = {
    400: "The request cannot be read",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Not possible now",
    410: "No longer there",
    413: "Too large",
    422: "The request is not valid",
    429: "Too many requests",
    500: "Internal error",
    503: "Temporarily unavailable",
}


class FieldProblem(BaseModel):
    """One thing wrong with a request."""

    pointer: str = Field(description="Where, as a JSON pointer into the request", examples=["/body/filename"])
    detail: str = Field(description="What is wrong there")


class Problem(BaseModel):
    """What every error looks like (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="A name for this kind of problem", examples=["/problems/not-found"])
    title: str
    status: int
    detail: str = Field(description="What happened, for people")
    code: str = Field(description="What happened, for programs", examples=["not-found"])
    request_id: str = Field(description="Name it when you ask for help")
    errors: list[FieldProblem] = Field(default=[], description="Each thing wrong with the request")


def status_of(error: errors.ParleyError) -> int:
    """Return the HTTP status of an error's meaning."""
    return next(STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF)


def problems(*kinds: type[errors.ParleyError]) -> dict[int | str, dict[str, Any]]:
    """Return what a route must say about its errors in the document."""
    return {STATUS_OF[kind]: {"description": TITLES[STATUS_OF[kind]], "content": CONTENT} for kind in kinds}


CONTENT: Final = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
"""What the document says of a problem's body."""


def problem_response(
    status: int, detail: str, code: str, *, headers: dict[str, str] | None = None, **facts: Any
) -> JSONResponse:
    """Return an answer that says what went wrong."""
    body = Problem(
        type=f"/problems/{code}",
        title=TITLES.get(status, "Error"),
        status=status,
        detail=detail,
        code=code,
        request_id=log.request_id() or "",
        **facts,
    )
    content = body.model_dump(mode="json", exclude_defaults=True)
    return JSONResponse(content, status, headers=headers, media_type=MEDIA_TYPE)


def error_response(
    path: str, status: int, detail: str, code: str, *, headers: dict[str, str] | None = None, **facts: Any
) -> JSONResponse:
    """Return an answer that says what went wrong as callers of `path` expect it."""
    if speaks_openai(path):
        return envelope_response(status, detail, code, param=facts.get("param"), headers=headers)
    return problem_response(status, detail, code, headers=headers, **facts)


MethodsOf = Callable[[str], set[str]]
"""Says which methods a path takes."""


def answer_problems(app: FastAPI, methods_of: MethodsOf) -> None:
    """Make every error of an app a problem, and on OpenAI's paths an envelope."""
    app.state.methods_of = methods_of
    app.add_exception_handler(errors.ParleyError, _answer_ours)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_http)


async def _answer_ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, errors.ParleyError)
    status = status_of(error)
    # RFC 9110, 11.6.1: a 401 says how to authenticate.
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if "retry_after" in error.facts:
        headers["Retry-After"] = str(error.facts["retry_after"])
    return error_response(request.url.path, status, error.detail, error.code, headers=headers, **error.facts)


async def _answer_invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    if speaks_openai(request.url.path):
        return invalid_response(error.errors())
    found = [FieldProblem(pointer=_pointer(one["loc"]), detail=_said(one)) for one in error.errors()]
    return problem_response(422, "What was sent is not valid; `errors` says what and where.", "invalid", errors=found)


async def _answer_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status, path = error.status_code, request.url.path
    match status:
        case 404:
            return error_response(path, status, f"There is nothing at {path}.", "not-found")
        case 405:
            # Starlette names the methods of the first route that fits; RFC 9110 (15.5.6) wants all of the path's.
            allowed = ", ".join(sorted(request.app.state.methods_of(path)))
            detail = f"{path} takes {allowed}, not {request.method}."
            return error_response(path, status, detail, "method-not-allowed", headers={"Allow": allowed})
        case _:
            return error_response(path, status, str(error.detail), "unreadable" if status == 400 else "http-error")


def _said(found: Mapping[str, Any]) -> str:
    # Of a secret, pydantic counts "items".
    context = found.get("ctx", {})
    match found["type"]:
        case "too_short" if context.get("field_type") == "Value":
            return f"should have at least {context['min_length']} characters"
        case "too_long" if context.get("field_type") == "Value":
            return f"should have at most {context['max_length']} characters"
        case "value_error":
            return str(context.get("error", found["msg"]))
    return str(found["msg"])


def _pointer(location: tuple[int | str, ...]) -> str:
    # RFC 6901
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)
