"""What a job that turned a video into ASCII leaves behind, and its JSON."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import PurePath
from typing import Any, Final

FORMAT_VERSION: Final = 1
PREVIEW: Final = "preview.png"
"""The first still, which is there soon after the start."""
RESULT: Final = "ascii-video.json"
"""What was made; it stays when the files themselves go."""


class File(StrEnum):
    """What may be made of a video."""

    VIDEO = "video"
    TXT = "txt"
    PNG = "png"
    GIF = "gif"
    CAST = "cast"


STORED_AS: Final = {
    File.VIDEO: ("video.mp4", "video/mp4"),
    File.TXT: ("txt.zip", "application/zip"),
    File.PNG: ("png.zip", "application/zip"),
    File.GIF: ("video.gif", "image/gif"),
    File.CAST: ("video.cast", "application/x-asciicast"),
}
"""The name of each under its attempt, and its type."""

ENDINGS: Final = {
    File.VIDEO: ".ascii.mp4",
    File.TXT: ".ascii.txt.zip",
    File.PNG: ".ascii.png.zip",
    File.GIF: ".ascii.gif",
    File.CAST: ".ascii.cast",
}
"""What each is called beside the video that it was made of."""
STILL_ENDING: Final = ".ascii.png"


@dataclass(frozen=True, slots=True, kw_only=True)
class AsciiVideo:
    """What was made. `warnings` are sentences for people on what is not as the source was, or as it was asked for."""

    frames: int
    duration: float
    """Seconds."""
    columns: int
    rows: int
    width: int
    height: int
    """Of a PNG and of the MP4, in pixels."""
    style: str
    engine: str | None
    """What wrote the MP4; None: there is none."""
    has_audio: bool
    files: dict[File, int]
    """What there is, and how many bytes each has."""
    corrupt_frames: int = 0
    """Frames of the source that were shown although a part of them could not be read."""
    processing_seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    begun_at: datetime | None = None
    """When its files were begun, which are kept for some days from then on."""

    def kept_until(self, finished_at: datetime, *, days: int) -> datetime:
        """Return when its files go; storage counts from their beginnings."""
        return (self.begun_at or finished_at) + timedelta(days=days)


def download_name(filename: str, ending: str) -> str:
    """Name a file after the video that it was made of."""
    stem = PurePath(filename.replace("\\", "/")).stem.strip(". ")
    return f"{stem or 'video'}{ending}"


def ascii_video_to_json(video: AsciiVideo) -> bytes:
    """Serialise."""
    begun = video.begun_at.isoformat() if video.begun_at else None
    body = asdict(video) | {"begun_at": begun, "format": FORMAT_VERSION}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def ascii_video_from_json(body: bytes) -> AsciiVideo:
    """Read what `ascii_video_to_json` wrote."""
    data: dict[str, Any] = json.loads(body)
    del data["format"]
    files = {File(name): size for name, size in data.pop("files").items()}
    begun = data.pop("begun_at", None)
    read = {
        "files": files,
        "warnings": tuple(data["warnings"]),
        "begun_at": datetime.fromisoformat(begun) if begun else None,
    }
    return AsciiVideo(**(data | read))
