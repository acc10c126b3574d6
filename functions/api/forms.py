"""Bodies that may come as JSON or as a form, as people's tools send them."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

Body = TypeVar("Body", bound=BaseModel)

MOST_FILE_BYTES: Final = 4 * 1024**2
"""Of a file that comes with a request: a Lambda takes 6 MB, of which base64 leaves 4.5."""
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


def json_or_form(model: type[Body]) -> Callable[[Request], Awaitable[Body]]:
    """Return a dependency that reads a `model` from either kind of body."""

    async def read(request: Request) -> Body:
        return validated(model, await _fields(request))

    return read


def validated(model: type[Body], fields: object) -> Body:
    """Return a body made of `fields`; what is wrong with them is answered like any other wrong body."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        found = [one | {"loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
        raise RequestValidationError(found) from error


def documented(model: type[BaseModel]) -> dict[str, Any]:
    """Return the `openapi_extra` of a route that reads a `model` with `json_or_form`."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    kinds = ("application/json", *_FORMS[:1])
    return {"requestBody": {"required": True, "content": {kind: {"schema": schema} for kind in kinds}}}


async def _fields(request: Request) -> object:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind in _FORMS:
        return dict(await request.form())
    try:
        return json.loads(await request.body())
    except ValueError as error:
        raise RequestValidationError([{"loc": ("body",), "msg": "neither JSON nor a form", "type": "body"}]) from error
