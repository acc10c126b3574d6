"""A bucket in memory. `tests/contracts/test_media.py` holds it and S3 to the same tests."""

import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import parse_qs
from uuid import uuid4

from functions.core.errors import Conflict, NotFound
from functions.core.recordings.media import CHECKSUM_HEADER, Stored, StoredPart, UploadForm, UploadRequest, source_key
from functions.core.recordings.model import Recording


def checksum_of(body: bytes) -> str:
    return b64encode(hashlib.sha256(body).digest()).decode()


@dataclass
class FakeParts:
    """An upload in parts that goes on."""

    key: str
    content_type: str
    checked: bool
    brief: bool = False
    parts: dict[int, bytes] = field(default_factory=dict)

    def stored(self) -> list[StoredPart]:
        return [
            StoredPart(
                number,
                len(body),
                f'"{hashlib.md5(body).hexdigest()}"',
                checksum_of(body) if self.checked else None,
            )
            for number, body in sorted(self.parts.items())
        ]


class FakeMedia:
    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, str]] = {}
        self.kept: set[str] = set()
        """Keys that the bucket still has a version of, be it a deleted one."""
        self.brief: set[str] = set()
        """Keys of objects that are kept for some days only."""
        self.uploads: dict[str, FakeParts] = {}
        """Those in parts that go on, by their ids."""
        self.completed: set[str] = set()

    def upload_form(self, recording: Recording, *, life: timedelta) -> UploadForm:
        fields = {"key": source_key(recording), "Content-Type": recording.content_type, **_checksum(recording)}
        return UploadForm(url="https://bucket.example/", fields=fields)

    def object_form(self, key: str, *, content_type: str, size: int, life: timedelta) -> UploadForm:
        return UploadForm(url="https://bucket.example/", fields={"key": key, "Content-Type": content_type})

    def upload_request(self, recording: Recording, *, life: timedelta) -> UploadRequest:
        headers = {"Content-Type": recording.content_type, **_checksum(recording)}
        return UploadRequest(f"https://bucket.example/{source_key(recording)}", headers)

    def begin_parts(self, key: str, *, content_type: str, checked: bool, brief: bool = False) -> str:
        upload_id = uuid4().hex
        self.uploads[upload_id] = FakeParts(key, content_type, checked, brief)
        return upload_id

    def part_request(
        self, key: str, upload_id: str, number: int, *, size: int, checksum_sha256: str | None, life: timedelta
    ) -> UploadRequest:
        url = f"https://bucket.example/{key}?partNumber={number}&uploadId={upload_id}&size={size}"
        return UploadRequest(url, {} if checksum_sha256 is None else {CHECKSUM_HEADER: checksum_sha256})

    def put(self, url: str, headers: Mapping[str, str], body: bytes) -> str:
        """Do as S3 does with a PUT to a signed address; returns the ETag."""
        key, _, signed = url.removeprefix("https://bucket.example/").partition("?")
        assert headers.get(CHECKSUM_HEADER) in {None, checksum_of(body)}, "S3 refuses it"
        if not signed:
            self.write(key, body, content_type=headers["Content-Type"])
        else:
            [number], [upload_id], [size] = parse_qs(signed).values()
            upload = self._going_on(key, upload_id)
            assert len(body) == int(size), "S3 refuses it"
            assert upload.checked is (CHECKSUM_HEADER in headers), "S3 refuses it"
            upload.parts[int(number)] = body
        return f'"{hashlib.md5(body).hexdigest()}"'

    def write_part(self, key: str, upload_id: str, number: int, body: bytes) -> StoredPart:
        upload = self._going_on(key, upload_id)
        upload.parts[number] = body
        return next(part for part in upload.stored() if part.number == number)

    def parts(self, key: str, upload_id: str) -> list[StoredPart]:
        return self._going_on(key, upload_id).stored()

    def complete_parts(self, key: str, upload_id: str, parts: Sequence[StoredPart], *, size: int) -> None:
        if upload_id in self.completed:
            return
        upload = self._going_on(key, upload_id)
        if list(parts) != upload.stored():
            raise Conflict("A part was sent again.", code="busy")
        body = b"".join(upload.parts[part.number] for part in parts)
        assert len(body) == size, "S3 refuses it"
        self.write(key, body, content_type=upload.content_type, brief=upload.brief)
        self.completed.add(upload_id)
        del self.uploads[upload_id]

    def abort_parts(self, key: str, upload_id: str) -> None:
        self.uploads.pop(upload_id, None)

    def download_url(self, key: str, *, filename: str, content_type: str) -> str:
        return f"https://bucket.example/{key}"

    def find(self, key: str) -> Stored | None:
        if key not in self.objects:
            return None
        body, content_type = self.objects[key]
        return Stored(size=len(body), content_type=content_type)

    def read(self, key: str, *, first: int | None = None) -> bytes:
        if key not in self.objects:
            raise NotFound("The bytes are not there.")
        return self.objects[key][0][:first]

    def read_range(self, key: str, start: int, end: int) -> bytes:
        return self.read(key)[start:end]

    def write(self, key: str, body: bytes, *, content_type: str, brief: bool = False) -> None:
        self.objects[key] = (body, content_type)
        self.kept.add(key)
        (self.brief.add if brief else self.brief.discard)(key)

    def remove(self, key: str) -> None:
        self.objects.pop(key, None)

    def remove_all(self, prefix: str) -> int:
        if not prefix.endswith("/"):
            raise ValueError(f"{prefix!r} does not end in '/'.")
        found = {key for key in self.kept if key.startswith(prefix)}
        self.kept -= found
        for key in found:
            self.remove(key)
        return len(found)

    def _going_on(self, key: str, upload_id: str) -> FakeParts:
        if upload_id not in self.uploads or self.uploads[upload_id].key != key:
            raise NotFound("No such upload goes on.")
        return self.uploads[upload_id]


def _checksum(recording: Recording) -> dict[str, str]:
    if recording.sha256 is None:
        return {}
    return {CHECKSUM_HEADER: b64encode(bytes.fromhex(recording.sha256)).decode()}
