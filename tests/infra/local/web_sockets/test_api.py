import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.errors import CannotRun
from infra.local.naming import Names, Place
from infra.local.web_sockets.api import SocketRoute, WebSocketApi, read_web_socket_api
from tests.infra.local.web_sockets.house import ARN, ROUTES, an_api

FUNCTION_URI = (
    "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Talk.Arn}/invocations"
)


def resources() -> dict[str, Any]:
    """A template's resources with everything that is read, and an HTTP API beside it."""

    def route(key: str, **more: str) -> dict[str, Any]:
        target = {"Fn::Sub": "integrations/${Integration}"}
        properties = {"ApiId": {"Ref": "Api"}, "RouteKey": key, "Target": target, **more}
        return {"Type": "AWS::ApiGatewayV2::Route", "Properties": properties}

    statement = {
        "Effect": "Allow",
        "Action": ["execute-api:ManageConnections"],
        "Resource": {"Fn::Sub": "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/ws/POST/@connections/*"},
    }
    return {
        "HttpApi": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": {"paths": {}}}},
        "HttpStage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": {"Ref": "HttpApi"}, "StageName": "$default", "Whatever": 1},
        },
        "Api": {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {"ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.type"},
        },
        "Stage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": {"Ref": "Api"}, "StageName": "ws", "AutoDeploy": True, "DefaultRouteSettings": {}},
        },
        "Integration": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": {"Fn::Sub": FUNCTION_URI},
            },
        },
        "Connect": route("$connect"),
        "Default": route("$default", RouteResponseSelectionExpression="$default"),
        "Silent": route("silent", RouteResponseSelectionExpression="$default"),
        "Response": {
            "Type": "AWS::ApiGatewayV2::RouteResponse",
            "Properties": {"ApiId": {"Ref": "Api"}, "RouteId": {"Ref": "Default"}, "RouteResponseKey": "$default"},
        },
        "Talk": {"Type": "AWS::Lambda::Function", "Properties": {}},
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"Policies": [{"PolicyDocument": {"Statement": [statement]}}]},
        },
        "OtherRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "Policies": [{"PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}}}]
            },
        },
    }


def read(changed: dict[str, Any]) -> WebSocketApi | None:
    names = Names(
        {"Resources": changed}, {}, Place(stack="parley", region="eu-central-1", account_id="0", api_url="http://x:1")
    )
    return read_web_socket_api(
        lambda kind: [(name, each["Properties"]) for name, each in changed.items() if each["Type"] == kind], names
    )


def test_everything_is_read_from_the_template() -> None:
    assert read(resources()) == WebSocketApi(
        id="local",
        stage="ws",
        arn=ARN,
        selection=("type",),
        routes={
            "$connect": SocketRoute(key="$connect", function="Talk"),
            "$default": SocketRoute(key="$default", function="Talk", is_answered=True),
            # It asks for a response, and none is described.
            "silent": SocketRoute(key="silent", function="Talk"),
        },
        managers={"arn:aws:iam::0:role/parley-Role": (f"{ARN}/POST/@connections/*",)},
    )


def test_a_template_need_not_have_one() -> None:
    without = {name: each for name, each in resources().items() if name in {"HttpApi", "HttpStage"}}
    assert read(without) is None


@pytest.mark.parametrize(
    ("logical_id", "changes", "complaint"),
    [
        ("Api", {"ApiKeySelectionExpression": "x"}, "Api has ApiKeySelectionExpression"),
        ("Api", {"RouteSelectionExpression": "$request.header.x"}, "Api selects routes by"),
        ("Stage", {"StageVariables": {}}, "Stage has StageVariables"),
        ("Stage", {"AutoDeploy": False}, "Stage deploys nothing"),
        ("Stage", {"ApiId": {"Ref": "HttpApi"}}, "Api has 0 stages"),
        ("Integration", {"IntegrationType": "HTTP_PROXY"}, "Integration is no AWS_PROXY"),
        ("Integration", {"ContentHandlingStrategy": "CONVERT_TO_BINARY"}, "Integration has ContentHandlingStrategy"),
        ("Connect", {"AuthorizationType": "AWS_IAM"}, "Connect has AuthorizationType"),
        ("Response", {"ResponseModels": {}}, "Response has ResponseModels"),
        ("HttpApi", {"ProtocolType": "WEBSOCKET"}, "two WebSocket APIs"),
    ],
)
def test_what_would_be_skipped_in_silence_stops_the_start(
    logical_id: str, changes: dict[str, Any], complaint: str
) -> None:
    changed = resources()
    changed[logical_id]["Properties"] |= changes
    with pytest.raises(CannotRun, match=complaint):
        read(changed)


@pytest.mark.parametrize("changes", [{"Effect": "Deny"}, {"Condition": {}}, {"NotResource": "*"}])
def test_a_policy_that_cannot_be_judged_stops_the_start(changes: dict[str, Any]) -> None:
    changed = resources()
    (policy,) = changed["Role"]["Properties"]["Policies"]
    policy["PolicyDocument"]["Statement"][0] |= changes
    with pytest.raises(CannotRun, match="Role rules execute-api:ManageConnections"):
        read(changed)


@pytest.mark.parametrize("action", ["execute-api:*", "*", "execute-api:manageconnections", "execute-api:Manage*"])
def test_actions_are_matched_as_iam_does(action: str) -> None:
    changed = resources()
    (policy,) = changed["Role"]["Properties"]["Policies"]
    policy["PolicyDocument"]["Statement"][0]["Action"] = action
    api = read(changed)
    assert api is not None
    assert set(api.managers) == {"arn:aws:iam::0:role/parley-Role"}


@pytest.mark.parametrize(
    ("pattern", "methods"),
    [
        (f"{ARN}/POST/@connections/*", {"POST"}),
        (f"{ARN}/?O*/@connections/*", {"POST"}),
        (f"{ARN}/*", {"POST", "GET", "DELETE"}),
        ("*", {"POST", "GET", "DELETE"}),
        (f"{ARN}/POST/@connections", set()),
        ("arn:aws:execute-api:eu-central-1:0:local/other/*", set()),
        ("arn.aws.execute-api.*", set()),
    ],
)
def test_resources_are_matched_as_iam_does(pattern: str, methods: set[str]) -> None:
    api = an_api(managers={"role": (pattern,)})
    assert {method for method in ("POST", "GET", "DELETE") if api.may_manage("role", method)} == methods
    assert not api.may_manage("another", "POST")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('{"type":"silent"}', "silent"),
        ('{"type":"unknown"}', "$default"),
        ('{"type":"$connect"}', "$default"),
        ('{"type":"$disconnect"}', "$default"),
        ('{"type":1}', "$default"),
        ("[1]", "$default"),
        ("", "$default"),
        ("[" * 100_000, "$default"),
    ],
)
def test_a_message_names_its_route(text: str, key: str) -> None:
    route = an_api().route_of(text)
    assert route is not None
    assert route.key == key


def test_a_route_may_stand_deeper() -> None:
    route = an_api(selection=("a", "b")).route_of('{"a":{"b":"silent"}}')
    assert route == ROUTES["silent"]


_JSON = st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner))


@given(_JSON.map(json.dumps) | st.text())
def test_no_message_is_a_handshake_or_an_end(text: str) -> None:
    route = an_api().route_of(text)
    assert route is not None
    assert route.key in {"$default", "silent"}
