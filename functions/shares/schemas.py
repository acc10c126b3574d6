"""Links on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from functions.core.exact_types import Whole
from functions.core.recordings.model import Recording
from functions.core.recordings.texts import printable
from functions.core.shares.model import Part, Share

Label = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(printable)
]


class ShareRequest(BaseModel):
    """A link to make."""

    parts: list[Part] = Field(
        default_factory=lambda: list(Part), min_length=1, max_length=3, description="What it shows; without it all"
    )
    expires_in_days: Whole = Field(default=30, ge=1, le=365)
    label: Label | None = Field(
        default=None, description="For yourself: whom it is for", examples=["Анна, бухгалтерия"]
    )


class ShareView(BaseModel):
    """A link. Whoever has it reads what it shows, without an account, until it expires or is revoked."""

    id: str
    token: str
    url: str = Field(description="A page for people")
    parts: list[Part]
    label: str | None
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, share: Share, *, token: str, origin: str) -> "ShareView":
        """Show a link to whoever may make some."""
        return cls(
            id=share.id,
            token=token,
            url=f"{origin}/shared/{token}",
            parts=list(share.parts),
            label=share.label,
            created_at=share.created_at,
            expires_at=share.expires_at,
        )


class SharedRecording(BaseModel):
    """What a link says of its recording, and nothing of whose it is."""

    title: str
    recorded_at: datetime | None
    created_at: datetime
    duration: float | None = Field(description="Seconds")
    language: str | None
    parts: list[Part] = Field(description="What can be read by this link")
    expires_at: datetime

    @classmethod
    def of(cls, recording: Recording, share: Share) -> "SharedRecording":
        """Show a shared recording to anybody."""
        return cls(
            title=recording.title,
            recorded_at=recording.recorded_at,
            created_at=recording.created_at,
            duration=recording.duration,
            language=recording.language or recording.heard_language,
            parts=list(share.parts),
            expires_at=share.expires_at,
        )
