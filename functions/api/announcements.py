"""A recording to come, as it is announced: alone or in a batch."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StringConstraints

from functions.core.accounts.model import Caller
from functions.core.errors import Invalid, TooLarge
from functions.core.exact_types import Whole
from functions.core.ids import new_id
from functions.core.jobs.options import Language
from functions.core.observability import log
from functions.core.recordings.media import UploadForm
from functions.core.recordings.model import Process, Recording, end_of_keeping, is_media_type
from functions.core.recordings.texts import printable
from functions.core.settings import Keeping, Uploads

_DATED: Final = re.compile(r"\d{4}-\d\d-\d\d")


def _in_utc(at: datetime) -> datetime:
    try:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range") from None


def _as_written(said: object) -> object:
    """Refuse what pydantic would take for seconds since 1970."""
    if isinstance(said, datetime) or (isinstance(said, str) and _DATED.match(said)):
        return said
    raise ValueError("must be a date-time, as 2026-11-21T12:00:00Z")


Moment = Annotated[datetime, BeforeValidator(_as_written), AfterValidator(_in_utc)]
FileName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255), AfterValidator(printable)
]
Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(printable)
]
ContentType = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=100, pattern=r"^[\w.+-]+/[\w.+-]+(;[ \w.+=\"-]*)?$")
]
LocationId = Annotated[str, StringConstraints(max_length=64)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$", to_lower=True)]


class ComingRecording(BaseModel):
    """A recording to come."""

    filename: FileName = Field(examples=["встреча.m4a"])
    size: Whole = Field(gt=0, description="Bytes; the upload takes exactly so many", examples=[1048576])
    content_type: ContentType = Field(description="What the upload will be sent as", examples=["audio/mp4"])
    title: Title | None = Field(default=None, description="Without it the file's name")
    location_id: LocationId | None = None
    recorded_at: Moment | None = Field(default=None, description="When it took place; UTC if not said")
    language: Language | None = Field(default=None, description="What is spoken; without it the model listens for it")
    sha256: Sha256 | None = Field(default=None, description="Of the bytes, in hex; the upload takes no others")

    def title_or_name(self) -> str:
        """Return the title, or the file's name without its ending."""
        return self.title or PurePath(self.filename).stem or self.filename


class FormUpload(BaseModel):
    """A multipart/form-data POST of all `fields`, then the file as the field `file`, last."""

    method: Literal["POST"] = "POST"
    url: str
    fields: dict[str, str]

    @classmethod
    def of(cls, form: UploadForm) -> Self:
        """Show a signed form."""
        return cls(url=form.url, fields=form.fields)


def announced(  # noqa: PLR0913 - all that decides what is promised
    request: ComingRecording,
    caller: Caller,
    *,
    process: tuple[Process, ...],
    uploads: Uploads,
    keeping: Keeping,
    now: datetime,
) -> Recording:
    """Return the recording that is announced.

    Raises:
        TooLarge: it is larger than what is taken here.
        Invalid: it is said to be no audio or video.
    """
    if request.size > uploads.max_upload_bytes:
        raise TooLarge(
            f"A recording may have {uploads.max_upload_bytes} bytes at most.",
            code="recording-too-large",
            limit_bytes=uploads.max_upload_bytes,
        )
    if not is_media_type(request.content_type):
        raise Invalid(f"{request.content_type} is neither audio nor video.", code="unsupported-media-type")
    return Recording(
        id=new_id("recording"),
        owner_id=caller.user_id,
        filename=request.filename,
        title=request.title_or_name(),
        size=request.size,
        content_type=request.content_type,
        request_id=log.request_id() or new_id("request"),
        created_at=now,
        upload_until=now + timedelta(minutes=uploads.upload_minutes),
        process=process,
        language=request.language,
        location_id=request.location_id,
        recorded_at=request.recorded_at,
        sha256=request.sha256,
        keep_until=end_of_keeping(now, days=caller.keep_days, usual_days=keeping.keep_days),
    )
