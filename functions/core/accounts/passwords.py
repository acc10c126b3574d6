"""Passwords: which are good enough, and argon2id to keep them; nothing else."""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP's second choice: 19 MiB, 2 rounds, 1 lane; 45 ms on one vCPU.
# https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

_PRODUCT: Final = "parley"


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, with its salt and parameters."""
    return _HASHER.hash(password)


def is_password(password: str, password_hash: str | None) -> bool:
    """Verify a password. Without a hash (nobody of that name) take as long, and say no."""
    try:
        _HASHER.verify(password_hash or _nobodys_hash(), password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Tell whether a hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def weakness_of(password: str, *, known: Iterable[str | None] = ()) -> str | None:
    """Return why a password would be guessed soon, or None. Length counts, composition rules don't.

    `known` is what everybody knows of its owner. NIST SP 800-63B, 3.1.1.2: common passwords and words of the context
    are refused.
    """
    folded = password.casefold()
    if folded in _common_passwords():
        return "is one of those that everybody tries first"
    if len(set(folded)) < 3:
        return "repeats one or two characters"
    for word in (_PRODUCT, *known):
        rest = folded.replace(word.casefold(), "") if word and len(word) > 2 else folded
        if len(rest) < 4:
            return "says little more than your own name or address"
    return None


@cache
def _nobodys_hash() -> str:
    return hash_password("nobody has this password")


@cache
def _common_passwords() -> frozenset[str]:
    lines = files(__package__ or __name__).joinpath("common_passwords.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("# ") and line != "#")
