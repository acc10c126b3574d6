"""The part of the HTTP API that is about people: accounts, codes, keys, and what admins do."""

from typing import Any

from parley.errors import Problem
from parley.people import (
    ApiKey,
    AuditRecord,
    Challenge,
    NewAccount,
    NewKey,
    User,
    read_audit_record,
    read_key,
    read_new_key,
    read_user,
)
from parley.transport import Transport, once, segment, understanding


class AccountCalls(Transport):
    """What can be asked about people."""

    # Coming in

    def register(self, new: NewAccount) -> User | Challenge:
        """Make an account; with a phone, return the challenge whose code makes it."""
        # Repeated, the call would send a second code.
        headers = once() if new.phone is None else None
        response = self._ask("POST", "/v1/auth/register", json=new.as_json(), headers=headers, signed_in=False)
        with understanding(response):
            data = response.json()
            return Challenge(data["challenge_id"]) if response.status_code == 202 else read_user(data["user"])

    def verify_registration(self, challenge: Challenge, code: str) -> tuple[User, str]:
        """Make the account that waits for this code; returns it with a short-lived access token."""
        body = {"challenge_id": challenge.id, "code": code}
        response = self._ask("POST", "/v1/auth/register/verify", json=body, signed_in=False)
        with understanding(response):
            data = response.json()
            return read_user(data["user"]), str(data["access_token"])

    def make_first_admin(self, new: NewAccount, *, setup_code: str) -> User:
        """Make the account that lets all others in."""
        body = new.as_json() | {"setup_code": setup_code}
        response = self._ask("POST", "/v1/auth/first-admin", json=body, signed_in=False)
        with understanding(response):
            return read_user(response.json()["user"])

    def login(
        self, *, identifier: str, password: str, code: str | None = None, challenge: Challenge | None = None
    ) -> str | Challenge:
        """Return a short-lived access token, or the challenge that a code answers."""
        body = {"identifier": identifier, "password": password}
        if code is not None and challenge is not None:
            body |= {"otp": code, "challenge_id": challenge.id}
        response = self._ask("POST", "/v1/auth/login", json=body, signed_in=False)
        with understanding(response):
            data = response.json()
            return Challenge(data["challenge_id"]) if response.status_code == 202 else str(data["access_token"])

    def send_code_again(self, challenge: Challenge) -> None:
        """Have a new code sent; the one before is worth nothing from then on."""
        self._ask("POST", "/v1/auth/otp", json={"challenge_id": challenge.id}, signed_in=False)

    def end_session(self) -> None:
        """End the session of the access token that is shown."""
        self._ask("POST", "/v1/auth/logout")

    # One's own account

    def whoami(self) -> str:
        """Return the name of the credential's owner."""
        response = self._ask("GET", "/v1/auth/me")
        with understanding(response):
            me: dict[str, Any] = response.json()
            return str(me.get("username") or me.get("nickname") or me.get("unique_id") or me["id"])

    def erase_me(self) -> None:
        """Erase the account of the credential's owner."""
        self._ask("DELETE", "/v1/auth/me")

    def change_password(self, *, current: str, new: str) -> None:
        """Change the password of the credential's owner."""
        self._ask("POST", "/v1/auth/password", json={"current_password": current, "new_password": new})

    def ask_for_reset(self, identifier: str) -> Challenge:
        """Have a code sent to set a new password with."""
        response = self._ask("POST", "/v1/auth/password/reset", json={"identifier": identifier}, signed_in=False)
        with understanding(response):
            return Challenge(response.json()["challenge_id"])

    def reset_password(self, challenge: Challenge, *, code: str, new: str) -> None:
        """Set a new password with the code that was sent."""
        body = {"challenge_id": challenge.id, "code": code, "new_password": new}
        self._ask("POST", "/v1/auth/password/reset/verify", json=body, signed_in=False)

    # Keys

    def create_key(self, name: str, *, scopes: tuple[str, ...] = (), expires_in_days: int | None = None) -> NewKey:
        """Make an API key of the caller's; without scopes it may do all that its owner may."""
        body: dict[str, Any] = {"name": name}
        if scopes:
            body["scopes"] = list(scopes)
        if expires_in_days is not None:
            body["expires_in_days"] = expires_in_days
        response = self._ask("POST", "/v1/api-keys", json=body, headers=once())
        with understanding(response):
            return read_new_key(response.json())

    def keys(self) -> list[ApiKey]:
        """Return all API keys of the caller's."""
        return self._list("/v1/api-keys", read_key)[0]

    def delete_key(self, key_id: str) -> None:
        """End an API key; one that is gone already is fine."""
        try:
            self._ask("DELETE", f"/v1/api-keys/{segment(key_id)}")
        except Problem as problem:
            if problem.status != 404:
                raise

    # What admins do

    def users(self, *, limit: int | None = None, search: str | None = None) -> tuple[list[User], str | None]:
        """Return the newest accounts, or those that `search` finds, and the cursor behind them."""
        return self._list("/v1/users", read_user, limit=limit, params={"q": search} if search else None)

    def user(self, user_id: str) -> User:
        """Return an account by its id."""
        response = self._ask("GET", f"/v1/users/{segment(user_id)}")
        with understanding(response):
            return read_user(response.json())

    def change_user(self, user_id: str, change: dict[str, Any]) -> User:
        """Change an account's role, or whether it is active."""
        response = self._ask("PATCH", f"/v1/users/{segment(user_id)}", json=change)
        with understanding(response):
            return read_user(response.json())

    def erase_user(self, user_id: str) -> None:
        """Erase an account and everything that is theirs."""
        self._ask("DELETE", f"/v1/users/{segment(user_id)}")

    def audit(self, *, limit: int) -> tuple[list[AuditRecord], str | None]:
        """Return what admins did lately, and the cursor behind it."""
        return self._list("/v1/audit", read_audit_record, limit=limit)
