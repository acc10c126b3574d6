"""Makes webhooks and their secrets."""

from dataclasses import dataclass, field

from functions.core.clock import Clock
from functions.core.repeats import Once, Repeats
from functions.core.table import Put
from functions.core.webhooks.model import Endpoint
from functions.core.webhooks.signing import SigningSecrets, new_secret
from functions.core.webhooks.store import Secrets, Webhooks


@dataclass(frozen=True, slots=True)
class Registered:
    """A webhook with the secret that its owner is shown."""

    webhook: Endpoint
    secrets: SigningSecrets = field(repr=False)


class Registry:
    """What owners do with their webhooks that touches secrets."""

    def __init__(self, webhooks: Webhooks, secrets: Secrets, repeats: Repeats, *, clock: Clock) -> None:
        self._webhooks = webhooks
        self._secrets = secrets
        self._repeats = repeats
        self._clock = clock

    def add(self, webhook: Endpoint, *, owner_id: str, idempotency_key: str | None) -> Registered:
        """Make a webhook, or find the one that the same request made.

        Raises:
            Conflict: the owner has too many.
            Invalid: the key was used for another request.
            NotFound: what the same request made is gone again.
        """
        made = SigningSecrets(id=webhook.id, texts=new_secret())

        def writes() -> list[Put]:
            endpoints = self._webhooks.of(owner_id).adding(webhook)
            return [self._webhooks.put(endpoints), self._secrets.put(made)]

        asked = ("webhook", webhook.url, webhook.description, list(webhook.events))
        once = None if idempotency_key is None else Once(owner_id=owner_id, key=idempotency_key, asked=asked)
        made_id = self._repeats.make(webhook.id, writes, once=once)
        if made_id == webhook.id:
            return Registered(webhook, made)
        return Registered(self._webhooks.of(owner_id).get(made_id), self._secrets.of(made_id))

    def rotate(self, webhook_id: str, *, owner_id: str, idempotency_key: str | None) -> SigningSecrets:
        """Give a webhook a new secret; the one before keeps signing beside it for a day; raises NotFound."""
        self._webhooks.of(owner_id).get(webhook_id)
        secret = new_secret()

        def writes() -> list[Put]:
            return [self._secrets.put(self._secrets.of(webhook_id).rotated(secret, self._clock()))]

        asked = ("webhook secret", webhook_id)
        once = None if idempotency_key is None else Once(owner_id=owner_id, key=idempotency_key, asked=asked)
        self._repeats.make(webhook_id, writes, once=once)
        return self._secrets.of(webhook_id)
