"""Who comes with a name and a password. Apart from the store, so that only the door that logs in loads argon2."""

from functions.core.accounts.model import User
from functions.core.accounts.passwords import is_password
from functions.core.accounts.store import Accounts
from functions.core.errors import NotKnown


def log_in(accounts: Accounts, identifier: str, password: str) -> User:
    """Return the account of that name and password.

    Raises:
        NotKnown: alike, and after as long, for an unknown name and a wrong password.
    """
    user = accounts.find_by_name(identifier)
    matches = is_password(password, None if user is None else user.password_hash)
    if user is None or not matches:
        raise NotKnown("The name or the password is wrong.", code="invalid-credentials")
    return user
