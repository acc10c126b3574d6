"""What became of a video that was turned into ASCII, on the wire."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, Field

from functions.core.jobs.ascii_options import Style
from functions.core.jobs.ascii_video import STORED_AS, AsciiVideo, File
from functions.core.jobs.model import Job


class FileName(StrEnum):
    """What may be asked for of what a job has made."""

    VIDEO = "video"
    TXT = "txt"
    PNG = "png"
    GIF = "gif"
    CAST = "cast"
    FRAMES = "frames"

    def file_in(self, video: AsciiVideo) -> File | None:
        """Return which of a video's files it is; `frames` are its pictures or, without them, its texts."""
        if self is FileName.FRAMES:
            return next((file for file in (File.PNG, File.TXT) if file in video.files), None)
        file = File(self)
        return file if file in video.files else None


class FileView(BaseModel):
    """One of the files that were made."""

    bytes: int
    content_type: str
    url: str = Field(
        description="Leads to a signed address, for who may read the job", examples=["/v1/jobs/…/files/video"]
    )


class AsciiVideoView(BaseModel):
    """What a video was turned into."""

    frames: int
    duration: float = Field(description="Seconds")
    columns: int
    rows: int
    width: int = Field(description="Of each picture, in pixels")
    height: int
    style: Style
    engine: str | None = Field(description="What wrote the MP4; null: there is none")
    has_audio: bool
    files: dict[File, FileView]
    preview: str = Field(description="Leads to the first frame as a PNG")
    expires_at: datetime = Field(description="When the files go; what stands here stays")
    corrupt_frames: int = Field(description="Frames that were drawn although a part of them could not be read")
    processing_seconds: float
    warnings: list[str] = Field(description="What is not as in the video, or not as it was asked for")

    @classmethod
    def of(cls, job: Job, video: AsciiVideo, expires_at: datetime) -> "AsciiVideoView":
        """Show what a job has made."""
        path = f"/v1/jobs/{job.id}"
        return cls(
            frames=video.frames,
            duration=video.duration,
            columns=video.columns,
            rows=video.rows,
            width=video.width,
            height=video.height,
            style=Style(video.style),
            engine=video.engine,
            has_audio=video.has_audio,
            files={
                file: FileView(bytes=size, content_type=STORED_AS[file][1], url=f"{path}/files/{file}")
                for file, size in video.files.items()
            },
            preview=f"{path}/preview",
            expires_at=expires_at,
            corrupt_frames=video.corrupt_frames,
            processing_seconds=video.processing_seconds,
            warnings=list(video.warnings),
        )
