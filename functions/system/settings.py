"""What the door `system` is told."""

from functions.core.settings import JobQueues, LibraryTable, Logging, Speech, Uploads


class SystemSettings(JobQueues, LibraryTable, Speech, Uploads, Logging):
    """What the house says of itself comes from here."""
