"""People, their API keys, and who is calling; pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

OPERATOR_ID: Final = "usr_operator"
"""Owner of what is made with an operator key (`API_AUTH_TOKEN`)."""


class Role(StrEnum):
    """What an account may do."""

    USER = "user"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account."""

    id: str
    username: str
    email: str
    password_hash: str
    created_at: datetime
    unique_id: str
    role: Role = Role.USER
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key that acts for its owner. Only a hash of the secret is kept; `prefix` is what people recognise it by."""

    id: str
    owner_id: str
    role: Role
    name: str
    prefix: str
    secret_hash: str
    created_at: datetime
    expires_at: datetime | None = None
    version: int = 0

    def is_valid(self, now: datetime) -> bool:
        """Whether it still opens anything."""
        return self.expires_at is None or now < self.expires_at


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling, however they proved it."""

    user_id: str
    role: Role
