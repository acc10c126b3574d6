"""The template's WebSocket API: what is called when, and who may post to its connections."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from infra.local.errors import CannotRun
from infra.local.naming import Names
from infra.local.resources.properties import Properties, refuse_unknown

CONNECT: Final = "$connect"
DISCONNECT: Final = "$disconnect"
DEFAULT: Final = "$default"
WEBSOCKET: Final = "WEBSOCKET"

_ARN: Final = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}"
_MANAGE: Final = "execute-api:ManageConnections"
_KNOWN: Final = {
    "AWS::ApiGatewayV2::Api": {"Description", "Name", "ProtocolType", "RouteSelectionExpression", "Tags"},
    "AWS::ApiGatewayV2::Integration": {"ApiId", "Description", "IntegrationType", "IntegrationUri"},
    "AWS::ApiGatewayV2::Route": {"ApiId", "OperationName", "RouteKey", "RouteResponseSelectionExpression", "Target"},
    "AWS::ApiGatewayV2::RouteResponse": {"ApiId", "RouteId", "RouteResponseKey"},
    # Of these the local system has no use: there is one user, and he is to see his own errors.
    "AWS::ApiGatewayV2::Stage": {"ApiId", "AutoDeploy", "DefaultRouteSettings", "Description", "StageName", "Tags"},
}
_SELECTION: Final = re.compile(r"\$\{?request\.body\.([\w.]+)\}?")

Resources = Callable[[str], list[tuple[str, Properties]]]
"""All wanted resources of a type, by logical id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketRoute:
    """What is called for one kind of event."""

    key: str
    function: str
    is_answered: bool = False
    """Whether what the function returns goes back to the client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocketApi:
    """One stage of a WebSocket API."""

    id: str
    stage: str
    arn: str
    """Of the stage, as policies name it."""
    selection: tuple[str, ...]
    """Where in a message its route stands."""
    routes: Mapping[str, SocketRoute]
    managers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By role: what of `arn` it may manage."""

    def route_of(self, text: str) -> SocketRoute | None:
        """Return the route of a message; what names none, and what is no JSON, goes the default way."""
        return self.routes.get(self._key_in(text)) or self.routes.get(DEFAULT)

    def may_manage(self, role_arn: str, method: str) -> bool:
        """Tell whether a role's policy lets it use a method of @connections.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html
        """
        # AWS asks for the path as the API has it, with the variable's name.
        wanted = f"{self.arn}/{method}/@connections/{{connectionId}}"
        return any(_is_like(pattern, wanted) for pattern in self.managers.get(role_arn, ()))

    def _key_in(self, text: str) -> str:
        try:
            found: Any = json.loads(text)
        except (ValueError, RecursionError):
            return DEFAULT
        for name in self.selection:
            found = found.get(name) if isinstance(found, dict) else None
        # $connect is called by API Gateway, never by a message.
        return found if isinstance(found, str) and not found.startswith("$") else DEFAULT


def is_web_socket(api: Properties) -> bool:
    """Tell a WebSocket API from an HTTP API."""
    return api.get("ProtocolType") == WEBSOCKET


def read_web_socket_api(resources: Resources, names: Names) -> WebSocketApi | None:
    """Read the one WebSocket API, if there is one.

    Raises:
        CannotRun: it has something that would be skipped in silence.
    """
    apis = [(name, api) for name, api in resources("AWS::ApiGatewayV2::Api") if is_web_socket(api)]
    if not apis:
        return None
    (api_id, api), *others = apis
    if others:
        raise CannotRun("template.yaml: there are two WebSocket APIs, and infra/local serves one.")
    refuse_unknown(api, _KNOWN["AWS::ApiGatewayV2::Api"], of=api_id)
    reading = _Reading(resources, names)
    stage = reading.stage(api_id)
    return WebSocketApi(
        id=names.ref(api_id),
        stage=stage,
        arn=names.resolve({"Fn::Sub": f"{_ARN}:${{{api_id}}}/{stage}"}),
        selection=_selection(api["RouteSelectionExpression"], of=api_id),
        routes={route.key: route for route in reading.routes()},
        managers=dict(reading.managers()),
    )


class _Reading:
    """One pass over what belongs to the API."""

    def __init__(self, resources: Resources, names: Names) -> None:
        self._resources = resources
        self._names = names

    def stage(self, api_id: str) -> str:
        stages = [(i, s) for i, s in self._resources("AWS::ApiGatewayV2::Stage") if s["ApiId"] == {"Ref": api_id}]
        if len(stages) != 1:
            raise CannotRun(f"template.yaml: {api_id} has {len(stages)} stages, and infra/local serves one.")
        ((logical_id, properties),) = stages
        refuse_unknown(properties, _KNOWN["AWS::ApiGatewayV2::Stage"], of=logical_id)
        if not properties.get("AutoDeploy"):
            raise CannotRun(
                f"template.yaml: {logical_id} deploys nothing by itself, and infra/local knows no other way."
            )
        return str(self._names.resolve(properties["StageName"]))

    def routes(self) -> list[SocketRoute]:
        answered = {response["RouteId"] for _, response in self._all("AWS::ApiGatewayV2::RouteResponse")}
        integrations = {
            f"integrations/{self._names.ref(logical_id)}": self._function_of(logical_id, integration)
            for logical_id, integration in self._all("AWS::ApiGatewayV2::Integration")
        }
        return [
            SocketRoute(
                key=route["RouteKey"],
                function=integrations[route["Target"]],
                # Both are needed: the expression chooses a response, and there is none but the default one.
                is_answered="RouteResponseSelectionExpression" in route and self._names.ref(logical_id) in answered,
            )
            for logical_id, route in self._all("AWS::ApiGatewayV2::Route")
        ]

    def managers(self) -> list[tuple[str, tuple[str, ...]]]:
        managers = []
        for logical_id, role in self._resources("AWS::IAM::Role"):
            documents = [policy["PolicyDocument"] for policy in self._names.resolve(role.get("Policies", []))]
            statements = [each for document in documents for each in _listed(document["Statement"])]
            patterns = tuple(pattern for each in statements for pattern in _manageable(each, of=logical_id))
            if patterns:
                managers.append((self._names.arn(logical_id), patterns))
        return managers

    def _all(self, kind: str) -> list[tuple[str, Any]]:
        found = []
        for logical_id, properties in self._resources(kind):
            refuse_unknown(properties, _KNOWN[kind], of=logical_id)
            found.append((logical_id, self._names.resolve(properties)))
        return found

    def _function_of(self, logical_id: str, integration: Mapping[str, Any]) -> str:
        if integration["IntegrationType"] != "AWS_PROXY":
            raise CannotRun(f"template.yaml: {logical_id} is no AWS_PROXY, and infra/local knows no other integration.")
        arn = integration["IntegrationUri"].split("/functions/")[1].removesuffix("/invocations")
        return self._names.logical_id_of(arn)


def _selection(expression: str, *, of: str) -> tuple[str, ...]:
    found = _SELECTION.fullmatch(expression)
    if found is None:
        raise CannotRun(f"template.yaml: {of} selects routes by {expression}, which infra/local cannot read.")
    return tuple(found[1].split("."))


def _manageable(statement: Mapping[str, Any], *, of: str) -> list[str]:
    actions = [str(action) for action in _listed(statement.get("Action", []))]
    if not any(_is_like(action.lower(), _MANAGE.lower()) for action in actions):
        return []
    if statement["Effect"] != "Allow" or set(statement) - {"Sid", "Effect", "Action", "Resource"}:
        raise CannotRun(f"template.yaml: {of} rules {_MANAGE} in a way that infra/local cannot judge yet.")
    return [str(resource) for resource in _listed(statement["Resource"])]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _is_like(pattern: str, text: str) -> bool:
    """Match as IAM does: `*` is any text and `?` one character."""
    pieces = {"*": ".*", "?": "."}
    return re.fullmatch("".join(pieces.get(each, re.escape(each)) for each in pattern), text) is not None
