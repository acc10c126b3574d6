"""The bucket's own rules on moto's S3, applied as S3 applies them."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import boto3
import pytest

from functions.core.recordings.media import S3Media
from infra.local.expiry import Expiry, expire
from infra.local.resources.aws import Aws
from tests.moto_stack import REGION, moto_stack


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with moto_stack() as names:
        yield names["MediaBucket"]


@pytest.fixture
def aws(bucket: str) -> Aws:
    return Aws(boto3.Session(), os.environ.get("AWS_DEFAULT_REGION", REGION))


def a_key(prefix: str = "results") -> str:
    return f"{prefix}/{uuid4()}/1/video.mp4"


def midnight_after(days: int) -> datetime:
    """When S3 deletes what was stored today."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=days + 1)


def test_what_is_kept_briefly_goes_at_the_midnight_after_its_time(aws: Aws, bucket: str) -> None:
    media, key = S3Media(bucket), a_key()
    media.write(key, b"x", content_type="video/mp4", brief=True)

    expire(aws, now=midnight_after(1) - timedelta(seconds=1))
    assert media.find(key) is not None

    expire(aws, now=midnight_after(1))
    assert media.find(key) is None


def test_what_was_deleted_is_gone_for_good_a_day_later(aws: Aws, bucket: str) -> None:
    media, key = S3Media(bucket), a_key()
    media.write(key, b"x", content_type="video/mp4", brief=True)
    expire(aws, now=midnight_after(1))

    expire(aws, now=midnight_after(1) + timedelta(days=1))

    assert "Versions" not in aws.s3.list_object_versions(Bucket=bucket, Prefix=key)


@pytest.mark.parametrize(("prefix", "brief"), [("results", False), ("media", True), ("media", False)])
def test_what_no_rule_is_about_stays(aws: Aws, bucket: str, prefix: str, brief: bool) -> None:
    media, key = S3Media(bucket), a_key(prefix)
    media.write(key, b"x", content_type="video/mp4", brief=brief)

    expire(aws, now=midnight_after(400))

    assert media.find(key) is not None


def test_a_version_that_was_written_over_goes_after_a_week(aws: Aws, bucket: str) -> None:
    media, key = S3Media(bucket), a_key("media")
    for body in (b"old", b"new"):
        media.write(key, body, content_type="audio/wav")

    expire(aws, now=midnight_after(6))
    assert len(aws.s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]) == 2

    expire(aws, now=midnight_after(7))
    assert media.read(key) == b"new"
    assert len(aws.s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]) == 1


def test_it_stops_when_it_shall(aws: Aws) -> None:
    expiry = Expiry(aws)
    expiry.start()
    expiry.stop()
    expiry._thread.join(10)
    assert not expiry._thread.is_alive()
