"""What this door is made of."""

from functions.api.services import Services
from functions.api.wiring import caller_services
from functions.core.accounts.challenges import Challenges
from functions.core.accounts.codes import Codes
from functions.core.accounts.erasure import Leavers
from functions.core.accounts.identifiers import Identifiers
from functions.core.accounts.messages import Messages
from functions.core.accounts.sessions import Sessions
from functions.core.accounts.store import Accounts
from functions.core.clock import Clock
from functions.core.keys.ring import KeyRing
from functions.core.limits.model import Limiter
from functions.core.settings import Door, Registrations
from functions.core.table import Table


def account_services(  # noqa: PLR0913 - each is a neighbour that tests replace
    settings: Door,
    *,
    registrations: Registrations,
    accounts_table: Table,
    limiter: Limiter,
    messages: Messages,
    leavers: Leavers,
    clock: Clock,
    index_key: str = "",
) -> dict[type, object]:
    """Return what every door has, and accounts, sessions and codes."""
    shared = caller_services(settings, accounts_table=accounts_table, limiter=limiter, clock=clock, index_key=index_key)
    ring = Services(shared).get(KeyRing)
    challenges = Challenges(accounts_table, ring, clock=clock)
    return shared | {
        Accounts: Accounts(accounts_table, ring, clock=clock),
        Codes: Codes(challenges, messages, limiter, Identifiers(ring), clock=clock),
        Leavers: leavers,
        Registrations: registrations,
        Sessions: Sessions(accounts_table, ring, clock=clock),
    }
