import base64
import json
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import boto3
import pytest
from botocore.stub import Stubber

from functions.core.aws import client
from functions.core.errors import NotFound, Unavailable
from functions.core.recordings.media import Media, S3Media, Stored
from tests.builders import a_recording


def a_key() -> str:
    return f"media/usr_1/{uuid4()}/source"


def test_what_was_written_is_read_back(media: Media) -> None:
    key = a_key()

    media.write(key, b"0123456789", content_type="audio/wav")

    assert media.find(key) == Stored(size=10, content_type="audio/wav")
    assert media.read(key) == b"0123456789"
    assert media.read(key, first=3) == b"012"


def test_an_empty_object_is_read_as_nothing(media: Media) -> None:
    key = a_key()

    media.write(key, b"", content_type="audio/wav")

    assert media.find(key) == Stored(size=0, content_type="audio/wav")
    assert media.read(key, first=3) == b""


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, 10, b"0123456789"),
        (0, 1, b"0"),
        (3, 7, b"3456"),
        (9, 10, b"9"),
        (8, 20, b"89"),
        (10, 20, b""),
        (30, 40, b""),
    ],
)
def test_a_range_is_read_up_to_its_end_or_that_of_the_object(
    start: int, end: int, expected: bytes, media: Media
) -> None:
    key = a_key()
    media.write(key, b"0123456789", content_type="audio/wav")

    assert media.read_range(key, start, end) == expected


def test_an_empty_range_is_nothing(media: Media) -> None:
    key = a_key()
    media.write(key, b"0123456789", content_type="audio/wav")

    assert media.read_range(key, 4, 4) == b""
    assert media.read_range(key, 0, 0) == b""


def test_what_is_not_there_is_not_found(media: Media) -> None:
    key = a_key()

    assert media.find(key) is None
    with pytest.raises(NotFound):
        media.read(key)
    with pytest.raises(NotFound):
        media.read_range(key, 0, 3)


def test_what_was_removed_is_gone_and_may_be_removed_again(media: Media) -> None:
    key = a_key()
    media.write(key, b"x", content_type="audio/wav")

    media.remove(key)
    media.remove(key)

    assert media.find(key) is None


def test_signed_addresses_name_the_buckets_region() -> None:
    media = S3Media("parley-prod-media-1-eu-central-1")

    form = media.upload_form(a_recording(), life=timedelta(minutes=5))
    link = media.download_url("media/x", filename='звонок "1".mp3', content_type="audio/mpeg")

    assert form.url == "https://parley-prod-media-1-eu-central-1.s3.eu-central-1.amazonaws.com/"
    assert link.startswith("https://parley-prod-media-1-eu-central-1.s3.eu-central-1.amazonaws.com/media/x?")
    disposition = parse_qs(urlsplit(link).query)["response-content-disposition"][0]
    assert disposition == (
        "attachment; filename=\"______ _1_.mp3\"; filename*=UTF-8''%D0%B7%D0%B2%D0%BE%D0%BD%D0%BE%D0%BA%20%221%22.mp3"
    )


def test_a_signed_form_holds_what_s3_checks() -> None:
    recording = a_recording(size=1234, content_type="audio/mp4")

    form = S3Media("b").upload_form(recording, life=timedelta(minutes=5))

    conditions = json.loads(base64.b64decode(form.fields["policy"]))["conditions"]
    assert ["content-length-range", 1234, 1234] in conditions
    assert {"Content-Type": "audio/mp4"} in conditions
    assert {"key": f"media/{recording.owner_id}/{recording.id}/source"} in conditions


def test_all_under_a_prefix_is_removed_and_nothing_beside_it(media: Media) -> None:
    owner, neighbour = f"media/usr_{uuid4()}", f"media/usr_{uuid4()}"
    keys = [f"{owner}/{number}/source" for number in range(3)]
    for key in (*keys, f"{owner}2/0/source", f"{neighbour}/0/source"):
        media.write(key, b"x", content_type="audio/wav")

    assert media.remove_all(f"{owner}/") == 3
    assert media.remove_all(f"{owner}/") == 0

    assert [media.find(key) for key in keys] == [None] * 3
    assert media.find(f"{owner}2/0/source") is not None
    assert media.find(f"{neighbour}/0/source") is not None


def test_a_prefix_that_could_be_that_of_a_neighbour_is_refused(media: Media) -> None:
    for prefix in ("media/usr_1", ""):
        with pytest.raises(ValueError, match="/"):
            media.remove_all(prefix)


@pytest.fixture
def bucket(moto_names: Mapping[str, str]) -> str:
    return moto_names["MediaBucket"]


def test_what_was_written_over_or_deleted_before_is_gone_for_good(bucket: str) -> None:
    media, prefix = S3Media(bucket), f"results/{uuid4()}/"
    for body in (b"first", b"second"):
        media.write(f"{prefix}written-over", body, content_type="text/plain")
    media.write(f"{prefix}deleted", b"x", content_type="text/plain")
    media.remove(f"{prefix}deleted")
    media.remove(f"{prefix}never-there")

    media.remove_all(prefix)

    left = boto3.client("s3").list_object_versions(Bucket=bucket, Prefix=prefix)
    assert "Versions" not in left
    assert "DeleteMarkers" not in left


def test_more_than_a_thousand_versions_are_removed(bucket: str) -> None:
    media, prefix = S3Media(bucket), f"results/{uuid4()}/"
    for number in range(1003):
        media.write(f"{prefix}{number}", b"", content_type="text/plain")

    assert media.remove_all(prefix) == 1003
    assert "Versions" not in boto3.client("s3").list_object_versions(Bucket=bucket, Prefix=prefix)


def test_what_s3_did_not_delete_is_no_success(bucket: str) -> None:
    media, prefix = S3Media(bucket), f"results/{uuid4()}/"
    media.write(f"{prefix}1", b"", content_type="text/plain")
    page = client("s3").list_object_versions(Bucket=bucket, Prefix=prefix)

    with Stubber(client("s3")) as s3:
        s3.add_response("list_object_versions", page)
        s3.add_response("delete_objects", {"Errors": [{"Key": f"{prefix}1", "Code": "AccessDenied"}]})
        with pytest.raises(Unavailable, match="AccessDenied"):
            media.remove_all(prefix)
