"""What S3 does by itself and the emulator does not: deletes objects when their time by the bucket's rules is over."""

import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from functions.core.observability import log
from infra.local.resources.aws import Aws

EVERY: Final = timedelta(hours=1)


class Expiry:
    """Looks through all buckets, in a thread, at once and every hour."""

    def __init__(self, aws: Aws, *, every: timedelta = EVERY) -> None:
        self._aws = aws
        self._every = every
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="expiry", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Look through nothing more."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                expire(self._aws, now=datetime.now(UTC))
            except (BotoCoreError, ClientError) as error:
                log.error("objects could not be expired", reason=str(error))
            self._stopping.wait(self._every.total_seconds())


def expire(aws: Aws, *, now: datetime) -> int:
    """Delete what is over by its bucket's rules, as S3 would; returns how many objects and versions went."""
    buckets = [bucket["Name"] for bucket in aws.s3.list_buckets()["Buckets"]]
    return sum(_expire(aws, bucket, rule, now) for bucket in buckets for rule in _rules(aws, bucket))


def _rules(aws: Aws, bucket: str) -> list[Mapping[str, Any]]:
    try:
        rules: list[Any] = aws.s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchLifecycleConfiguration":
            return []
        raise
    return [rule for rule in rules if rule["Status"] == "Enabled"]


def _expire(aws: Aws, bucket: str, rule: Mapping[str, Any], now: datetime) -> int:
    days = rule.get("Expiration", {}).get("Days")
    earlier_days = rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays")
    gone = 0
    for key, versions in _by_key(aws, bucket, _prefix(rule)).items():
        for version, replaced_at in _with_ends(versions):
            is_current = replaced_at is None
            since: datetime = version["LastModified"] if replaced_at is None else replaced_at
            kept = days if is_current else earlier_days
            if kept is None or now < _midnight_after(since + timedelta(days=kept)):
                continue
            if not _has_tags(aws, bucket, key, version, rule):
                continue
            # As in S3: what is current gets a marker, and is an earlier version from then on.
            aws.s3.delete_object(Bucket=bucket, Key=key, **({} if is_current else {"VersionId": version["VersionId"]}))
            gone += 1
    return gone


def _by_key(aws: Aws, bucket: str, prefix: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for page in aws.s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        both: list[Any] = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        for one in both:
            found.setdefault(one["Key"], []).append(one)
    return found


def _with_ends(versions: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], datetime | None]]:
    """Yield each version that is no marker, and since when it is not the current one; None: it is."""
    newest_first = sorted(versions, key=lambda one: (one["IsLatest"], one["LastModified"]), reverse=True)
    replaced_at = None
    for version in newest_first:
        if "ETag" in version:
            yield version, replaced_at
        replaced_at = version["LastModified"]


def _midnight_after(moment: datetime) -> datetime:
    """Return the midnight to which S3 rounds up (UTC)."""
    midnight = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight if midnight == moment else midnight + timedelta(days=1)


def _has_tags(aws: Aws, bucket: str, key: str, version: Mapping[str, Any], rule: Mapping[str, Any]) -> bool:
    wanted = _tags(rule)
    if not wanted:
        return True
    answer = aws.s3.get_object_tagging(Bucket=bucket, Key=key, VersionId=version["VersionId"])
    return wanted.items() <= {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}.items()


def _prefix(rule: Mapping[str, Any]) -> str:
    where = rule.get("Filter", {})
    return str(where.get("And", where).get("Prefix", ""))


def _tags(rule: Mapping[str, Any]) -> dict[str, str]:
    where = rule.get("Filter", {})
    both = [where["Tag"]] if "Tag" in where else where.get("And", {}).get("Tags", [])
    return {tag["Key"]: tag["Value"] for tag in both}
