"""Sessions: what keeps somebody signed in beyond the quarter of an hour of an access token.

A refresh token is `<session id>.<generation>.<MAC>`. The MAC is derived from the session's seed, so the successor of a
token is the same however often it is computed: two tabs that refresh at once both get it, and so does a client that
lost the answer and asks again soon. A stolen table can't mint one, since the MAC's key is not in it. A token older
than that means that somebody has a copy: the whole session ends (RFC 9700, 4.14.2).
"""

import base64
import hashlib
import hmac
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from functions.core.accounts.model import User
from functions.core.clock import Clock
from functions.core.collection import Collection
from functions.core.errors import NotFound, NotKnown
from functions.core.ids import new_id
from functions.core.keys.ring import KeyRing, Purpose
from functions.core.observability import log
from functions.core.table import Table

LIFE: Final = timedelta(days=30)
"""However busy it is."""
IDLE_LIFE: Final = timedelta(days=14)
GRACE: Final = timedelta(seconds=30)
"""How long the token before the current one still gets the current one."""
AGENT_LENGTH: Final = 200
SESSIONS_PER_USER: Final = 1000
"""More than anybody has; ending them all reads as many."""

_FORM: Final = re.compile(r"(ses_[0-9A-Z]{26})\.([0-9]{1,9})\.([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One sign-in on one device."""

    id: str
    user_id: str
    seed: str = field(repr=False)
    key_number: int
    """Which key of the ring its tokens are made with."""
    generation: int = 0
    created_at: datetime
    rotated_at: datetime
    agent: str = ""
    """What the client calls itself (`User-Agent`), to recognise it by."""
    revoked_at: datetime | None = None
    version: int = 0

    @property
    def until(self) -> datetime:
        """When it ends if nobody refreshes it."""
        return min(self.created_at + LIFE, self.rotated_at + IDLE_LIFE)

    def is_live(self, now: datetime) -> bool:
        """Whether it still counts."""
        return self.revoked_at is None and now < self.until

    def turned(self, generation: int, now: datetime) -> "Session":
        """Return what becomes of it when the refresh token of a generation is shown; it may end by that."""
        if not self.is_live(now):
            return self
        if generation == self.generation:
            return replace(self, generation=generation + 1, rotated_at=now)
        if generation == self.generation - 1 and now - self.rotated_at < GRACE:
            return self
        return self.revoked(now)

    def revoked(self, now: datetime) -> "Session":
        """End it."""
        return replace(self, revoked_at=self.revoked_at or now)


class Sessions:
    """All sessions and their tokens."""

    def __init__(self, table: Table, ring: KeyRing, *, clock: Clock) -> None:
        self._table = table
        self._ring = ring
        self._clock = clock
        self._sessions = sessions_collection(table)

    def start(self, user: User, *, agent: str) -> Session:
        """Sign somebody in."""
        now = self._clock()
        session = Session(
            id=new_id("session"),
            user_id=user.id,
            seed=secrets.token_hex(32),
            key_number=self._ring.current(Purpose.SESSIONS).number,
            created_at=now,
            rotated_at=now,
            agent=agent[:AGENT_LENGTH],
        )
        self._table.write(self._sessions.put(session))
        return self._sessions.saved(session)

    def refresh(self, token: str) -> Session:
        """Exchange a refresh token; the session's new one is `refresh_token_of` what is returned.

        Raises:
            NotKnown: it is not ours (and nothing changes), over, or used long ago (and the session ends).
        """
        session, generation = self._read(token)
        now = self._clock()
        turned = self._sessions.change(session, lambda fresh: fresh.turned(generation, now))
        if turned.is_live(now):
            return turned
        if session.is_live(now):
            log.warning("a refresh token was used again; its session has ended", session_id=session.id)
        raise NotKnown("The session is over; sign in again.", code="session-over")

    def of_token(self, token: str) -> Session:
        """Return the session of a refresh token, whatever its generation; raises NotKnown."""
        return self._read(token)[0]

    def refresh_token_of(self, session: Session) -> str:
        """Return the token that refreshes a session next."""
        return f"{session.id}.{session.generation}.{self._mac(session, f'refresh/1|{session.generation}')}"

    def csrf_token_of(self, session: Session) -> str:
        """Return the token that proves that a page of ours asks: random, and bound to the session.

        https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
        """
        nonce = secrets.token_urlsafe(16)
        return f"{nonce}.{self._mac(session, f'csrf/1|{nonce}')}"

    def is_csrf_token(self, token: str, session: Session) -> bool:
        """Tell whether a CSRF token is one of a session."""
        nonce, _, mac = token.partition(".")
        return hmac.compare_digest(mac.encode(), self._mac(session, f"csrf/1|{nonce}").encode())

    def of_user(self, user_id: str, *, before: str | None, limit: int) -> list[Session]:
        """List somebody's sessions, newest first; those that are over are among them until they are cleaned up."""
        return self._sessions.newest(_sessions_of(user_id), before=before, limit=limit)

    def end(self, session_id: str, *, user_id: str) -> None:
        """End a session, with its access tokens; raises NotFound."""
        session = self._sessions.find(session_id)
        if session is None or session.user_id != user_id:
            raise NotFound("There is no such session.")
        self._revoke(session)

    def end_all(self, user_id: str, *, but: str | None = None) -> None:
        """End all sessions of somebody, save perhaps the one that asks for it."""
        for session in self.of_user(user_id, before=None, limit=SESSIONS_PER_USER):
            if session.id != but and session.revoked_at is None:
                self._revoke(session)

    def erase_all(self, user_id: str) -> None:
        """Remove every trace of all sessions of somebody."""
        while sessions := self.of_user(user_id, before=None, limit=100):
            for session in sessions:
                self._table.write(self._sessions.removal(session.id))

    def _revoke(self, session: Session) -> None:
        # One that is erased meanwhile has ended, too.
        with suppress(NotFound):
            self._sessions.change(session, lambda fresh: fresh.revoked(self._clock()))

    def _read(self, token: str) -> tuple[Session, int]:
        form = _FORM.fullmatch(token)
        session = None if form is None else self._sessions.find(form[1])
        if form is None or session is None:
            raise NotKnown("The session is over; sign in again.", code="session-over")
        expected = self._mac(session, f"refresh/1|{int(form[2])}")
        # A made-up token ends nothing: otherwise whoever knows a session's id could end it.
        if not hmac.compare_digest(form[3].encode(), expected.encode()) or int(form[2]) > session.generation:
            raise NotKnown("The session is over; sign in again.", code="session-over")
        return session, int(form[2])

    def _mac(self, session: Session, what: str) -> str:
        key = self._ring.get(Purpose.SESSIONS, session.key_number)
        mac = hmac.digest(key.secret, f"{what}|{session.id}|{session.seed}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def sessions_collection(table: Table) -> Collection[Session]:
    """Return all sessions of a table; every door reads whether one is live."""
    return Collection(
        table,
        Session,
        key=lambda session_id: f"SESSION#{session_id}",
        listed_under=lambda session: (_sessions_of(session.user_id), session.id),
        expires_at=lambda session: session.until,
    )


def _sessions_of(user_id: str) -> str:
    return f"OWNER#{user_id}#SESSIONS"
