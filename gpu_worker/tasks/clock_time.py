"""Times as players show them."""


def clock_time(seconds: float) -> str:
    """Return `1:02:03`, or `2:03` where there are no hours."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
