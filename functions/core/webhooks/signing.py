"""Signs messages as Standard Webhooks says, so that its libraries verify them; pure.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
OVERLAP: Final = timedelta(hours=24)
"""How long a secret that was replaced keeps signing beside the new one."""
MOST_SECRETS: Final = 5
"""Secrets that sign at a time, however often one is replaced: each adds to every message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningSecrets:
    """What signs for one webhook."""

    id: str
    """The webhook."""
    texts: str = field(repr=False)
    """The newest first, separated by spaces: one text, so that all of it is sealed."""
    replaced_at: tuple[datetime, ...] = ()
    """When each but the newest was replaced."""
    version: int = 0

    @property
    def newest(self) -> str:
        """The one that the owner was shown last."""
        return self.texts.split(" ")[0]

    def valid(self, now: datetime) -> list[str]:
        """Return those that sign, the newest first."""
        newest, *former = self.texts.split(" ")
        return [newest, *(one for one, at in zip(former, self.replaced_at, strict=True) if now - at < OVERLAP)]

    def rotated(self, secret: str, now: datetime) -> "SigningSecrets":
        """Put a new one before all others, and forget those whose time is over."""
        former = self.valid(now)[: MOST_SECRETS - 1]
        return replace(self, texts=" ".join((secret, *former)), replaced_at=(now, *self.replaced_at)[: len(former)])


def new_secret() -> str:
    """Make a secret."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def headers_of(message_id: str, body: bytes, *, signing: Iterable[str], now: datetime) -> dict[str, str]:
    """Return what goes along with a message: its id, the time of this try, and a signature by each secret."""
    timestamp = str(int(now.timestamp()))
    content = f"{message_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_signature(secret, content) for secret in signing),
    }


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode()
