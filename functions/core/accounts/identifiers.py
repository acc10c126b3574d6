"""What people call themselves when they sign in: a username, a unique id, an email address or a phone number.

Addresses and phones are found by a keyed hash and never stored in clear. A phone number is one of ten billion: whoever
had the hash's key could try them all, which is why production keeps that key in KMS.
"""

import re
from typing import Final

from functions.core.accounts.model import User
from functions.core.keys.ring import KeyRing

_PHONE: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_PUNCTUATION: Final = re.compile(r"[\s().\-\u2010-\u2015]")


class Identifiers:
    """Turns what is typed into the name that an account is found by."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def name_of(self, identifier: str) -> str:
        """Return the table's name for what somebody typed."""
        typed = identifier.strip()
        if "@" in typed:
            return self.email(typed)
        phone = _PUNCTUATION.sub("", typed)
        # A username never begins with a plus.
        return self.phone(phone) if _PHONE.fullmatch(phone) else typed.lower()

    def email(self, email: str) -> str:
        """Return the table's name for an email address; case is not looked at."""
        return f"email:{self._ring.index('email', email.strip().lower())}"

    def phone(self, e164: str) -> str:
        """Return the table's name for a phone number."""
        return f"phone:{self._ring.index('phone', e164)}"

    def all_of(self, user: User) -> frozenset[str]:
        """Return every name that an account is found by."""
        # A username that is an email or a number could shadow somebody's; the wire refuses those.
        names = {user.unique_id}
        if user.username is not None:
            names.add(user.username.lower())
        if user.email is not None:
            names.add(self.email(user.email))
        if user.phone is not None:
            names.add(self.phone(user.phone))
        return frozenset(names)
