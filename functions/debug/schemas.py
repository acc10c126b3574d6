"""Accounts as a developer sees them."""

from pydantic import BaseModel

from functions.core.accounts.model import User

_SHOWN = 2


class DebugUser(BaseModel):
    """An account with its personal data opened, masked unless asked for otherwise."""

    id: str
    unique_id: str
    username: str | None
    email: str | None
    phone: str | None
    name: str | None
    nickname: str | None

    @classmethod
    def of(cls, user: User, *, is_revealed: bool) -> "DebugUser":
        """Show an account."""
        personal = {field: getattr(user, field) for field in ("email", "phone", "name", "nickname")}
        shown = personal if is_revealed else {field: _masked(text) for field, text in personal.items()}
        return cls(id=user.id, unique_id=user.unique_id, username=user.username, **shown)


def _masked(text: str | None) -> str | None:
    return text and "•" * max(len(text) - _SHOWN, 1) + text[-_SHOWN:]
