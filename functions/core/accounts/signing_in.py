"""Who comes with a name and a password. Apart from the store, so that only the door that logs in loads argon2."""

from functions.core.accounts.model import NOBODY_ID, Standing, User
from functions.core.accounts.passwords import hash_password, is_outdated, is_password
from functions.core.accounts.store import Accounts
from functions.core.errors import NotKnown, Refused


def user_by_password(accounts: Accounts, standing: Standing | None, password: str) -> User:
    """Return the account of that standing and password.

    Raises:
        NotKnown: alike, and after as long, for an unknown name and a wrong password.
    """
    # Read also for nobody, so that the time tells nothing.
    password_hash = accounts.password_hash_of(NOBODY_ID if standing is None else standing.id)
    if not is_password(password, password_hash) or standing is None or password_hash is None:
        raise NotKnown("The name or the password is wrong.", code="invalid-credentials")
    if not standing.is_active:
        raise NotKnown("This account is not active.", code="account-inactive")
    if is_outdated(password_hash):
        accounts.set_password_hash(standing.id, hash_password(password))
    return accounts.get(standing.id)


def prove_password(accounts: Accounts, user_id: str, password: str) -> None:
    """Go on only if this is the password of somebody who is signed in; raises Refused."""
    if not is_password(password, accounts.password_hash_of(user_id)):
        raise Refused("The password is wrong.", code="wrong-password")
