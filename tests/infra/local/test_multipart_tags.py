"""Tags of uploads in parts, which ministack forgets without us."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import s3

from infra.local.multipart_tags import guard_multipart_tags

BUCKET = "parts"


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    # What is guarded here is put back afterwards.
    for name in ("_create_multipart_upload", "_complete_multipart_upload"):
        monkeypatch.setattr(s3, name, getattr(s3, name))
    monkeypatch.setattr(s3, "S3_PERSIST", False)
    guard_multipart_tags()
    s3._create_bucket(BUCKET, b"", {})
    yield s3
    s3._buckets.pop(BUCKET, None)


def upload(guarded: Any, key: str, headers: dict[str, str]) -> dict[str, str]:
    """Upload one part; returns the object's tags."""
    begun = guarded._create_multipart_upload(BUCKET, key, headers)
    found = re.search(rb"<UploadId>(.+)</UploadId>", begun[2])
    assert found
    query = {"uploadId": [found[1].decode()], "partNumber": ["1"]}
    sent = guarded._upload_part(BUCKET, key, b"x", query, {})
    part = f"<Part><PartNumber>1</PartNumber><ETag>{sent[1]['ETag']}</ETag></Part>"
    body = f"<CompleteMultipartUpload>{part}</CompleteMultipartUpload>".encode()
    done = guarded._complete_multipart_upload(BUCKET, key, body, query, {})
    assert done[0] == 200
    # Once more, as after an answer that was lost.
    assert guarded._complete_multipart_upload(BUCKET, key, body, query, {})[0] == 200
    tags = re.findall(rb"<Key>(.*?)</Key><Value>(.*?)</Value>", guarded._get_object_tagging(BUCKET, key, {})[2])
    return {name.decode(): value.decode() for name, value in tags}


def test_an_object_of_parts_has_the_tags_that_it_was_begun_with(guarded: Any) -> None:
    assert upload(guarded, "a", {"x-amz-tagging": "keep=brief&who=%D0%B0%D0%BD%D0%BD%D0%B0"}) == {
        "keep": "brief",
        "who": "анна",
    }


def test_one_that_was_begun_without_tags_has_none(guarded: Any) -> None:
    assert upload(guarded, "b", {}) == {}
