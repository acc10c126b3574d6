"""What an installation's settings say of the addresses that messages may go to."""

from functions.core.settings import WebhookAddresses
from functions.core.webhooks.addresses import Policy


def policy_of(settings: WebhookAddresses) -> Policy:
    """Return what is allowed.

    Raises:
        ValueError: an installation that people use would send to its own network.
    """
    allows_private = settings.webhook_private_addresses == "allow"
    if allows_private and not settings.is_development:
        raise ValueError(
            "WEBHOOK_PRIVATE_ADDRESSES=allow lets anybody with an account send requests into this network: "
            f"only a development stage may do that, not {settings.stage!r}."
        )
    return Policy(allows_http=settings.is_development, allows_private=allows_private)
