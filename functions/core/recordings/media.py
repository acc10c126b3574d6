"""The media bucket: signed ways in and out, and what workers leave there. Keys are made of ids, never of file names."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import quote

from botocore.exceptions import ClientError

from functions.core.aws import client
from functions.core.errors import Conflict, NotFound, Unavailable
from functions.core.recordings.model import Recording

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import (
        CompletedPartTypeDef,
        DeleteMarkerEntryTypeDef,
        ObjectVersionTypeDef,
        PartTypeDef,
    )

CHECKSUM_HEADER: Final = "x-amz-checksum-sha256"
"""What S3 holds the bytes against, in base64."""

KEEP_TAG: Final = "keep"
"""The tag of objects that the bucket deletes by itself after some days (template.yaml)."""
BRIEFLY: Final = "brief"

DOWNLOAD_LIFE: Final = timedelta(hours=1)
"""How long a signed download works: a long recording is played from it by ranges."""


@dataclass(frozen=True, slots=True)
class UploadForm:
    """A signed form: send `fields` first, then the bytes as `file`, as multipart/form-data by POST to `url`."""

    url: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class UploadRequest:
    """A signed request: PUT the bytes to `url`, with these headers."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part that is there of an upload in parts."""

    number: int
    size: int
    etag: str
    checksum_sha256: str | None = None
    """In base64; None: the upload began without checksums."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What the bucket says of an object."""

    size: int
    content_type: str


class Media(Protocol):
    """Where bytes are kept."""

    def upload_form(self, recording: Recording, *, life: timedelta) -> UploadForm:
        """Sign a form that takes exactly the announced size and type, under the recording's own key."""
        ...

    def object_form(self, key: str, *, content_type: str, size: int, life: timedelta) -> UploadForm:
        """Sign a form that takes exactly one size and type, under a key."""
        ...

    def upload_request(self, recording: Recording, *, life: timedelta) -> UploadRequest:
        """Sign a PUT that takes exactly the announced size and type, under the recording's own key."""
        ...

    def begin_parts(self, key: str, *, content_type: str, checked: bool, brief: bool = False) -> str:
        """Begin an upload in parts and return its id; `checked`: each part will come with its SHA-256.

        `brief`: the object is kept for some days only.
        """
        ...

    def part_request(  # noqa: PLR0913 - what is signed
        self, key: str, upload_id: str, number: int, *, size: int, checksum_sha256: str | None, life: timedelta
    ) -> UploadRequest:
        """Sign a PUT that takes one part of exactly this size, and of this checksum (base64) where one is named."""
        ...

    def write_part(self, key: str, upload_id: str, number: int, body: bytes) -> StoredPart:
        """Store a part ourselves; raises NotFound where no such upload goes on."""
        ...

    def parts(self, key: str, upload_id: str) -> list[StoredPart]:
        """List the parts that are there; raises NotFound where no such upload goes on."""
        ...

    def complete_parts(self, key: str, upload_id: str, parts: Sequence[StoredPart], *, size: int) -> None:
        """Put parts together to an object of this size; doing it again is no error.

        Raises:
            NotFound: no such upload goes on, or one that was completed some time ago.
            Conflict: a part is not there as it was listed.
        """
        ...

    def abort_parts(self, key: str, upload_id: str) -> None:
        """Give an upload in parts up and delete them; one that does not go on is no error."""
        ...

    def download_url(self, key: str, *, filename: str, content_type: str) -> str:
        """Sign a download that arrives under `filename`."""
        ...

    def find(self, key: str) -> Stored | None:
        """Say what is stored under a key, or None."""
        ...

    def read(self, key: str, *, first: int | None = None) -> bytes:
        """Read an object, or its `first` bytes; raises NotFound."""
        ...

    def read_range(self, key: str, start: int, end: int) -> bytes:
        """Read an object from one position up to another, which is not included; raises NotFound."""
        ...

    def write(self, key: str, body: bytes, *, content_type: str, brief: bool = False) -> None:
        """Store an object; `brief`: it is kept for some days only."""
        ...

    def remove(self, key: str) -> None:
        """Delete an object; one that is not there is no error."""
        ...

    def remove_all(self, prefix: str) -> int:
        """Delete for good whatever lies or lay under a prefix, each earlier version too; returns how many there were.

        Raises:
            ValueError: the prefix does not end in "/", and might be that of a neighbour.
            Unavailable: some of it is still there.
        """
        ...


def source_key(recording: Recording) -> str:
    """Return where a recording's own bytes lie."""
    return f"{sources_of(recording.owner_id)}{recording.id}/source"


def sources_of(owner_id: str) -> str:
    """Return under which prefix the bytes of all recordings of somebody lie."""
    return f"media/{owner_id}/"


def tracks_of(recording: Recording) -> str:
    """Return under which prefix the tracks of a recorded call lie."""
    return f"{sources_of(recording.owner_id)}{recording.id}/tracks/"


def track_key(recording: Recording, unique_id: str) -> str:
    """Return where somebody's track of a recorded call lies."""
    return f"{tracks_of(recording)}{unique_id}"


def track_in(key: str) -> tuple[str, str] | None:
    """Return of which recording, and by whom, the track under a key is; None: it is none."""
    match key.split("/"):
        case ["media", _, recording_id, "tracks", unique_id]:
            return recording_id, unique_id
        case _:
            return None


def recording_id_of(key: str) -> str | None:
    """Return whose source lies under a key, or None."""
    match key.split("/"):
        case ["media", _, recording_id, "source"]:
            return recording_id
        case _:
            return None


def result_key(job_id: str, attempt: int, name: str) -> str:
    """Return where an attempt of a job leaves a result; no attempt ever writes over another's."""
    return f"{results_of(job_id, attempt)}{name}"


def checkpoint_key(job_id: str, name: str) -> str:
    """Return where a job keeps a part of unfinished work."""
    return f"{checkpoints_of(job_id)}{name}"


def checkpoints_of(job_id: str) -> str:
    """Return under which prefix the parts of a job's unfinished work lie."""
    return f"{results_of(job_id)}checkpoints/"


def results_of(job_id: str, attempt: int | None = None) -> str:
    """Return under which prefix the results of a job lie, or of one attempt."""
    return f"results/{job_id}/" if attempt is None else f"results/{job_id}/{attempt}/"


def attachment(filename: str) -> str:
    """Return the Content-Disposition of a download (RFC 6266, RFC 8187 for what is not ASCII); any name will do."""
    # A separator would make folders of it where a program trusts the name.
    name = filename.replace("/", "_").replace("\\", "_")
    plain = "".join(c if c.isascii() and c.isprintable() and c != '"' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='', errors='replace')}"


class S3Media:
    """The real one.

    `public_endpoint` is where callers reach the bucket when that is not where we do: a signed link names its host.
    """

    def __init__(self, bucket: str, *, public_endpoint: str | None = None) -> None:
        self._bucket = bucket
        self._client = client("s3")
        self._signer = client("s3", public_endpoint) if public_endpoint else self._client

    def upload_form(self, recording: Recording, *, life: timedelta) -> UploadForm:
        """Sign a form that S3 refuses to take for any other size, type or key.

        https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
        """
        fields = {"Content-Type": recording.content_type, **_checksum(recording.sha256)}
        return self._form(source_key(recording), fields, size=recording.size, life=life)

    def object_form(self, key: str, *, content_type: str, size: int, life: timedelta) -> UploadForm:
        """Sign a form that S3 refuses to take for any other size, type or key."""
        return self._form(key, {"Content-Type": content_type}, size=size, life=life)

    def upload_request(self, recording: Recording, *, life: timedelta) -> UploadRequest:
        """Sign a PUT that S3 refuses to take with any other size, type or key.

        Each header that is signed must be sent; the length is sent by every program by itself.
        """
        checksum = _checksum(recording.sha256)
        url = self._signer.generate_presigned_url(
            "put_object",
            Params={
                "Bucket": self._bucket,
                "Key": source_key(recording),
                "ContentType": recording.content_type,
                "ContentLength": recording.size,
                **_as_parameter(checksum),
            },
            ExpiresIn=int(life.total_seconds()),
        )
        return UploadRequest(url, {"Content-Type": recording.content_type, **checksum})

    def begin_parts(self, key: str, *, content_type: str, checked: bool, brief: bool = False) -> str:
        """Begin an upload in parts; S3 then wants a checksum with each part, or with none."""
        algorithm = {"ChecksumAlgorithm": "SHA256"} if checked else {}
        begun = self._client.create_multipart_upload(
            Bucket=self._bucket,
            Key=key,
            ContentType=content_type,
            **algorithm,  # type: ignore[arg-type]
            **_tags(brief=brief),  # type: ignore[arg-type]
        )
        return begun["UploadId"]

    def part_request(  # noqa: PLR0913 - what is signed
        self, key: str, upload_id: str, number: int, *, size: int, checksum_sha256: str | None, life: timedelta
    ) -> UploadRequest:
        """Sign a PUT that S3 refuses to take with any other size, number or checksum."""
        checksum = {} if checksum_sha256 is None else {CHECKSUM_HEADER: checksum_sha256}
        url = self._signer.generate_presigned_url(
            "upload_part",
            Params={
                "Bucket": self._bucket,
                "Key": key,
                "UploadId": upload_id,
                "PartNumber": number,
                "ContentLength": size,
                **_as_parameter(checksum),
            },
            ExpiresIn=int(life.total_seconds()),
        )
        return UploadRequest(url, checksum)

    def write_part(self, key: str, upload_id: str, number: int, body: bytes) -> StoredPart:
        """Store a part ourselves; raises NotFound where no such upload goes on."""
        with _going_on():
            stored = self._client.upload_part(
                Bucket=self._bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=body
            )
        return StoredPart(number=number, size=len(body), etag=stored["ETag"])

    def parts(self, key: str, upload_id: str) -> list[StoredPart]:
        """List the parts that are there; raises NotFound where no such upload goes on."""
        with _going_on():
            # One page: a thousand, of which we sign no more.
            found = self._client.list_parts(Bucket=self._bucket, Key=key, UploadId=upload_id)
        return [_stored_part(part) for part in found.get("Parts", [])]

    def complete_parts(self, key: str, upload_id: str, parts: Sequence[StoredPart], *, size: int) -> None:
        """Put parts together; S3 refuses to, where they are not of this size together. Raises NotFound."""
        with _going_on():
            self._client.complete_multipart_upload(
                Bucket=self._bucket,
                Key=key,
                UploadId=upload_id,
                MultipartUpload={"Parts": [_completed(part) for part in parts]},
                MpuObjectSize=size,
            )

    def abort_parts(self, key: str, upload_id: str) -> None:
        """Give an upload in parts up; one that does not go on is no error."""
        with suppress(NotFound), _going_on():
            self._client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload_id)

    def download_url(self, key: str, *, filename: str, content_type: str) -> str:
        """Sign a download that arrives under `filename`."""
        return self._signer.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": key,
                "ResponseContentType": content_type,
                "ResponseContentDisposition": attachment(filename),
            },
            ExpiresIn=int(DOWNLOAD_LIFE.total_seconds()),
        )

    def find(self, key: str) -> Stored | None:
        """Say what is stored under a key, or None."""
        try:
            head = self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if _is_missing(error):
                return None
            raise
        return Stored(size=head["ContentLength"], content_type=head.get("ContentType", ""))

    def read(self, key: str, *, first: int | None = None) -> bytes:
        """Read an object, or its `first` bytes; raises NotFound."""
        return self._read(key, {} if first is None else {"Range": f"bytes=0-{first - 1}"})

    def read_range(self, key: str, start: int, end: int) -> bytes:
        """Read an object from one position up to another; raises NotFound."""
        if end <= start:
            return b""  # S3 takes a range that ends before it starts for none, and sends everything
        return self._read(key, {"Range": f"bytes={start}-{end - 1}"})

    def _form(self, key: str, fields: dict[str, str], *, size: int, life: timedelta) -> UploadForm:
        form = self._signer.generate_presigned_post(
            self._bucket,
            key,
            Fields=dict(fields),
            Conditions=[*({name: value} for name, value in fields.items()), ["content-length-range", size, size]],
            ExpiresIn=int(life.total_seconds()),
        )
        return UploadForm(url=form["url"], fields=form["fields"])

    def _read(self, key: str, part: dict[str, str]) -> bytes:
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key, **part)["Body"].read()  # type: ignore[arg-type]
        except ClientError as error:
            if error.response["Error"]["Code"] == "InvalidRange":
                return b""  # an empty object has no first byte
            if _is_missing(error):
                raise NotFound("The bytes are not there.") from error
            raise

    def write(self, key: str, body: bytes, *, content_type: str, brief: bool = False) -> None:
        """Store an object; `brief`: under a tag by which the bucket deletes it after some days."""
        self._client.put_object(
            Bucket=self._bucket,
            Key=key,
            Body=body,
            ContentType=content_type,
            **_tags(brief=brief),  # type: ignore[arg-type]
        )

    def remove(self, key: str) -> None:
        """Delete an object; one that is not there is no error."""
        self._client.delete_object(Bucket=self._bucket, Key=key)

    def remove_all(self, prefix: str) -> int:
        """Delete for good whatever lies or lay under a prefix; returns how many versions there were.

        Raises:
            ValueError: the prefix does not end in "/".
            Unavailable: some of it is still there.
        """
        if not prefix.endswith("/"):
            raise ValueError(f"{prefix!r} does not end in '/'.")
        removed = 0
        while found := self._versions(prefix):
            self._remove_versions(found)
            removed += len(found)
        return removed

    def _versions(self, prefix: str) -> "list[ObjectVersionTypeDef | DeleteMarkerEntryTypeDef]":
        # At most 1,000, which is what one request deletes.
        page = self._client.list_object_versions(Bucket=self._bucket, Prefix=prefix)
        return [*page.get("Versions", []), *page.get("DeleteMarkers", [])]

    def _remove_versions(self, found: "list[ObjectVersionTypeDef | DeleteMarkerEntryTypeDef]") -> None:
        answer = self._client.delete_objects(
            Bucket=self._bucket,
            Delete={"Objects": [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found], "Quiet": True},
        )
        errors = answer.get("Errors", [])
        if errors:
            raise Unavailable(f"{len(errors)} objects could not be deleted ({errors[0].get('Code')}).")


def _tags(*, brief: bool) -> dict[str, str]:
    return {"Tagging": f"{KEEP_TAG}={BRIEFLY}"} if brief else {}


def _is_missing(error: ClientError) -> bool:
    return error.response["Error"]["Code"] in {"404", "NoSuchKey", "NotFound"}


def _checksum(sha256: str | None) -> dict[str, str]:
    return {} if sha256 is None else {CHECKSUM_HEADER: b64encode(bytes.fromhex(sha256)).decode()}


def _as_parameter(checksum: Mapping[str, str]) -> dict[str, str]:
    return {"ChecksumSHA256": checksum[CHECKSUM_HEADER]} if checksum else {}


def _stored_part(part: "PartTypeDef") -> StoredPart:
    return StoredPart(
        number=part["PartNumber"], size=part["Size"], etag=part["ETag"], checksum_sha256=part.get("ChecksumSHA256")
    )


def _completed(part: StoredPart) -> "CompletedPartTypeDef":
    # S3 wants those checksums again that came with the parts.
    checksum: CompletedPartTypeDef = {} if part.checksum_sha256 is None else {"ChecksumSHA256": part.checksum_sha256}
    return {"PartNumber": part.number, "ETag": part.etag, **checksum}


@contextmanager
def _going_on() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        match error.response["Error"]["Code"]:
            case "NoSuchUpload":
                raise NotFound("No such upload goes on.") from error
            case "InvalidPart":
                raise Conflict("A part was sent again at this moment; complete it once more.", code="busy") from error
        raise
