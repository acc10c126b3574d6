"""Against the sample of AWS's documentation, and what is known of API Gateway beyond it."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.local.http_events import MalformedAnswer, Request, to_answer, to_event

NOW = datetime(2020, 3, 12, 19, 3, 58, 390_000, tzinfo=UTC)


def a_request(**changes: Any) -> Request:
    values: dict[str, Any] = {
        "method": "POST",
        "path": "/my/path",
        "query": "",
        "headers": (("host", "id.execute-api.us-east-1.amazonaws.com"),),
        "body": b"",
        "client": "192.0.2.1",
        "scheme": "https",
        "http_version": "1.1",
    }
    return Request(**{**values, **changes})


def event_of(request: Request, **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {"route_key": "$default", "parameters": {}, "request_id": "id", "now": NOW}
    return to_event(request, **{**values, **changes})


def test_the_documented_sample() -> None:
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    event = event_of(
        a_request(
            query="parameter1=value1&parameter1=value2&parameter2=value",
            headers=(
                ("host", "id.execute-api.us-east-1.amazonaws.com"),
                ("cookie", "cookie1; cookie2"),
                ("header1", "value1"),
                ("header2", "value1"),
                ("header2", "value2"),
                ("user-agent", "agent"),
                ("content-type", "text/plain"),
            ),
            body=b"Hello from Lambda",
        ),
        parameters={"parameter1": "value1"},
    )
    headers = event.pop("headers")
    assert headers["header1"] == "value1"
    assert headers["header2"] == "value1,value2"
    assert "cookie" not in headers
    assert headers["x-forwarded-for"] == "192.0.2.1"
    assert headers["x-forwarded-proto"] == "https"
    assert headers["x-forwarded-port"] == "443"
    assert event == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/my/path",
        "rawQueryString": "parameter1=value1&parameter1=value2&parameter2=value",
        "cookies": ["cookie1", "cookie2"],
        "queryStringParameters": {"parameter1": "value1,value2", "parameter2": "value"},
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": "id.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "id",
            "http": {
                "method": "POST",
                "path": "/my/path",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "agent",
            },
            "requestId": "id",
            "routeKey": "$default",
            "stage": "$default",
            "time": "12/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1583348638390 + 691200000,
        },
        "body": "Hello from Lambda",
        "pathParameters": {"parameter1": "value1"},
        "isBase64Encoded": False,
    }


def test_what_is_absent_has_no_key() -> None:
    event = event_of(a_request())
    assert not {"body", "cookies", "queryStringParameters", "pathParameters"} & set(event)


@pytest.mark.parametrize("media_type", ["application/json", "text/plain; charset=utf-8", "application/xml"])
def test_text_stays_text(media_type: str) -> None:
    event = event_of(a_request(headers=(("content-type", media_type),), body="é".encode()))
    assert (event["body"], event["isBase64Encoded"]) == ("é", False)


@pytest.mark.parametrize(
    "media_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "audio/wav"]
)
def test_everything_else_is_base64(media_type: str) -> None:
    event = event_of(a_request(headers=(("content-type", media_type),), body=b"a=1"))
    assert (event["body"], event["isBase64Encoded"]) == (base64.b64encode(b"a=1").decode(), True)


def test_text_that_is_none_is_base64() -> None:
    event = event_of(a_request(headers=(("content-type", "application/json"),), body=b"\xff"))
    assert (event["body"], event["isBase64Encoded"]) == ("/w==", True)


def test_an_empty_query_value_is_kept() -> None:
    assert event_of(a_request(query="a=&b"))["queryStringParameters"] == {"a": "", "b": ""}


def test_a_proxy_before_us_stays_named() -> None:
    event = event_of(a_request(headers=(("x-forwarded-for", "10.0.0.1"), ("x-forwarded-proto", "ftp"))))
    assert event["headers"]["x-forwarded-for"] == "10.0.0.1,192.0.2.1"
    assert event["headers"]["x-forwarded-proto"] == "https"


def test_a_full_answer() -> None:
    answer = to_answer(
        {
            "statusCode": 201,
            "headers": {"Content-Type": "application/json", "X-Number": 3, "Content-Length": "99"},
            "cookies": ["a=1; HttpOnly", "b=2"],
            "body": '{"a": "é"}',
        }
    )
    assert answer.status == 201
    assert answer.body == '{"a": "é"}'.encode()
    assert answer.headers == (
        ("content-type", "application/json"),
        ("x-number", "3"),
        ("set-cookie", "a=1; HttpOnly"),
        ("set-cookie", "b=2"),
    )


def test_a_binary_answer() -> None:
    body = base64.b64encode(b"\x00\xff").decode()
    answer = to_answer({"statusCode": 200, "body": body, "isBase64Encoded": True})
    assert answer.body == b"\x00\xff"


def test_an_answer_without_a_status_is_the_body() -> None:
    answer = to_answer({"hello": 1})
    assert (answer.status, answer.body) == (200, b'{"hello": 1}')
    assert answer.header("content-type") == "application/json"


@pytest.mark.parametrize(
    "result",
    [
        {"statusCode": "yes"},
        {"statusCode": 99},
        {"statusCode": 200, "headers": "none"},
        {"statusCode": 200, "body": "?", "isBase64Encoded": True},
    ],
)
def test_nonsense_is_no_answer(result: Any) -> None:
    with pytest.raises(MalformedAnswer):
        to_answer(result)


def test_an_answer_without_a_body_has_no_type() -> None:
    assert to_answer({"statusCode": 204}).headers == ()
