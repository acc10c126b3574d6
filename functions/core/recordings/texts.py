"""What texts of people must be like; pure."""


def printable(text: str) -> str:
    """Return the text; raises ValueError where it holds control characters."""
    if not text.isprintable():
        raise ValueError("may not hold control characters")
    return text
