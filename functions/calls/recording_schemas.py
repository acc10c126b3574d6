"""Recordings of calls on the wire."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from functions.api.announcements import ContentType, FormUpload, Moment, Title
from functions.api.views import FailureView
from functions.core.exact_types import Whole
from functions.core.jobs.options import Language, Wanted
from functions.core.recordings.model import Recording, RecordingStatus, Work
from functions.core.recordings.tracks import RecordedCall, Track

LONGEST_NAME: Final = 100
_LATEST: Final = 4_102_444_800_000
"""The year 2100."""


def _shown(name: str) -> str:
    """Leave out what cannot be shown: a call is not left unrecorded for the name that somebody has."""
    return "".join(letter for letter in name if letter.isprintable()).strip()[:LONGEST_NAME].strip()


Name = Annotated[
    str,
    StringConstraints(max_length=400),
    AfterValidator(_shown),
    Field(examples=["Анна"], description="In any script"),
]


class SignedStatement(BaseModel):
    """What a device has signed (docs/security.md)."""

    model_config = ConfigDict(extra="forbid")

    b: Annotated[str, StringConstraints(min_length=1, max_length=2048)] = Field(description="The statement, base64url")
    s: Annotated[str, StringConstraints(min_length=1, max_length=128)] = Field(description="Its signature, base64url")


class CallRecordingRequest(BaseModel):
    """A call to be recorded, with what both sides have signed, and what shall be done with the recording."""

    request: SignedStatement | None = Field(default=None, description="Yours: that you ask for it")
    grant: SignedStatement | None = Field(default=None, description="The other side's: that they agree")
    name: Name | None = Field(default=None, description="What you call the other side")
    title: Title | None = Field(default=None, description="Without it the name of the other side, or their number")
    language: Language | None = Field(default=None, description="What is spoken; without it the model listens for it")
    process: list[Wanted] | None = Field(
        default=None,
        max_length=8,
        description="What to do with it once it is there. Without it: transcribe and summarise; `[]`: nothing",
    )
    keep_until: Moment | None = Field(
        default=None,
        description="When it is to be deleted; UTC if not said. Without it after 30 days; null: it stays",
    )

    def signed(self) -> tuple[dict[str, str] | None, dict[str, str] | None]:
        """Return both statements as they were signed."""
        return _dumped(self.request), _dumped(self.grant)


class TrackAnnouncement(BaseModel):
    """Your side of a recorded call: your own microphone, and nothing of the other side."""

    size: Whole = Field(gt=0, description="Bytes; the upload takes exactly so many", examples=[1048576])
    content_type: ContentType = Field(
        description="What the upload will be sent as", examples=["audio/webm;codecs=opus"]
    )
    started_at: Whole = Field(
        ge=0, le=_LATEST, description="When its first sound was heard: milliseconds on the server's clock (`pong`)"
    )
    name: Name | None = Field(default=None, description="What you are called in the transcript; else your number")

    def track_of(self, unique_id: str) -> Track:
        """Return the track that is announced by somebody."""
        return Track(
            by=unique_id,
            started_at=datetime.fromtimestamp(self.started_at / 1000, UTC),
            size=self.size,
            content_type=self.content_type,
        )


class TrackStatus(StrEnum):
    """What has become of one side's track."""

    AWAITED = "awaited"
    PROMISED = "promised"
    HERE = "here"
    REFUSED = "refused"


class TrackView(BaseModel):
    """One side of a recorded call."""

    by: str = Field(description="Whose side it is", examples=["12345678"])
    name: str = Field(description="What they are called in the transcript")
    status: TrackStatus
    started_at: datetime | None
    arrived_at: datetime | None
    error: FailureView | None = Field(description="Why what was sent is not kept; it may be sent again")

    @classmethod
    def of(cls, unique_id: str, name: str, track: Track | None) -> "TrackView":
        """Show one side."""
        return cls(
            by=unique_id,
            name=name,
            status=_status_of(track),
            started_at=track.started_at if track else None,
            arrived_at=track.arrived_at if track else None,
            error=FailureView.of(track.error) if track else None,
        )


class ConsentView(BaseModel):
    """Who agreed, and when."""

    requested_by: str = Field(examples=["12345678"])
    requested_at: datetime
    granted_by: str = Field(examples=["87654321"])
    granted_at: datetime
    text: str = Field(description="The version of what both were shown", examples=["parley/consent-text/1"])


class CallRecordingView(BaseModel):
    """The recording of a call, as both sides see it. Its owner finds it among their recordings."""

    call_id: str
    recording_id: str
    status: RecordingStatus
    work: Work = Field(description="How far its jobs are together")
    owner: str = Field(description="Who asked for it", examples=["12345678"])
    consent: ConsentView
    tracks: list[TrackView] = Field(description="The owner's first: the left channel")
    notes: list[str] = Field(description="What is missing of it, for people")
    keep_until: datetime | None = Field(description="When it is to be deleted; null: it stays")

    @classmethod
    def of(cls, recording: Recording, now: datetime) -> "CallRecordingView":
        """Show the recording of a call."""
        call = recording.call
        assert call is not None
        return cls(
            call_id=call.consent.call_id,
            recording_id=recording.id,
            status=recording.status(now),
            work=recording.work,
            owner=call.consent.requested_by,
            consent=_consent_view(call),
            tracks=[
                TrackView.of(one, name, call.track_of(one))
                for one, name in zip(call.consent.people, call.names, strict=True)
            ],
            notes=list(call.notes),
            keep_until=recording.keep_until,
        )


class AnnouncedTrack(BaseModel):
    """What is known of the recording, and how to send your side of it."""

    recording: CallRecordingView
    upload: FormUpload | None = Field(description="null: your track is here")


def _consent_view(call: RecordedCall) -> ConsentView:
    consent: Any = call.consent
    return ConsentView(**{name: getattr(consent, name) for name in ConsentView.model_fields})


def _status_of(track: Track | None) -> TrackStatus:
    if track is None:
        return TrackStatus.AWAITED
    if track.is_here:
        return TrackStatus.HERE
    return TrackStatus.REFUSED if track.error else TrackStatus.PROMISED


def _dumped(statement: SignedStatement | None) -> dict[str, str] | None:
    return None if statement is None else statement.model_dump()
