"""Colours on the wire and as numbers."""

RGB = tuple[int, int, int]


def rgb(colour: str) -> RGB:
    """Read `#rrggbb`."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue
