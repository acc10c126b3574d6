"""How long a file says that it is, and whether that may be held against it when less comes out."""

from typing import BinaryIO, Final

import av
from av.container import InputContainer

# Headers of these state the length. Raw streams guess it from the bit rate, and a wrong guess is no damage.
_STATES_ITS_LENGTH: Final = ("mov", "matroska", "ogg", "flac", "asf", "avi", "aiff", "w64")
_ID3_HEADER: Final = 10
_A_YEAR: Final = 366 * 86_400.0
_WRITTEN_WHILE_RECORDING: Final = (0, 0xFFFFFFFF)


def stated_duration(container: InputContainer, stream: av.AudioStream | None) -> float | None:
    """Return seconds, or None when it says nothing or nonsense."""
    stated = _stated(container, stream)
    return stated if stated is not None and 0 < stated < _A_YEAR else None


def is_binding(file: BinaryIO, format_name: str) -> bool:
    """Whether a stated duration comes from a header and not from a guess."""
    return format_name.startswith(_STATES_ITS_LENGTH) or (format_name == "mp3" and _has_frame_count(file))


def is_cut_wav(file: BinaryIO, format_name: str) -> bool:
    """Whether a WAV's header promises more bytes than there are; FFmpeg quietly believes the file's size."""
    if format_name != "wav":
        return False
    file.seek(4)
    promised = int.from_bytes(file.read(4), "little")
    size = file.seek(0, 2)
    return promised not in _WRITTEN_WHILE_RECORDING and promised + 8 > size + 1


def _stated(container: InputContainer, stream: av.AudioStream | None) -> float | None:
    # The sound of a film may be shorter than its picture, so the stream's own length comes first.
    if stream is not None and stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    if stream is not None and "DURATION" in stream.metadata:
        return _clock_seconds(stream.metadata["DURATION"])
    return container.duration / av.time_base if container.duration is not None else None


def _has_frame_count(file: BinaryIO) -> bool:
    """Look for the Xing or Info tag in the first frame, after the ID3 tag (whose size is four 7-bit bytes)."""
    file.seek(0)
    header = file.read(_ID3_HEADER)
    size = 0
    if header.startswith(b"ID3"):
        for byte in header[6:10]:
            size = size << 7 | byte & 0x7F
        size += _ID3_HEADER
    file.seek(size)
    first_frame = file.read(256)
    return b"Xing" in first_frame or b"Info" in first_frame


def _clock_seconds(text: str) -> float | None:
    """Read Matroska's `01:02:03.456000000`."""
    try:
        hours, minutes, seconds = (float(part) for part in text.split(":"))
    except ValueError:
        return None
    return hours * 3600 + minutes * 60 + seconds
