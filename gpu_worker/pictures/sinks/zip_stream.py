"""A ZIP written from its beginning to its end, for outputs that cannot seek.

Each file is whole in memory when it is added, so its size and checksum stand before it and no data descriptor is
needed. Of each there remain some seventy bytes in memory until the end. Sections are those of PKWARE's APPNOTE 6.3.10.
"""

import struct
from typing import BinaryIO, Final

from isal import isal_zlib

_STORED: Final = 0
_DEFLATED: Final = 8
_FIRST_DAY: Final = 0x0021
"""1980-01-01, the earliest there is: the same files make the same ZIP."""

_PLAIN: Final = 20
_ZIP64: Final = 45
_MOST_16: Final = 0xFFFF
_MOST_32: Final = 0xFFFF_FFFF

# Section 4.3.7: version, flags, method, time, day, checksum, sizes, length of the name, of what else there is.
_LOCAL: Final = struct.Struct("<4sHHHHHIIIHH")
# Section 4.3.12: the same after who made it, and then comment, disk, attributes, offset.
_CENTRAL: Final = struct.Struct("<4sHHHHHHIIIHHHHHII")
# Section 4.5.3: the offset alone; sizes are those of one frame.
_LARGE_OFFSET: Final = struct.Struct("<HHQ")
# Sections 4.3.14, 4.3.15 and 4.3.16.
_END_64: Final = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR_64: Final = struct.Struct("<4sIQI")
_END: Final = struct.Struct("<4sHHHHIIH")


class ZipStream:
    """A ZIP in the making; what it is written to stays open."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._offset = 0
        self._count = 0
        self._directory = bytearray()

    def store(self, name: str, data: bytes) -> None:
        """Add a file that is compressed already."""
        self._add(name, data, _STORED, isal_zlib.crc32(data), len(data))

    def deflate(self, name: str, data: bytes) -> None:
        """Add a file, compressed fast."""
        packed = isal_zlib.compress(data, 1, wbits=-15)
        self._add(name, packed, _DEFLATED, isal_zlib.crc32(data), len(data))

    def finish(self) -> None:
        """Write the directory."""
        begins = self._offset
        self._write(bytes(self._directory))
        if self._count >= _MOST_16 or max(begins, len(self._directory)) >= _MOST_32:
            self._write_end_64(begins)
        count = min(self._count, _MOST_16)
        size = min(len(self._directory), _MOST_32)
        self._write(_END.pack(b"PK\x05\x06", 0, 0, count, count, size, min(begins, _MOST_32), 0))

    def _add(self, name: str, packed: bytes, method: int, checksum: int, size: int) -> None:
        label = name.encode("ascii")
        facts = (method, 0, _FIRST_DAY, checksum, len(packed), size, len(label))
        self._enter(label, facts)
        self._write(_LOCAL.pack(b"PK\x03\x04", _PLAIN, 0, *facts, 0) + label)
        self._write(packed)

    def _enter(self, label: bytes, facts: tuple[int, ...]) -> None:
        far = self._offset >= _MOST_32
        extra = _LARGE_OFFSET.pack(1, 8, self._offset) if far else b""
        version = _ZIP64 if far else _PLAIN
        offset = min(self._offset, _MOST_32)
        entry = _CENTRAL.pack(b"PK\x01\x02", version, version, 0, *facts, len(extra), 0, 0, 0, 0, offset)
        self._directory += entry + label + extra
        self._count += 1

    def _write_end_64(self, begins: int) -> None:
        ends = self._offset
        rest = _END_64.size - 12
        count = self._count
        self._write(_END_64.pack(b"PK\x06\x06", rest, _ZIP64, _ZIP64, 0, 0, count, count, len(self._directory), begins))
        self._write(_LOCATOR_64.pack(b"PK\x06\x07", 0, ends, 1))

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._offset += len(data)
