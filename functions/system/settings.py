"""What the door `system` is told."""

from functions.core.settings import Door, JobQueues, LibraryTable, Speech, Uploads


class SystemSettings(Door, JobQueues, LibraryTable, Speech, Uploads):
    """What the house says of itself comes from here."""

    dead_letters_url: str
    """Jobs that no worker could settle, on their way to be buried."""
    uploaded_dead_letters_url: str
    """Uploads that nobody took in."""

    def dead_letter_urls(self) -> dict[str, str]:
        """Return where dead letters lie, by what they were."""
        return {"dead jobs": self.dead_letters_url, "dead uploads": self.uploaded_dead_letters_url}
