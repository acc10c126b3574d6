"""How a file is divided into parts; pure.

S3's rules: parts 1 to 10,000, each but the last one of 5 MiB to 5 GiB.
"""

from dataclasses import dataclass
from typing import Final

MIB: Final = 1024**2

LEAST_PART_BYTES: Final = 16 * MIB
"""What is lost when the line breaks is sent again; smaller parts would each cost more than they save."""

MOST_PARTS: Final = 1000
"""As many as S3 lists at once."""


@dataclass(frozen=True, slots=True)
class Division:
    """A file of `size` bytes in parts of `part_size`, the last of which may be smaller; numbered from 1."""

    size: int
    part_size: int

    @classmethod
    def of(cls, size: int) -> "Division":
        """Divide a file into parts as small as they may be, in whole MiB."""
        least = -(-size // MOST_PARTS)
        return cls(size, max(LEAST_PART_BYTES, -(-least // MIB) * MIB))

    @property
    def count(self) -> int:
        """How many parts there are."""
        return -(-self.size // self.part_size)

    def length(self, number: int) -> int:
        """Return how many bytes a part has; 0 where there is no such part."""
        if number < 1:
            return 0
        return max(0, min(self.part_size, self.size - (number - 1) * self.part_size))
