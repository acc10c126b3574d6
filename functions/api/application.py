"""How an app is built: the same for every door, the tests and the document."""

from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from functions.api.links import link
from functions.api.openai_errors import ErrorEnvelope, envelopes, speaks_openai
from functions.api.problems import CONTENT, MethodsOf, Problem, answer_problems, problems
from functions.api.requests import RequestMiddleware
from functions.api.services import Services
from functions.core.errors import NotKnown, Refused, TooMany
from functions.core.version import VERSION

DESCRIPTION: Final = """\
Record or upload a conversation; get its transcript and a summary in which every line names its evidence.

1. `POST /v1/auth/register`, then **Authorize** with the same name and password (or make an API key).
2. A small file: `POST /v1/uploads`. Any file: `POST /v1/recordings`, then send the bytes to the form that it answers.
3. `GET /v1/recordings/{id}` until its jobs have succeeded; then `/transcript` and `/summary`.

Errors are `application/problem+json` (RFC 9457); `X-Request-Id` names a request, yours or ours.
"""


def build_app(*routers: APIRouter, services: Services | None = None) -> FastAPI:
    """Build an app out of doors' routers. Without `services` it serves for its document alone."""
    app = FastAPI(
        title="Parley",
        version=VERSION,
        # The door `system` serves the one document of all doors.
        openapi_url=None,
        generate_unique_id_function=lambda route: route.name,
        redirect_slashes=False,
    )
    for router in routers:
        app.include_router(router)
    answer_problems(app, _methods_of(routers))
    app.add_middleware(RequestMiddleware)
    app.state.services = services
    return app


def _methods_of(routers: Sequence[APIRouter]) -> MethodsOf:
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]

    def methods_of(path: str) -> set[str]:
        # `/v1/recordings/stats` is no id: of what fits a path, the plainest is the one that answers.
        fitting = [route for route in routes if route.path_regex.match(path)]
        fewest = min((route.path.count("{") for route in fitting), default=0)
        return {method for route in fitting if route.path.count("{") == fewest for method in route.methods or ()}

    return methods_of


def document_of(app: FastAPI) -> dict[str, Any]:
    """Return the app's OpenAPI document."""
    document = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
    schemas = document["components"]["schemas"]
    for model in (Problem, ErrorEnvelope):
        definition = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(definition.pop("$defs"))
        schemas[model.__name__] = definition
    _say_problems(document)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    link(document)
    return document


def _say_problems(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if speaks_openai(path):
                _say_envelopes_of(operation)
            else:
                _say_problems_of(operation)


def _say_problems_of(operation: dict[str, Any]) -> None:
    # FastAPI documents its own form of a 422; ours are problems.
    if "422" in operation["responses"]:
        operation["responses"]["422"] = {"description": "The request is not valid", "content": CONTENT}
    if "security" in operation:
        # Whoever must show a credential can show a wrong one, one that may not, or one too often.
        operation["responses"] |= {str(status): said for status, said in problems(NotKnown, Refused, TooMany).items()}
    if "requestBody" in operation:
        operation["responses"]["400"] = {"description": "The body cannot be read", "content": CONTENT}


def _say_envelopes_of(operation: dict[str, Any]) -> None:
    # OpenAI answers with a 400 what FastAPI would answer with a 422.
    operation["responses"].pop("422", None)
    operation["responses"] |= {str(status): said for status, said in envelopes(400, 401, 403, 429).items()}
