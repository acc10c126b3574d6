"""Clients of the AWS that the local system uses."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient
    from types_boto3_sts import STSClient


@dataclass(frozen=True)
class Aws:
    """An account, as seen with one identity."""

    session: boto3.Session
    region: str
    endpoint_url: str | None = None

    @cached_property
    def account_id(self) -> str:
        """The account's number."""
        return self.sts.get_caller_identity()["Account"]

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """Tables."""
        return self.session.client("dynamodb", region_name=self.region, endpoint_url=self.endpoint_url)

    @cached_property
    def streams(self) -> Any:
        """Tables' streams."""
        return self.session.client("dynamodbstreams", region_name=self.region, endpoint_url=self.endpoint_url)

    @cached_property
    def s3(self) -> "S3Client":
        """Buckets."""
        return self.session.client("s3", region_name=self.region, endpoint_url=self.endpoint_url)

    @cached_property
    def sqs(self) -> "SQSClient":
        """Queues."""
        # Longer than the longest poll (20 s).
        # A connection for each poll, side by side.
        config = Config(read_timeout=30, connect_timeout=3, max_pool_connections=50)
        return self.session.client("sqs", region_name=self.region, endpoint_url=self.endpoint_url, config=config)

    @cached_property
    def iam(self) -> Any:
        """Roles."""
        return self.session.client("iam", region_name=self.region, endpoint_url=self.endpoint_url)

    @cached_property
    def events(self) -> Any:
        """Rules."""
        return self.session.client("events", region_name=self.region, endpoint_url=self.endpoint_url)

    @cached_property
    def sts(self) -> "STSClient":
        """Identities."""
        return self.session.client("sts", region_name=self.region, endpoint_url=self.endpoint_url)
