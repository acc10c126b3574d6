"""Links of the document: from what makes a thing to all that takes its name (OpenAPI 3.1, 4.8.20)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Links = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class _Made:
    """What an operation's answer names, by what other operations call it."""

    operation: str
    status: str
    names: Mapping[str, Any]


def _in_answer(pointer: str) -> str:
    return f"$response.body#/{pointer}"


def _recording(operation: str) -> _Made:
    made = _in_answer("recording/id")
    return _Made(operation, "201", {"recording_id": made, "recording_ids": [made], "ids": [made]})


MADE: Final = (
    *(
        _Made(operation, "202", {"challenge_id": _in_answer("challenge_id")})
        for operation in ("register", "send_code_again", "log_in", "ask_for_reset", "ask_for_phone")
    ),
    _Made("register", "201", {"user_id": _in_answer("user/id")}),
    _Made("make_api_key", "201", {"api_key_id": _in_answer("id")}),
    _Made("add_location", "201", {"location_id": _in_answer("id")}),
    _recording("announce_recording"),
    _recording("upload_small_recording"),
    _Made("share_recording", "201", {"share_id": _in_answer("id"), "token": _in_answer("token")}),
    _Made("start_job", "202", {"job_id": _in_answer("id")}),
    _Made("start_batch", "202", {"batch_id": _in_answer("id")}),
    _Made("add_preset", "201", {"preset_name": _in_answer("name"), "preset": _in_answer("name")}),
    _Made("make_webhook", "201", {"webhook_id": _in_answer("id")}),
    _Made("send_test_message", "202", {"delivery_id": _in_answer("id")}),
)


def link(document: dict[str, Any]) -> None:
    """Put the links into a document."""
    operations = {
        operation["operationId"]: operation for path in document["paths"].values() for operation in path.values()
    }
    for made in MADE:
        maker = operations[made.operation]
        linked = maker["responses"][made.status].setdefault("links", {})
        for name, taker in operations.items():
            if found := _link(document, maker, taker, made.names):
                linked[name] = {"operationId": name} | found


def _link(
    document: dict[str, Any], maker: dict[str, Any], taker: dict[str, Any], names: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what of `names` an operation takes, and where; nothing if it takes none, or a path lacks a name."""
    # `/webhooks/{webhook_id}/test` makes what `/webhooks/{webhook_id}/deliveries/{delivery_id}` takes.
    known = {name: f"$request.path.{name}" for name in _parameters(maker, "path")} | dict(names)
    parameters = {name: known[name] for name in _parameters(taker, "path", "query") if name in known}
    body = {name: names[name] for name in _fields(document, taker) if name in names}
    if not (body or parameters.keys() & names.keys()) or not parameters.keys() >= _parameters(taker, "path").keys():
        return {}
    return ({"parameters": parameters} if parameters else {}) | ({"requestBody": body} if body else {})


def _parameters(operation: dict[str, Any], *places: str) -> dict[str, Any]:
    return {one["name"]: one for one in operation.get("parameters", ()) if one["in"] in places}


def _fields(document: dict[str, Any], operation: dict[str, Any]) -> Iterator[str]:
    for content in operation.get("requestBody", {}).get("content", {}).values():
        yield from _properties(document, content["schema"])


def _properties(document: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    if "$ref" in schema:
        yield from _properties(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    for one in schema.get("oneOf", ()):
        yield from _properties(document, one)
    yield from schema.get("properties", ())
