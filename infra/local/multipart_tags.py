"""What ministack's uploads in parts lack: the tags that they are begun with."""

import re
from typing import Any, Final
from urllib.parse import parse_qsl

from ministack.services import s3

_UPLOAD_ID: Final = re.compile(rb"<UploadId>([^<]+)</UploadId>")
_TAGS: Final = "parley_tags"


def guard_multipart_tags() -> None:
    """Have objects that are put together of parts get their tags, as S3 gives them."""
    create, complete = s3._create_multipart_upload, s3._complete_multipart_upload  # noqa: SLF001

    def create_with_tags(bucket: str, key: str, headers: dict[str, Any]) -> Any:
        answer = create(bucket, key, headers)
        found = _UPLOAD_ID.search(answer[2])
        tags = dict(parse_qsl(headers.get("x-amz-tagging", ""), keep_blank_values=True))
        if found and tags:
            s3._multipart_uploads[found[1].decode()][_TAGS] = tags  # noqa: SLF001
        return answer

    def complete_with_tags(
        bucket: str, key: str, body: bytes, query: dict[str, Any], headers: dict[str, Any] | None = None
    ) -> Any:
        upload = s3._multipart_uploads.get(s3._qp(query, "uploadId")) or {}  # noqa: SLF001
        answer = complete(bucket, key, body, query, headers)
        if answer[0] == 200 and _TAGS in upload:
            version = answer[1].get("x-amz-version-id")
            s3._object_tags[bucket, key, version] = upload[_TAGS]  # noqa: SLF001
            # With what is kept of the object on disk.
            s3._persist_version_state(bucket, key, s3._buckets[bucket])  # noqa: SLF001
        return answer

    s3._create_multipart_upload = create_with_tags  # noqa: SLF001
    s3._complete_multipart_upload = complete_with_tags  # noqa: SLF001
