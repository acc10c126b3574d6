"""What every HTTP door is made of; each door adds its own stores."""

from functions.core.accounts.callers import Callers
from functions.core.accounts.store import Accounts
from functions.core.accounts.tokens import AccessTokens
from functions.core.clock import Clock
from functions.core.paging import Cursors
from functions.core.settings import Tokens
from functions.core.table import Table


def caller_services(settings: Tokens, *, accounts_table: Table, clock: Clock) -> dict[type, object]:
    """Return what it takes to know who is calling and to page through lists."""
    secret = settings.jwt_secret_key.get_secret_value()
    accounts = Accounts(accounts_table, clock=clock)
    tokens = AccessTokens(secret, clock=clock)
    callers = Callers(accounts=accounts, tokens=tokens, operator_keys=settings.api_auth_token.get_secret_value())
    return {Accounts: accounts, AccessTokens: tokens, Callers: callers, Cursors: Cursors(secret)}
