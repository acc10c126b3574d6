"""AWS clients, made once per process and service; where they point is said by AWS's own variables."""

import os
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, overload

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from types_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient
    from types_boto3_bedrock_runtime import BedrockRuntimeClient
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodbstreams import DynamoDBStreamsClient
    from types_boto3_events import EventBridgeClient
    from types_boto3_kms import KMSClient
    from types_boto3_s3 import S3Client
    from types_boto3_sesv2 import SESV2Client
    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient


# Longer than the longest poll of a queue (20 s).
_READ_SECONDS: Final = 30
# A language model is silent until its whole answer stands, and who asks it has a patience of its own.
_MODEL_SECONDS: Final = 180
# Figures are for show: who asks for them can do without, and does not wait.
_FIGURES_SECONDS: Final = 3
# Whoever is not told now reads it later.
_TOLD_SECONDS: Final = 3
_ASKED_ONCE: Final = {
    "apigatewaymanagementapi": _TOLD_SECONDS,
    "bedrock-runtime": _MODEL_SECONDS,
    "cloudwatch": _FIGURES_SECONDS,
}
# A search reads many blocks at once. A connection is made when there is none to spare.
_CONNECTIONS: Final = {"s3": 32}


@overload
def client(service: Literal["apigatewaymanagementapi"], endpoint_url: str) -> "ApiGatewayManagementApiClient": ...
@overload
def client(service: Literal["bedrock-runtime"], *, region: str | None = None) -> "BedrockRuntimeClient": ...
@overload
def client(service: Literal["cloudwatch"]) -> "CloudWatchClient": ...
@overload
def client(service: Literal["dynamodb"]) -> "DynamoDBClient": ...
@overload
def client(service: Literal["dynamodbstreams"]) -> "DynamoDBStreamsClient": ...
@overload
def client(service: Literal["events"]) -> "EventBridgeClient": ...
@overload
def client(service: Literal["kms"]) -> "KMSClient": ...
@overload
def client(service: Literal["s3"], endpoint_url: str | None = None) -> "S3Client": ...
@overload
def client(service: Literal["sesv2"]) -> "SESV2Client": ...
@overload
def client(service: Literal["sns"]) -> "SNSClient": ...
@overload
def client(service: Literal["sqs"]) -> "SQSClient": ...
@cache
def client(service: str, endpoint_url: str | None = None, *, region: str | None = None) -> Any:
    """Return the process's client of an AWS service; clients are thread-safe and dear to make."""
    elsewhere = endpoint_url or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    config = Config(
        connect_timeout=3,
        read_timeout=_ASKED_ONCE.get(service, _READ_SECONDS),
        max_pool_connections=_CONNECTIONS.get(service, 10),
        retries={"mode": "standard", "total_max_attempts": 1 if service in _ASKED_ONCE else 4},
        signature_version="v4" if service != "s3" else "s3v4",
        # "auto" signs for the global address, which redirects to a new bucket's region: a form can't follow.
        s3={"addressing_style": "auto" if elsewhere else "virtual"},
    )
    return boto3.client(  # type: ignore[call-overload]
        service, config=config, endpoint_url=endpoint_url, region_name=region
    )
