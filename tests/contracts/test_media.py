import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import boto3
import pytest
import requests
from botocore.stub import Stubber

from functions.core.aws import client
from functions.core.errors import Conflict, NotFound, Unavailable
from functions.core.recordings.media import (
    BRIEFLY,
    KEEP_TAG,
    Media,
    S3Media,
    Stored,
    StoredPart,
    UploadRequest,
    source_key,
)
from tests.builders import a_recording
from tests.fakes.media import FakeMedia

LEAST_PART = 5 * 1024**2
HOUR = timedelta(hours=1)
SHA256 = hashlib.sha256(b"song").hexdigest()
CHECKSUM = base64.b64encode(hashlib.sha256(b"song").digest()).decode()


def a_key() -> str:
    return f"media/usr_1/{uuid4()}/source"


def put(media: Media, request: UploadRequest, body: bytes) -> str:
    """Do as a client does; returns the ETag."""
    if isinstance(media, FakeMedia):
        return media.put(request.url, request.headers, body)
    answer = requests.put(request.url, data=body, headers=request.headers, timeout=10)
    answer.raise_for_status()
    return str(answer.headers["ETag"])


def send_part(media: Media, key: str, upload_id: str, number: int, body: bytes) -> str:
    request = media.part_request(key, upload_id, number, size=len(body), checksum_sha256=None, life=HOUR)
    return put(media, request, body)


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


def test_a_signed_form_with_a_hash_takes_those_bytes_alone() -> None:
    form = S3Media("b").upload_form(a_recording(sha256=SHA256), life=timedelta(minutes=5))

    conditions = json.loads(base64.b64decode(form.fields["policy"]))["conditions"]
    assert form.fields["x-amz-checksum-sha256"] == CHECKSUM
    assert {"x-amz-checksum-sha256": CHECKSUM} in conditions


def test_a_signed_put_names_what_s3_checks() -> None:
    request = S3Media("parley-media").upload_request(a_recording(sha256=SHA256), life=timedelta(minutes=5))

    assert request.headers == {"Content-Type": "audio/mp4", "x-amz-checksum-sha256": CHECKSUM}
    assert signed_headers(request) == {"content-length", "content-type", "host", "x-amz-checksum-sha256"}


def test_a_signed_part_names_what_s3_checks() -> None:
    media = S3Media("parley-media")

    plain = media.part_request("media/x", "up", 3, size=4, checksum_sha256=None, life=HOUR)
    checked = media.part_request("media/x", "up", 3, size=4, checksum_sha256=CHECKSUM, life=HOUR)

    assert (plain.headers, signed_headers(plain)) == ({}, {"content-length", "host"})
    assert checked.headers == {"x-amz-checksum-sha256": CHECKSUM}
    assert signed_headers(checked) == {"content-length", "host", "x-amz-checksum-sha256"}
    assert parse_qs(urlsplit(checked.url).query)["partNumber"] == ["3"]


def signed_headers(request: UploadRequest) -> set[str]:
    return set(parse_qs(urlsplit(request.url).query)["X-Amz-SignedHeaders"][0].split(";"))


def test_what_is_put_to_a_signed_address_is_there(media: Media) -> None:
    recording = a_recording(size=4, sha256=SHA256)

    put(media, media.upload_request(recording, life=HOUR), b"song")

    assert media.find(source_key(recording)) == Stored(size=4, content_type="audio/mp4")


def test_parts_are_listed_and_put_together_in_their_order(media: Media) -> None:
    key = a_key()
    first, last = bytes(LEAST_PART), b"the rest"
    upload_id = media.begin_parts(key, content_type="audio/mp4", checked=False)
    etags = [send_part(media, key, upload_id, 2, last), send_part(media, key, upload_id, 1, first)]

    parts = media.parts(key, upload_id)
    media.complete_parts(key, upload_id, parts, size=LEAST_PART + 8)

    assert parts == [StoredPart(1, LEAST_PART, etags[1]), StoredPart(2, 8, etags[0])]
    assert media.find(key) == Stored(size=LEAST_PART + 8, content_type="audio/mp4")
    assert media.read_range(key, LEAST_PART - 1, LEAST_PART + 3) == b"\x00the"


def test_an_upload_that_is_complete_may_be_completed_again(media: Media) -> None:
    key = a_key()
    upload_id = media.begin_parts(key, content_type="audio/mp4", checked=False)
    send_part(media, key, upload_id, 1, b"song")
    parts = media.parts(key, upload_id)

    for _ in range(2):
        media.complete_parts(key, upload_id, parts, size=4)

    assert media.read(key) == b"song"
    with pytest.raises(NotFound):
        media.parts(key, upload_id)


def test_a_part_that_is_sent_again_counts_as_it_came_last(media: Media) -> None:
    key = a_key()
    upload_id = media.begin_parts(key, content_type="audio/mp4", checked=False)
    for body in (b"noise", b"song"):
        send_part(media, key, upload_id, 1, body)

    media.complete_parts(key, upload_id, media.parts(key, upload_id), size=4)

    assert media.read(key) == b"song"


def test_an_upload_that_is_given_up_is_gone_and_may_be_given_up_again(media: Media) -> None:
    key = a_key()
    upload_id = media.begin_parts(key, content_type="audio/mp4", checked=False)
    send_part(media, key, upload_id, 1, b"song")

    for _ in range(2):
        media.abort_parts(key, upload_id)

    assert media.find(key) is None
    with pytest.raises(NotFound):
        media.parts(key, upload_id)


def test_a_part_that_is_not_there_as_it_was_listed_is_not_put_together(media: Media) -> None:
    key = a_key()
    upload_id = media.begin_parts(key, content_type="audio/mp4", checked=False)
    send_part(media, key, upload_id, 1, b"noise")
    listed = media.parts(key, upload_id)
    send_part(media, key, upload_id, 1, b"songs")

    with pytest.raises(Conflict):
        media.complete_parts(key, upload_id, listed, size=5)

    media.complete_parts(key, upload_id, media.parts(key, upload_id), size=5)
    assert media.read(key) == b"songs"


def test_s3_is_asked_to_check_each_part_and_the_whole_size(bucket: str) -> None:
    media, part = S3Media(bucket), StoredPart(1, 4, '"e"', CHECKSUM)
    named = {"Bucket": bucket, "Key": "media/x", "UploadId": "up"}
    listed = {"PartNumber": 1, "Size": 4, "ETag": '"e"', "ChecksumSHA256": CHECKSUM}

    with Stubber(client("s3")) as s3:
        begun = {"Bucket": bucket, "Key": "media/x", "ContentType": "audio/mp4", "ChecksumAlgorithm": "SHA256"}
        s3.add_response("create_multipart_upload", {"UploadId": "up"}, begun)
        s3.add_response("list_parts", {"Parts": [listed]}, named)
        together = {"Parts": [{"PartNumber": 1, "ETag": '"e"', "ChecksumSHA256": CHECKSUM}]}
        s3.add_response("complete_multipart_upload", {}, named | {"MultipartUpload": together, "MpuObjectSize": 4})

        assert media.begin_parts("media/x", content_type="audio/mp4", checked=True) == "up"
        assert media.parts("media/x", "up") == [part]
        media.complete_parts("media/x", "up", [part], size=4)


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


def test_parts_that_we_store_ourselves_are_put_together(media: Media) -> None:
    key = a_key()
    upload_id = media.begin_parts(key, content_type="video/mp4", checked=False, brief=True)

    parts = [media.write_part(key, upload_id, 1, bytes(LEAST_PART)), media.write_part(key, upload_id, 2, b"rest")]
    assert parts == media.parts(key, upload_id)
    media.complete_parts(key, upload_id, parts, size=LEAST_PART + 4)

    assert media.read_range(key, LEAST_PART - 1, LEAST_PART + 4) == b"\x00rest"
    assert is_brief(media, key)


def test_a_part_of_an_upload_that_does_not_go_on_is_not_found(bucket: str) -> None:
    named = {"Bucket": bucket, "Key": "media/x", "UploadId": "up", "PartNumber": 1, "Body": b"rest"}

    # moto breaks here.
    with Stubber(client("s3")) as s3:
        s3.add_client_error("upload_part", "NoSuchUpload", expected_params=named)
        for media in (S3Media(bucket), FakeMedia()):
            with pytest.raises(NotFound):
                media.write_part("media/x", "up", 1, b"rest")


@pytest.mark.parametrize("brief", [True, False])
def test_what_is_kept_briefly_says_so(media: Media, brief: bool) -> None:
    key = a_key()

    media.write(key, b"x", content_type="image/png", brief=brief)

    assert is_brief(media, key) is brief


def is_brief(media: Any, key: str) -> bool:
    if isinstance(media, FakeMedia):
        return key in media.brief
    tags = boto3.client("s3").get_object_tagging(Bucket=media._bucket, Key=key)["TagSet"]
    return bool(tags == [{"Key": KEEP_TAG, "Value": BRIEFLY}])


def test_a_form_for_an_object_takes_just_its_size_and_type_under_its_key(media: Media) -> None:
    key = f"media/usr_1/{uuid4()}/tracks/12345678"

    form = media.object_form(key, content_type="audio/webm;codecs=opus", size=4, life=HOUR)

    assert form.fields["key"] == key
    assert form.fields["Content-Type"] == "audio/webm;codecs=opus"
    if isinstance(media, FakeMedia):
        return
    policy = json.loads(base64.b64decode(form.fields["policy"]))
    assert ["content-length-range", 4, 4] in policy["conditions"]
    assert {"Content-Type": "audio/webm;codecs=opus"} in policy["conditions"]
    requests.post(form.url, data=form.fields, files={"file": b"song"}, timeout=10).raise_for_status()
    assert media.find(key) == Stored(size=4, content_type="audio/webm;codecs=opus")
