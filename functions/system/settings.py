"""What the door `system` is told."""

from functions.core.settings import AsciiKeeping, AsciiLimits, Door, JobQueues, LibraryTable, Models, Speech, Uploads


class SystemSettings(Door, JobQueues, LibraryTable, Speech, Models, Uploads, AsciiLimits, AsciiKeeping):
    """What the house says of itself comes from here."""

    dead_letters_url: str
    """Jobs that no worker could settle, on their way to be buried."""
    uploaded_dead_letters_url: str
    """Uploads that nobody took in."""
    changes_dead_letters_url: str
    """Changes that nobody followed up."""
    webhook_dead_letters_url: str
    """Deliveries to webhooks that nobody tried."""

    def dead_letter_urls(self) -> dict[str, str]:
        """Return where dead letters lie, by what they were."""
        return {
            "dead jobs": self.dead_letters_url,
            "dead uploads": self.uploaded_dead_letters_url,
            "dead changes": self.changes_dead_letters_url,
            "dead webhooks": self.webhook_dead_letters_url,
        }
