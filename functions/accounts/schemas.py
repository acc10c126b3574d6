"""Accounts on the wire; never the stored item."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AliasChoices, BaseModel, Field, SecretStr, StringConstraints

from functions.core.accounts.model import ApiKey, Role, User


def _is_no_number(name: str) -> str:
    # Unique ids are numbers; a name that is one could pass for somebody else.
    if name.isdigit():
        raise ValueError("may not be a number only")
    return name


Username = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=3, max_length=64, pattern=r"^[\w][\w.-]*$"),
    AfterValidator(_is_no_number),
]
Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s<>\x00]+@[^@\s<>\x00]+\.[^@\s<>\x00]+$"),
]
# NIST SP 800-63B: length counts, composition rules don't. The upper bound keeps hashing cheap.
Password = Annotated[SecretStr, Field(min_length=8, max_length=256)]


class Registration(BaseModel):
    """A new account."""

    username: Username = Field(examples=["anna"])
    email: Email = Field(examples=["anna@example.com"])
    password: Password = Field(description="At least 8 characters", examples=["correct horse battery staple"])


class LogIn(BaseModel):
    """Who wants in."""

    identifier: str = Field(
        validation_alias=AliasChoices("identifier", "username"),
        min_length=1,
        max_length=254,
        description="Username, email or unique id; `username` is taken as its name too",
        examples=["anna"],
    )
    password: Annotated[SecretStr, Field(min_length=1, max_length=256)] = Field(
        examples=["correct horse battery staple"]
    )


class UserView(BaseModel):
    """An account as its owner sees it."""

    id: str
    unique_id: str = Field(description="8 digits, to give to others", examples=["48151623"])
    username: str
    email: str
    role: Role
    created_at: datetime

    @classmethod
    def of(cls, user: User) -> "UserView":
        """Show an account."""
        return cls(
            id=user.id,
            unique_id=user.unique_id,
            username=user.username,
            email=user.email,
            role=user.role,
            created_at=user.created_at,
        )


class Registered(BaseModel):
    """The new account."""

    user: UserView
    unique_id: str


class AccessToken(BaseModel):
    """What opens the house for a quarter of an hour."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 (RFC 6749's word)
    expires_in: int = Field(description="Seconds")


class Check(BaseModel):
    """Whom a credential speaks for."""

    authenticated: Literal[True] = True
    user_id: str
    role: Role


class ApiKeyRequest(BaseModel):
    """A new API key."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] = Field(
        description="What it is for", examples=["shop phone"]
    )
    expires_in_days: int | None = Field(default=None, ge=1, le=3650, description="Without it the key lasts")


class ApiKeyView(BaseModel):
    """An API key without its secret."""

    id: str
    name: str
    prefix: str = Field(description="How the key begins")
    created_at: datetime
    expires_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> "ApiKeyView":
        """Show a key."""
        return cls(id=key.id, name=key.name, prefix=key.prefix, created_at=key.created_at, expires_at=key.expires_at)


class NewApiKey(ApiKeyView):
    """A new key with its secret: shown this once and never again."""

    secret: str
