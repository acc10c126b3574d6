"""How much one video may ask of a worker."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is refused, and what decoding may use."""

    most_pixels: int = 4096 * 2304
    """In one picture of the source, and on the canvas."""
    longest_seconds: float = 4 * 3600.0
    most_pixels_in_all: int = 10**12
    """In all frames together: four hours of 1080p at thirty frames a second are nine tenths of it."""
    most_damage: float = 0.75
    """The share of frames that may be broken or missing; with more, there is nothing left worth showing."""
    threads: int = 2
    """For decoding."""
    hardware: bool = False
    """Decode on an NVIDIA GPU where there is one that knows the codec."""
