"""What the API answers about people and what is theirs; `raw` keeps the whole JSON, as in `parley.answers`."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """What somebody registers with: a user name and an e-mail address, or a phone."""

    password: str = field(repr=False)
    username: str | None = None
    email: str | None = None
    phone: str | None = None
    name: str | None = None
    nickname: str | None = None

    def as_json(self) -> dict[str, str]:
        """Return what is known; what was left out is not even mentioned."""
        known = {
            "username": self.username,
            "email": self.email,
            "phone": self.phone,
            "name": self.name,
            "nickname": self.nickname,
            "password": self.password,
        }
        return {name: value for name, value in known.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Challenge:
    """The server sent a code to the person and wants to hear it."""

    id: str


@dataclass(frozen=True, slots=True)
class User:
    """An account."""

    id: str
    unique_id: str
    username: str | None
    email: str | None
    phone: str | None
    name: str | None
    nickname: str | None
    role: str
    active: bool
    created_at: datetime
    raw: dict[str, Any]

    @property
    def label(self) -> str:
        """What an admin calls the account: the first of the names that mean nobody else."""
        return self.username or self.email or self.phone or self.unique_id

    def is_called(self, name: str) -> bool:
        """Tell whether this is the account's name as a whole; case and a phone's spaces aside."""
        names = (self.id, self.unique_id, self.username, self.email, self.phone)
        wanted = name.strip().casefold()
        return any(wanted == one.casefold() for one in names if one) or (
            self.phone is not None and wanted.startswith("+") and _digits(wanted) == _digits(self.phone)
        )


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key without its secret."""

    id: str
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class NewKey:
    """An API key as it is shown once."""

    id: str
    secret: str = field(repr=False)
    raw: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """What an admin did to whom."""

    at: datetime
    actor_id: str
    action: str
    target_id: str
    facts: dict[str, str]
    raw: dict[str, Any]


def read_user(data: dict[str, Any]) -> User:
    """Read an account."""
    return User(
        id=data["id"],
        unique_id=data["unique_id"],
        username=data.get("username"),
        email=data.get("email"),
        phone=data.get("phone"),
        name=data.get("name"),
        nickname=data.get("nickname"),
        role=data["role"],
        active=data["active"],
        created_at=datetime.fromisoformat(data["created_at"]),
        raw=data,
    )


def read_key(data: dict[str, Any]) -> ApiKey:
    """Read an API key of a list."""
    return ApiKey(
        id=data["id"],
        name=data["name"],
        prefix=data["prefix"],
        scopes=tuple(data.get("scopes") or ()),
        created_at=datetime.fromisoformat(data["created_at"]),
        expires_at=_perhaps(data.get("expires_at")),
        last_used_at=_perhaps(data.get("last_used_at")),
        raw=data,
    )


def read_new_key(data: dict[str, Any]) -> NewKey:
    """Read an API key that was made just now."""
    return NewKey(id=data["id"], secret=data["secret"], raw=data)


def read_audit_record(data: dict[str, Any]) -> AuditRecord:
    """Read what an admin did."""
    return AuditRecord(
        at=datetime.fromisoformat(data["at"]),
        actor_id=data["actor_id"],
        action=data["action"],
        target_id=data["target_id"],
        facts={str(name): str(value) for name, value in (data.get("facts") or {}).items()},
        raw=data,
    )


def _perhaps(moment: str | None) -> datetime | None:
    return None if moment is None else datetime.fromisoformat(moment)


def _digits(phone: str) -> str:
    return "".join(char for char in phone if char.isdecimal())
