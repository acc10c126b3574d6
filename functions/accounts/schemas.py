"""Accounts on the wire; never the stored item."""

import hashlib
from datetime import datetime
from typing import Annotated, Literal

import phonenumbers
from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from functions.core.accounts.challenges import CODE_LIFE, RESEND_AFTER
from functions.core.accounts.model import ApiKey, AuditRecord, Role, Scope, User
from functions.core.accounts.passwords import weakness_of
from functions.core.accounts.sessions import Session
from functions.core.accounts.tokens import LIFE
from functions.core.exact_types import Truth, Whole
from functions.core.settings import MOST_KEEP_DAYS


def _is_no_number(name: str) -> str:
    # Unique ids are numbers; a name that is one could pass for somebody else.
    if name.isdigit():
        raise ValueError("may not be a number only")
    return name


def _with_its_plus(text: object) -> object:
    # A plus sent in a form as it is arrives as a space: curl -d phone=+79991234567.
    return f"+{text[1:]}" if isinstance(text, str) and text[:1] == " " and text[1:2].isdigit() else text


def _e164(phone: str) -> str:
    try:
        number = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        raise ValueError("must be a phone number with its country code, as in +7 999 123-45-67") from None
    # Possible, not valid: numbering plans change faster than libraries.
    if not phonenumbers.is_possible_number(number):
        raise ValueError("cannot be a phone number: its length is wrong for its country")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


Username = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=3, max_length=64, pattern=r"^[\w][\w.-]*$"),
    AfterValidator(_is_no_number),
]
Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s<>\x00]+@[^@\s<>\x00]+\.[^@\s<>\x00]+$"),
]
Phone = Annotated[
    str,
    BeforeValidator(_with_its_plus),
    StringConstraints(strip_whitespace=True, max_length=40),
    AfterValidator(_e164),
]
PersonName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")
]
PublicKey = Annotated[str, StringConstraints(min_length=1, max_length=4096, pattern=r"^[\x20-\x7e]+$")]
# NIST SP 800-63B: length counts, composition rules don't. The upper bound keeps hashing cheap.
NewPassword = Annotated[SecretStr, Field(min_length=8, max_length=256)]


def strong(password: SecretStr, *known: str | None) -> SecretStr:
    """Return a password that is good enough; raises ValueError that says why it is not."""
    weakness = weakness_of(password.get_secret_value(), known=known)
    if weakness is not None:
        raise ValueError(weakness)
    return password


StrongPassword = Annotated[NewPassword, AfterValidator(strong)]
KeepDays = Annotated[
    Whole | None,
    Field(
        ge=1,
        le=MOST_KEEP_DAYS,
        description="Recordings that are made from now on are deleted after so many days; null: as this server does",
    ),
]
KnownPassword = Annotated[SecretStr, Field(min_length=1, max_length=256)]
ChallengeId = Annotated[str, Field(min_length=1, max_length=100, description="From the answer that a code was sent")]
Code = Annotated[
    SecretStr,
    Field(min_length=1, max_length=16, description="The six digits that were sent", examples=["123456"]),
]


class Registration(BaseModel):
    """A new account: a username and an email address, or a phone number, or all of them."""

    username: Username | None = Field(default=None, examples=["anna"])
    email: Email | None = Field(default=None, examples=["anna@example.com"])
    phone: Phone | None = Field(default=None, description="With its country code; a code is sent to it")
    name: PersonName | None = None
    nickname: PersonName | None = None
    public_key: PublicKey | None = Field(
        default=None, description="The public bundle of the first device, for end-to-end encrypted calls"
    )
    password: NewPassword = Field(description="At least 8 characters", examples=["correct horse battery staple"])

    @field_validator("password")
    @classmethod
    def _is_strong(cls, password: SecretStr, info: ValidationInfo) -> SecretStr:
        email = info.data.get("email") or ""
        known = (info.data.get(field) for field in ("username", "phone", "name", "nickname"))
        return strong(password, email, email.partition("@")[0], *known)

    @model_validator(mode="after")
    def _can_be_found(self) -> "Registration":
        if self.phone is None and (self.username is None or self.email is None):
            raise ValueError("a username and an email address, or a phone number, are needed")
        return self


class FirstAdmin(Registration):
    """The account that lets all others in."""

    setup_code: SecretStr = Field(min_length=1, max_length=256, description="Printed where Parley first started")

    @model_validator(mode="after")
    def _has_username(self) -> "FirstAdmin":
        if self.username is None or self.email is None or self.phone is not None:
            raise ValueError("the first admin has a username and an email address; a phone can be added later")
        return self


class LogIn(BaseModel):
    """Who wants in."""

    identifier: Annotated[str, BeforeValidator(_with_its_plus)] = Field(
        validation_alias=AliasChoices("identifier", "username", "phone", "email", "unique_id"),
        min_length=1,
        max_length=254,
        description="Username, email, phone or unique id; each of those words is taken as its name too",
        examples=["anna"],
    )
    password: KnownPassword = Field(examples=["correct horse battery staple"])
    otp: Code | None = None
    challenge_id: ChallengeId | None = None


class Verification(BaseModel):
    """The code that was sent."""

    challenge_id: ChallengeId
    code: Code = Field(validation_alias=AliasChoices("code", "otp"))


class SendAgain(BaseModel):
    """Which code is to be sent again."""

    challenge_id: ChallengeId


class ChallengeIssued(BaseModel):
    """A code is on its way."""

    challenge_id: str
    expires_in: int = Field(default=int(CODE_LIFE.total_seconds()), description="Seconds that the code works")
    resend_in: int = Field(default=int(RESEND_AFTER.total_seconds()), description="Seconds until another can be sent")


class ResetRequest(BaseModel):
    """Whose password is forgotten."""

    identifier: Annotated[str, BeforeValidator(_with_its_plus)] = Field(
        min_length=1, max_length=254, description="Username, email, phone or unique id"
    )


class Reset(Verification):
    """A new password, and the code that was sent for it."""

    new_password: StrongPassword


class PasswordChange(BaseModel):
    """A new password, by somebody who knows the old one."""

    current_password: KnownPassword
    new_password: StrongPassword


class PhoneRequest(BaseModel):
    """A phone to be added to the account, or to take the place of its phone."""

    phone: Phone
    password: KnownPassword = Field(description="The account's password, once more")


class ProfileChange(BaseModel):
    """What is to be different; the rest stays. Null takes a name or nickname away."""

    name: PersonName | None = None
    nickname: PersonName | None = None
    public_key: PublicKey | None = None
    keep_days: KeepDays = None
    username: Username = Field(default="", description="Needs `password`")
    email: Email = Field(default="", description="Needs `password`")
    password: KnownPassword | None = Field(default=None, description="The account's password, once more")


class Refresh(BaseModel):
    """The refresh token, where no cookie holds it."""

    refresh_token: str | None = Field(default=None, max_length=200)


class UserView(BaseModel):
    """An account as its owner and admins see it."""

    id: str
    unique_id: str = Field(description="8 digits, to give to others", examples=["48151623"])
    username: str | None
    email: str | None
    phone: str | None
    name: str | None
    nickname: str | None
    role: Role
    active: bool
    keep_days: int | None = Field(
        description="After how many days new recordings are deleted; null: as this server does"
    )
    created_at: datetime

    @classmethod
    def of(cls, user: User) -> "UserView":
        """Show an account."""
        return cls(
            id=user.id,
            unique_id=user.unique_id,
            username=user.username,
            email=user.email,
            phone=user.phone,
            name=user.name,
            nickname=user.nickname,
            role=user.role,
            active=user.is_active,
            keep_days=user.keep_days,
            created_at=user.created_at,
        )


class UserChange(BaseModel):
    """What an admin changes about an account."""

    active: Truth | None = Field(default=None, description="False ends its sessions and API keys at once")
    role: Role | None = None
    keep_days: KeepDays = None

    @model_validator(mode="after")
    def _says_something(self) -> "UserChange":
        if self.active is None and self.role is None and not self.sets_keep_days:
            raise ValueError("nothing to change: give `active`, `role` or `keep_days`")
        return self

    @property
    def sets_keep_days(self) -> bool:
        """Whether anything is said of it; null is something, too."""
        return "keep_days" in self.model_fields_set

    def facts(self) -> dict[str, str]:
        """Return what is changed, for the record."""
        said = self.model_dump(mode="json", exclude_unset=True)
        return {name: str(value) for name, value in said.items() if value is not None or name == "keep_days"}


class E2eKey(BaseModel):
    """The public bundle that was registered. The private half never leaves the device."""

    type: Literal["parley-public-bundle/1"] = "parley-public-bundle/1"
    public_key: str
    fingerprint: str = Field(description="SHA-256 of the bundle, hexadecimal")


class AccessToken(BaseModel):
    """What opens the house for a quarter of an hour, and what it takes to go on after it."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 (RFC 6749's word)
    expires_in: int = Field(default=int(LIFE.total_seconds()), description="Seconds")
    csrf_token: str = Field(description="Goes into `X-CSRF-Token` wherever the refresh cookie stands for you")
    refresh_token: str | None = Field(default=None, description="For programs; a browser gets a cookie in its place")


class Registered(BaseModel):
    """The new account."""

    user: UserView
    unique_id: str
    e2e_key: E2eKey | None = Field(default=None, description="Where a `public_key` was given")

    @staticmethod
    def e2e_key_of(user: User) -> E2eKey | None:
        """Return what was registered for end-to-end encrypted calls."""
        if user.public_key is None:
            return None
        fingerprint = hashlib.sha256(user.public_key.encode()).hexdigest()
        return E2eKey(public_key=user.public_key, fingerprint=fingerprint)

    @classmethod
    def of(cls, user: User) -> "Registered":
        """Show a new account."""
        return cls(user=UserView.of(user), unique_id=user.unique_id, e2e_key=cls.e2e_key_of(user))


class Verified(Registered, AccessToken):
    """The new account, signed in."""


class Check(BaseModel):
    """Whom a credential speaks for."""

    authenticated: Literal[True] = True
    user_id: str
    role: Role
    scopes: list[Scope]


class SessionView(BaseModel):
    """A sign-in on one device."""

    id: str
    agent: str = Field(description="What the client calls itself")
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    current: bool = Field(description="Whether this request came through it")

    @classmethod
    def of(cls, session: Session, *, current: str | None) -> "SessionView":
        """Show a session."""
        return cls(
            id=session.id,
            agent=session.agent,
            created_at=session.created_at,
            last_used_at=session.rotated_at,
            expires_at=session.until,
            current=session.id == current,
        )


class ApiKeyRequest(BaseModel):
    """A new API key."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] = Field(
        description="What it is for", examples=["shop phone"]
    )
    scopes: list[Scope] = Field(
        default=[], max_length=len(Scope), description="What it may do; none named: all that you may"
    )
    expires_in_days: Whole | None = Field(default=None, ge=1, le=3650, description="Without it the key lasts")


class ApiKeyView(BaseModel):
    """An API key without its secret."""

    id: str
    name: str
    prefix: str = Field(description="How the key begins")
    scopes: list[Scope] = Field(description="None named: all that its owner may")
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(default=None, description="To the hour")

    @classmethod
    def of(cls, key: ApiKey, *, last_used_at: datetime | None = None) -> "ApiKeyView":
        """Show a key."""
        return cls(
            id=key.id,
            name=key.name,
            prefix=key.prefix,
            scopes=list(key.scopes),
            created_at=key.created_at,
            expires_at=key.expires_at,
            last_used_at=last_used_at,
        )


class NewApiKey(ApiKeyView):
    """A new key with its secret: shown this once and never again."""

    secret: str


class AuditRecordView(BaseModel):
    """What an admin did to whom."""

    id: str
    at: datetime
    actor_id: str
    action: str
    target_id: str
    request_id: str
    facts: dict[str, str]

    @classmethod
    def of(cls, record: AuditRecord) -> "AuditRecordView":
        """Show a record."""
        return cls(
            id=record.id,
            at=record.at,
            actor_id=record.actor_id,
            action=record.action,
            target_id=record.target_id,
            request_id=record.request_id,
            facts=record.facts,
        )
