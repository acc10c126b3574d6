"""HTTP requests as the events that API Gateway's HTTP APIs send (payload 2.0), and their answers as HTTP.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

Event = dict[str, Any]

_TEXT: Final = ("text/", "application/json", "application/javascript", "application/xml")
"""What API Gateway hands over as text; everything else, forms too, comes as base64."""

_OURS_TO_SET: Final = {"connection", "content-length", "keep-alive", "transfer-encoding"}


class MalformedAnswer(ValueError):
    """What API Gateway makes a 500 of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What arrived."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    client: str
    scheme: str
    http_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return a header's first value."""
        return next((value for key, value in self.headers if key == name), None)


def to_event(
    request: Request, *, route_key: str, parameters: Mapping[str, str], request_id: str, now: datetime
) -> Event:
    """Build the event of a request."""
    headers, cookies = _headers_and_cookies(request)
    body, is_base64 = _body(request.body, headers.get("content-type", ""))
    query = _joined(parse_qsl(request.query, keep_blank_values=True))
    host = headers.get("host", "localhost")
    return {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": request.path,
        "rawQueryString": request.query,
        **({"cookies": cookies} if cookies else {}),
        "headers": headers,
        **({"queryStringParameters": query} if query else {}),
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": host.rpartition(":")[0] or host,
            "domainPrefix": host.split(".")[0].split(":")[0],
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": f"HTTP/{request.http_version}",
                "sourceIp": request.client,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": request_id,
            "routeKey": route_key,
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now.timestamp() * 1000),
        },
        **({"pathParameters": dict(parameters)} if parameters else {}),
        **({"body": body} if request.body else {}),
        "isBase64Encoded": is_base64,
    }


def to_answer(result: Any) -> Answer:
    """Read what a function answered.

    Raises:
        MalformedAnswer: it is no HTTP answer.
    """
    if not isinstance(result, dict) or "statusCode" not in result:
        # The short form: whatever it is, is the body.
        body = result if isinstance(result, str) else json.dumps(result)
        return Answer(status=200, headers=(("content-type", "application/json"),), body=body.encode())
    try:
        headers = [(name.lower(), _header_text(value)) for name, value in (result.get("headers") or {}).items()]
        cookies = [("set-cookie", str(cookie)) for cookie in result.get("cookies") or []]
        text = result.get("body") or ""
        body = text if isinstance(text, str) else json.dumps(text)
        if body and not any(name == "content-type" for name, _ in headers):
            headers.append(("content-type", "text/plain;charset=UTF-8"))
        kept = [(name, value) for name, value in headers if name not in _OURS_TO_SET]
        return Answer(
            status=_status(result["statusCode"]),
            headers=(*kept, *cookies),
            body=base64.b64decode(body, validate=True) if result.get("isBase64Encoded") else body.encode(),
        )
    except (AttributeError, TypeError, ValueError, binascii.Error) as error:
        raise MalformedAnswer(str(error)) from error


def _headers_and_cookies(request: Request) -> tuple[dict[str, str], list[str]]:
    cookies = [
        cookie.strip()
        for name, value in request.headers
        if name == "cookie"
        for cookie in value.split(";")
        if cookie.strip()
    ]
    forwarded = [
        ("x-forwarded-for", request.client),
        ("x-forwarded-port", _port_of(request)),
        ("x-forwarded-proto", request.scheme),
    ]
    # The gateway's own word replaces the client's, except that addresses are added to those it names.
    kept = [(n, v) for n, v in request.headers if n not in {"cookie", "x-forwarded-port", "x-forwarded-proto"}]
    return _joined([*kept, *forwarded]), cookies


def _port_of(request: Request) -> str:
    host = dict(request.headers).get("host", "")
    return host.rpartition(":")[2] if ":" in host else {"https": "443"}.get(request.scheme, "80")


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _body(body: bytes, content_type: str) -> tuple[str, bool]:
    if not body:
        return "", False
    if content_type.strip().lower().startswith(_TEXT):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def _status(status: Any) -> int:
    number = int(status)
    if not 100 <= number <= 599:
        raise MalformedAnswer(f"statusCode {status}")
    return number


def _header_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
