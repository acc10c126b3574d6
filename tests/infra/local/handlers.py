"""What the functions of small_house.yaml do."""

import json
import os
import threading
from typing import Any

import boto3
from botocore.exceptions import ClientError


def door(event: dict[str, Any], context: Any) -> Any:
    match event["rawPath"]:
        case "/slow":
            threading.Event().wait()
        case "/crash":
            os._exit(3)
        case "/raise":
            raise ValueError("as asked")
        case "/nonsense":
            return {"statusCode": "yes"}
        case "/huge":
            return "x" * (6 * 1024 * 1024 + 1)
        case "/print":
            print("a handler may print")  # noqa: T201
        case "/who":
            return {
                "pid": os.getpid(),
                "environment": dict(os.environ),
                "memory": context.memory_limit_in_mb,
                "milliseconds": context.get_remaining_time_in_millis(),
                "arn": context.invoked_function_arn,
            }
        case "/write":
            return _refusal_of(lambda: _table().put_item(Item={"pk": "x"}))
        case "/read":
            return {"item": _table().get_item(Key={"pk": event["queryStringParameters"]["pk"]}).get("Item")}
    return {"statusCode": 200, "headers": {"content-type": "application/json", "x-request-id": "mine"}, "body": "{}"}


def arrivals(event: dict[str, Any], _context: Any) -> None:
    key = event["detail"]["object"]["key"]
    _count(key)
    if "bad" in key:
        raise ValueError("as asked")


def errands(event: dict[str, Any], _context: Any) -> Any:
    for record in event["Records"]:
        _count(record["body"])
    failed = [record["messageId"] for record in event["Records"] if "bad" in record["body"]]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def changes(event: dict[str, Any], _context: Any) -> None:
    keys = [record["dynamodb"]["Keys"]["pk"]["S"] for record in event["Records"]]
    for key in keys:
        _count(key.removeprefix("watched/"))
    if any("bad" in key for key in keys):
        raise ValueError("as asked")


def talk(event: dict[str, Any], _context: Any) -> Any:
    context = event["requestContext"]
    match context["eventType"]:
        case "CONNECT":
            status = int((event.get("queryStringParameters") or {}).get("status", "200"))
            return {"statusCode": status, "headers": {"Sec-WebSocket-Protocol": "small"}}
        case "DISCONNECT":
            _count(f"{context['connectionId']} ended with {context['disconnectStatusCode']}")
            return {"statusCode": 200}
    match json.loads(event["body"]):
        case {"type": "who"}:
            return {"statusCode": 200, "body": context["connectionId"]}
        case {"type": "post", "to": to, "text": text}:
            refusal = _refusal_of(lambda: _posts().post_to_connection(ConnectionId=to, Data=text.encode()))
            return {"statusCode": 200, "body": json.dumps(refusal)}
        case {"type": "close", "to": to}:
            refusal = _refusal_of(lambda: _posts().delete_connection(ConnectionId=to))
            return {"statusCode": 200, "body": json.dumps(refusal)}
    raise ValueError("as asked")


def _count(what: str) -> None:
    _table().update_item(Key={"pk": what}, UpdateExpression="ADD calls :one", ExpressionAttributeValues={":one": 1})


def _refusal_of(action: Any) -> dict[str, str]:
    try:
        action()
    except ClientError as error:
        return {"refused": error.response["Error"]["Code"], "message": error.response["Error"]["Message"]}
    return {"refused": ""}


def _posts() -> Any:
    # ws://.../ws is where clients connect.
    return boto3.client("apigatewaymanagementapi", endpoint_url="http" + os.environ["SOCKETS_URL"].removeprefix("ws"))


def _table() -> Any:
    return boto3.resource("dynamodb").Table(os.environ["TABLE"])
