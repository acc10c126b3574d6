"""What stops the local system, said in one sentence."""


class CannotRun(Exception):
    """The person at the desk must change something first; the message says what."""
