"""The template's tables, queues and bucket in moto's AWS, for tests that need AWS and no processes."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import boto3
from moto import mock_aws

from infra.local.resources.aws import Aws
from infra.local.settings import REPOSITORY
from infra.local.stack import make_data_only
from infra.local.template import parameter_values, read_template

REGION = "eu-central-1"


@contextmanager
def moto_stack() -> Iterator[Mapping[str, str]]:
    """Yield what `Ref` gives: names of tables and bucket, addresses of queues."""
    template = read_template(REPOSITORY / "template.yaml")
    ours = {"Stage": "test", "JwtSecretKey": "x" * 32}
    with mock_aws():
        yield make_data_only(
            Aws(boto3.Session(), os.environ.get("AWS_DEFAULT_REGION", REGION)),
            template,
            parameter_values(template, ours=ours, environ={}),
        )
