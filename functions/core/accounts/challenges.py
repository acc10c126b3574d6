"""One-time codes: six digits, five minutes, five attempts, used once (OWASP ASVS 5.0, 6.5 and 6.6).

A code is bound to its challenge and kept as a keyed hash: the table alone does not allow to try all million.
Each attempt is paid for by a conditional write before the code is compared, so no race buys a sixth.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from functions.core.accounts.messages import Channel
from functions.core.clock import Clock
from functions.core.collection import Collection, Sealed
from functions.core.errors import NotKnown
from functions.core.ids import new_id
from functions.core.keys.ring import Key, KeyRing, Purpose
from functions.core.keys.sealing import Sealer
from functions.core.table import Table

CODE_LIFE: Final = timedelta(minutes=5)
ATTEMPTS: Final = 5
RESEND_AFTER: Final = timedelta(seconds=30)
PENDING_LIFE: Final = timedelta(minutes=15)
"""How long what waits for a code waits, however often the code is sent again."""


class Reason(StrEnum):
    """What a code is for."""

    REGISTER = "register"
    LOGIN = "login"
    RESET = "reset"
    PHONE = "phone"


class WrongCode(NotKnown):
    """Alike for a wrong code, one that is over or used, and a challenge that never was."""

    code = "invalid-code"

    def __init__(self) -> None:
        super().__init__("The code is wrong or over; have a new one sent.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """A code that somebody was sent."""

    id: str
    reason: Reason
    user_id: str
    code_hash: str = field(repr=False)
    key_number: int
    created_at: datetime
    until: datetime
    attempts_left: int = ATTEMPTS
    is_used: bool = False
    channel: Channel
    to: str
    """Where the code went; sealed. To be the account's phone if that is what it is for."""
    locale: str = ""
    """The language that its reader's program asks for."""
    is_decoy: bool = False
    """Nobody was sent the code: it only looks as if, for the phone has an account already."""
    version: int = 0

    def attempted(self, now: datetime) -> "Challenge":
        """Pay for an attempt; raises WrongCode if there is none left."""
        if self.is_used or self.attempts_left < 1 or now >= self.until:
            raise WrongCode
        return replace(self, attempts_left=self.attempts_left - 1)

    def used(self) -> "Challenge":
        """Use it up; raises WrongCode if somebody has."""
        if self.is_used:
            raise WrongCode
        return replace(self, is_used=True)

    def sent_again(self, code_hash: str, key_number: int, now: datetime) -> "Challenge":
        """Replace the code; the attempts stay spent. Raises WrongCode if it is too late for that."""
        if self.is_used or now >= self.created_at + PENDING_LIFE:
            raise WrongCode
        return replace(self, code_hash=code_hash, key_number=key_number, until=now + CODE_LIFE)


class Challenges:
    """All codes that are on their way."""

    def __init__(self, table: Table, ring: KeyRing, *, clock: Clock) -> None:
        self._table = table
        self._ring = ring
        self._clock = clock
        self._challenges = Collection(
            table,
            Challenge,
            key=lambda challenge_id: f"CHALLENGE#{challenge_id}",
            expires_at=lambda challenge: challenge.created_at + PENDING_LIFE + CODE_LIFE,
            sealed=Sealed(Sealer(ring), frozenset({"to"})),
        )

    def start(  # noqa: PLR0913 - what a challenge is
        self, reason: Reason, user_id: str, *, channel: Channel, to: str, locale: str = "", is_decoy: bool = False
    ) -> tuple[Challenge, str]:
        """Draw a code for somebody; returns it with its challenge, and keeps only its hash."""
        now, key, code = self._clock(), self._ring.current(Purpose.CODES), _draw()
        challenge_id = new_challenge_id()
        challenge = Challenge(
            id=challenge_id,
            reason=reason,
            user_id=user_id,
            code_hash=_hash(key, challenge_id, code),
            key_number=key.number,
            created_at=now,
            until=now + CODE_LIFE,
            channel=channel,
            to=to,
            locale=locale,
            is_decoy=is_decoy,
        )
        self._table.write(self._challenges.put(challenge))
        return self._challenges.saved(challenge), code

    def find(self, challenge_id: str) -> Challenge | None:
        """Read a challenge, or None."""
        return self._challenges.find(challenge_id)

    def draw_again(self, challenge: Challenge) -> str:
        """Return a new code for a challenge; raises WrongCode if it is too late for that."""
        key, code = self._ring.current(Purpose.CODES), _draw()
        hashed = _hash(key, challenge.id, code)
        self._challenges.change(challenge, lambda fresh: fresh.sent_again(hashed, key.number, self._clock()))
        return code

    def solve(self, challenge_id: str, code: str, *, reason: Reason) -> Challenge:
        """Use a code up.

        Raises:
            WrongCode: it does not solve this challenge, or not any more.
        """
        challenge = self._challenges.find(challenge_id)
        if challenge is None or challenge.reason is not reason:
            raise WrongCode
        paid = self._challenges.change(challenge, lambda fresh: fresh.attempted(self._clock()))
        key = self._ring.get(Purpose.CODES, paid.key_number)
        if not hmac.compare_digest(paid.code_hash, _hash(key, paid.id, code)):
            raise WrongCode
        return self._challenges.change(paid, Challenge.used)


def new_challenge_id() -> str:
    """Return an id that cannot be guessed, also for a challenge that never was."""
    return f"{new_id('challenge')}_{secrets.token_urlsafe(16)}"


def _draw() -> str:
    return f"{secrets.randbelow(1_000_000):06d}"


def _hash(key: Key, challenge_id: str, code: str) -> str:
    return hmac.digest(key.secret, f"code/1|{challenge_id}|{code}".encode(), hashlib.sha256).hex()
