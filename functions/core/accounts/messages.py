"""Short messages to people: codes and notices. Doors hand them over; only the door `messages` can send."""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Protocol, Self

from functions.core.accounts.model import User


class Channel(StrEnum):
    """How a person is reached."""

    SMS = "sms"
    EMAIL = "email"


def reached_at(user: User) -> tuple[Channel, str] | None:
    """Return how and where somebody is reached, the phone before the email address; None if nowhere."""
    if user.phone is not None:
        return Channel.SMS, user.phone
    return None if user.email is None else (Channel.EMAIL, user.email)


class Template(StrEnum):
    """What is said; the door `messages` has the words, in each language."""

    CODE = "code"
    """`code`: the six digits; `purpose`: what they are for."""
    ALREADY_REGISTERED = "already-registered"
    """Somebody tried to register a phone that has an account."""
    INACTIVE = "inactive"
    """`days`: how long until an unused account is erased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message. `to` is an E.164 number or an email address."""

    id: str
    channel: Channel
    to: str
    template: Template
    facts: dict[str, str]

    def to_json(self) -> str:
        """Return it as it travels."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read one; raises ValueError, KeyError or TypeError for what is none."""
        fields = json.loads(text)
        fields["channel"], fields["template"] = Channel(fields["channel"]), Template(fields["template"])
        return cls(**fields)


class Messages(Protocol):
    """Takes messages to be sent soon; never waits for a provider, so that the time of an answer tells nothing."""

    def send(self, message: Message) -> None:
        """Hand a message over."""
        ...
