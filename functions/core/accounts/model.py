"""People, their API keys, and who is calling; pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from functions.core.errors import Conflict, Refused

OPERATOR_ID: Final = "usr_operator"
"""Owner of what is made with an operator key (`API_AUTH_TOKEN`)."""

NOBODY_ID: Final = "usr_nobody"
"""No account has it."""


class Role(StrEnum):
    """What an account may do."""

    USER = "user"
    ADMIN = "admin"


class Scope(StrEnum):
    """What an API key may do; without any named, all that its owner may."""

    ACCOUNT_READ = "account:read"
    ACCOUNT_WRITE = "account:write"
    ADMIN = "admin"
    CALLS_READ = "calls:read"
    CALLS_WRITE = "calls:write"
    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"
    RECORDINGS_READ = "recordings:read"
    RECORDINGS_WRITE = "recordings:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account. `email`, `phone`, `name` and `nickname` are sealed where it is kept."""

    id: str
    unique_id: str
    created_at: datetime
    username: str | None = None
    email: str | None = None
    phone: str | None = None
    name: str | None = None
    nickname: str | None = None
    public_key: str | None = None
    """The bundle that others seal their call signalling with; public, and stored as it came."""
    role: Role = Role.USER
    is_active: bool = True
    is_leaving: bool = False
    """Erased as soon as everything that is theirs is gone; closed to everybody already."""
    keep_days: int | None = None
    """How long their recordings are kept; None: as long as everybody's."""
    warned_at: datetime | None = None
    """When they were told for the last time that the unused account ends."""
    version: int = 0

    @property
    def is_open(self) -> bool:
        """Whether its credentials open anything."""
        return self.is_active and not self.is_leaving

    @property
    def is_acting_admin(self) -> bool:
        """Whether it counts as one of those who can let others in."""
        return self.is_open and self.role is Role.ADMIN


SEALED: Final = frozenset({"email", "phone", "name", "nickname"})
"""Fields of a User that no table shows in clear."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What every door may know of an account; read from the same document as the User."""

    id: str
    unique_id: str = ""
    username: str | None = None
    role: Role = Role.USER
    is_active: bool = True
    is_leaving: bool = False
    keep_days: int | None = None
    version: int = 0

    @property
    def is_open(self) -> bool:
        """Whether its credentials open anything."""
        return self.is_active and not self.is_leaving


@dataclass(frozen=True, slots=True, kw_only=True)
class Password:
    """The hash of an account's password, apart from the account: only the door that logs in may read it."""

    id: str
    hash: str
    until: datetime | None = None
    """While a registration waits for its code."""
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name that an account is found by, taken once: a username, a unique id, the index of an email or a phone."""

    id: str
    user_id: str
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Admins:
    """All acting admins, in one document, so that no two changes together remove the last one."""

    id: Literal["all"] = "all"
    user_ids: tuple[str, ...] = ()
    version: int = 0

    def following(self, user: User) -> "Admins":
        """Return the admins after `user` has become what it is now; raises LastAdmin."""
        others = tuple(one for one in self.user_ids if one != user.id)
        now = (*others, user.id) if user.is_acting_admin else others
        if self.user_ids and not now:
            raise LastAdmin("This is the last admin; make somebody else one first.")
        return Admins(user_ids=now, version=self.version)


class LastAdmin(Conflict):
    """Nobody could let anybody in any more."""

    code = "last-admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key that acts for its owner. Only a hash of the secret is kept; `prefix` is what people recognise it by."""

    id: str
    owner_id: str
    name: str
    prefix: str
    secret_hash: str = field(repr=False)
    created_at: datetime
    scopes: tuple[Scope, ...] = ()
    """What it may do; none named: all that its owner may."""
    expires_at: datetime | None = None
    version: int = 0

    def is_valid(self, now: datetime) -> bool:
        """Whether it still opens anything."""
        return self.expires_at is None or now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class LastUse:
    """When an account or an API key was last used, to the hour; apart, since every door writes it."""

    id: str
    at: datetime
    version: int = 0

    def is_stale(self, now: datetime) -> bool:
        """Whether a use now is worth a write."""
        return now - self.at >= USE_PRECISION


USE_PRECISION: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What somebody came in with: a session or an API key; neither: an operator key."""

    session_id: str | None = None
    key_id: str | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling, however they proved it."""

    user_id: str
    role: Role
    scopes: frozenset[Scope] = frozenset(Scope)
    session_id: str | None = None
    """The session, where an access token was shown."""
    key_id: str | None = None
    """The API key, where one was shown."""
    unique_id: str = ""
    """What people call them by; operators have none."""
    keep_days: int | None = None
    """How long their recordings are kept; None: as long as everybody's."""

    @property
    def is_admin(self) -> bool:
        """Whether they may do what admins do."""
        return self.role is Role.ADMIN

    def may_see(self, owner_id: str) -> bool:
        """Whether they may see and change what is of that owner: their own, or as an admin everybody's."""
        return owner_id == self.user_id or (self.is_admin and Scope.ADMIN in self.scopes)

    def need(self, scope: Scope) -> None:
        """Go on only if they may; raises Refused."""
        if scope is Scope.ADMIN and not self.is_admin:
            raise Refused("Only admins may do this.", code="admins-only")
        if scope not in self.scopes:
            raise Refused(f"This API key lacks the scope {scope}.", code="scope-missing", scope=scope.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """What an admin did to whom; written together with the deed."""

    id: str
    at: datetime
    actor_id: str
    action: str
    target_id: str
    request_id: str
    facts: dict[str, str] = field(default_factory=dict)
    version: int = 0
