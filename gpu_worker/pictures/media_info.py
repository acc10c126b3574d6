"""What is known of a video before any of its pictures is decoded."""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """The first video stream, and whether there is sound."""

    width: int
    height: int
    """Of the coded picture, in pixels, before it is turned upright."""
    pixel_aspect: Fraction
    """How much wider than high a pixel is shown (SAR); 1 where nothing is said."""
    rotation: int
    """Degrees clockwise by which the coded picture is turned to be upright: 0, 90, 180 or 270."""
    duration: float | None
    """Seconds, as the container says; None where it says nothing. Never trusted, only shown."""
    rate: Fraction | None
    """Frames a second, as the container says."""
    has_audio: bool

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height as shown: with square pixels, turned upright."""
        width, height = self.width, self.height
        if self.pixel_aspect > 1:
            width = round(width * self.pixel_aspect)
        elif self.pixel_aspect < 1:
            height = round(height / self.pixel_aspect)
        return (height, width) if self.rotation in {90, 270} else (width, height)
