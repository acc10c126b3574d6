"""The media bucket: signed ways in and out, and what workers leave there. Keys are made of ids, never of file names."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import quote

from botocore.exceptions import ClientError

from functions.core.aws import client
from functions.core.errors import NotFound, Unavailable
from functions.core.recordings.model import Recording

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import DeleteMarkerEntryTypeDef, ObjectVersionTypeDef

DOWNLOAD_LIFE: Final = timedelta(hours=1)
"""How long a signed download works: a long recording is played from it by ranges."""


@dataclass(frozen=True, slots=True)
class UploadForm:
    """A signed form: send `fields` first, then the bytes as `file`, as multipart/form-data by POST to `url`."""

    url: str
    fields: dict[str, str]


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

    def write(self, key: str, body: bytes, *, content_type: str) -> None:
        """Store an object."""
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
        form = self._signer.generate_presigned_post(
            self._bucket,
            source_key(recording),
            Fields={"Content-Type": recording.content_type},
            Conditions=[
                {"Content-Type": recording.content_type},
                ["content-length-range", recording.size, recording.size],
            ],
            ExpiresIn=int(life.total_seconds()),
        )
        return UploadForm(url=form["url"], fields=form["fields"])

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

    def _read(self, key: str, part: dict[str, str]) -> bytes:
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key, **part)["Body"].read()  # type: ignore[arg-type]
        except ClientError as error:
            if error.response["Error"]["Code"] == "InvalidRange":
                return b""  # an empty object has no first byte
            if _is_missing(error):
                raise NotFound("The bytes are not there.") from error
            raise

    def write(self, key: str, body: bytes, *, content_type: str) -> None:
        """Store an object."""
        self._client.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType=content_type)

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


def _is_missing(error: ClientError) -> bool:
    return error.response["Error"]["Code"] in {"404", "NoSuchKey", "NotFound"}
