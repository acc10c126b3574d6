"""Uploads on the wire: how they are asked for, and how the bytes are to be sent."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, StringConstraints, model_validator

from functions.api.announcements import FormUpload, Sha256
from functions.core.exact_types import Truth, Whole
from functions.core.recordings.division import MOST_PARTS
from functions.core.recordings.media import StoredPart, UploadRequest
from functions.core.recordings.model import Recording
from functions.core.recordings.multipart import SentPart, SignedPart, division_of
from functions.recordings.schemas import RecordingRequest, RecordingView

Checksum = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z+/]{43}=$")]
PartNumber = Annotated[Whole, Field(ge=1)]
UploadMethod = Literal["POST", "PUT", "multipart"]


class Announcement(RecordingRequest):
    """A recording to come, and how its bytes will."""

    sha256: Sha256 | None = Field(
        default=None,
        description="Of the bytes, in hex. If you have uploaded them before, that recording is the answer; if not, the "
        "upload takes no others. Of one in parts nobody checks it: it counts as you say it",
    )
    allow_duplicate: Truth = Field(default=False, description="Make a recording even if you have uploaded these bytes")
    upload_method: UploadMethod | None = Field(
        default=None,
        description="`POST`: one form; `PUT`: one request, without a form; `multipart`: parts, which an interrupted "
        "upload goes on with. Without it: `POST` up to 64 MB, above that `multipart`",
    )
    part_checksums: Truth = Field(
        default=False,
        description="Whether every part will be sent with its SHA-256, which is named when it is signed "
        "(`POST /v1/recordings/{id}/parts`); no part is signed before",
    )


class PutUpload(BaseModel):
    """A PUT of the bytes with all `headers`, and with a Content-Length, which is the announced size."""

    method: Literal["PUT"] = "PUT"
    url: str
    headers: dict[str, str]

    @classmethod
    def of(cls, request: UploadRequest) -> Self:
        """Show a signed request."""
        return cls(url=request.url, headers=request.headers)


class PartView(BaseModel):
    """A PUT of `size` bytes with all `headers`; parts follow each other in the file without a gap."""

    number: int
    size: int
    url: str
    headers: dict[str, str]

    @classmethod
    def of(cls, part: SignedPart) -> Self:
        """Show a signed part."""
        return cls(number=part.number, size=part.size, url=part.request.url, headers=part.request.headers)


class SignedParts(BaseModel):
    """Where parts go."""

    parts: list[PartView]

    @classmethod
    def of(cls, parts: Sequence[SignedPart]) -> Self:
        """Show signed parts."""
        return cls(parts=[PartView.of(part) for part in parts])


class MultipartUpload(BaseModel):
    """Parts, each by a PUT of its own in any order, then `POST /v1/recordings/{id}/complete`.

    `parts` are the first ones, already signed; `POST /v1/recordings/{id}/parts` signs the others, and these again.
    """

    method: Literal["multipart"] = "multipart"
    part_size: int = Field(description="Bytes of each part but the last one")
    part_count: int
    parts: list[PartView]

    @classmethod
    def of(cls, recording: Recording, parts: Sequence[SignedPart]) -> Self:
        """Show an upload in parts."""
        division = division_of(recording)
        return cls(
            part_size=division.part_size,
            part_count=division.count,
            parts=[PartView.of(part) for part in parts],
        )


Upload = Annotated[FormUpload | PutUpload | MultipartUpload, Field(discriminator="method")]


class AnnouncedRecording(BaseModel):
    """The recording to come, and how to send it."""

    recording: RecordingView
    upload: Upload | None = Field(description="null: nothing is to be sent")
    duplicate: bool = Field(default=False, description="Whether it was there before this announcement")


class ReceivedRecording(BaseModel):
    """A recording that is there."""

    recording: RecordingView
    duplicate: bool = Field(default=False, description="Whether it was there before this upload")


class WantedPart(BaseModel):
    """A part to sign."""

    number: PartNumber
    checksum_sha256: Checksum | None = Field(default=None, description="Of its bytes, in base64")


class PartsRequest(BaseModel):
    """Parts to sign: either of the two."""

    numbers: list[PartNumber] | None = Field(default=None, min_length=1, max_length=MOST_PARTS)
    parts: list[WantedPart] | None = Field(default=None, min_length=1, max_length=MOST_PARTS)

    @model_validator(mode="after")
    def _names_parts_once(self) -> Self:
        if (self.numbers is None) == (self.parts is None):
            raise ValueError("name the parts as `numbers` or as `parts`")
        _refuse_twice([part.number for part in self.parts or []])
        return self

    def checksums(self) -> dict[int, str | None]:
        """Return the checksum of each part by its number."""
        if self.parts is None:
            return dict.fromkeys(self.numbers or [])
        return {part.number: part.checksum_sha256 for part in self.parts}


class StoredPartView(BaseModel):
    """A part that is there."""

    number: int
    size: int
    etag: str
    checksum_sha256: str | None = Field(description="In base64; null where parts come without")

    @classmethod
    def of(cls, part: StoredPart) -> Self:
        """Show a part."""
        return cls(number=part.number, size=part.size, etag=part.etag, checksum_sha256=part.checksum_sha256)


class PartList(BaseModel):
    """How far an upload in parts is."""

    part_size: int = Field(description="Bytes of each part but the last one")
    part_count: int
    part_checksums: bool = Field(description="Whether each part comes with its SHA-256")
    parts: list[StoredPartView] = Field(description="Those that are there")

    @classmethod
    def of(cls, recording: Recording, parts: Sequence[StoredPart]) -> Self:
        """Show what is there of a recording."""
        division = division_of(recording)
        return cls(
            part_size=division.part_size,
            part_count=division.count,
            part_checksums=recording.parts_are_checked,
            parts=[StoredPartView.of(part) for part in parts],
        )


class SentPartView(BaseModel):
    """A part as you have sent it."""

    number: PartNumber
    etag: str | None = Field(default=None, max_length=200, description="As the PUT answered it")
    checksum_sha256: Checksum | None = Field(default=None, description="Of its bytes, in base64")


class CompleteRequest(BaseModel):
    """What was sent, to be held against what arrived."""

    parts: list[SentPartView] | None = Field(default=None, max_length=MOST_PARTS)

    @model_validator(mode="after")
    def _names_parts_once(self) -> Self:
        _refuse_twice([part.number for part in self.parts or []])
        return self

    def sent(self) -> list[SentPart]:
        """Return the parts that are named."""
        return [SentPart(part.number, part.etag, part.checksum_sha256) for part in self.parts or []]


def _refuse_twice(numbers: list[int]) -> None:
    if len(set(numbers)) < len(numbers):
        raise ValueError("name each part once")
