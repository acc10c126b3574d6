"""What every HTTP door is made of; each door adds its own stores."""

from functions.api.limits import EdgeTrust, RateLimits
from functions.core.accounts.callers import Callers
from functions.core.accounts.tokens import AccessTokens
from functions.core.clock import Clock
from functions.core.keys.providers import provider_for
from functions.core.keys.ring import KeyRing, Purpose
from functions.core.limits.model import Limiter
from functions.core.paging import Cursors
from functions.core.settings import Door
from functions.core.table import Table


def caller_services(
    settings: Door, *, accounts_table: Table, limiter: Limiter, clock: Clock, index_key: str = ""
) -> dict[type, object]:
    """Return what it takes to know who is calling, how often, and to page through lists."""
    ring = KeyRing(accounts_table, provider_for(settings, index_key=index_key), clock=clock)
    tokens = AccessTokens(ring, clock=clock)
    operator_keys = settings.api_auth_token.get_secret_value()
    return {
        KeyRing: ring,
        AccessTokens: tokens,
        Callers: Callers(accounts_table, tokens, clock=clock, operator_keys=operator_keys),
        Cursors: Cursors(lambda: ring.current(Purpose.CURSORS).secret),
        RateLimits: RateLimits(
            limiter,
            clock=clock,
            edge=EdgeTrust(settings.edge_secret.get_secret_value()),
            auth_calls_per_minute=settings.auth_calls_per_minute,
            requests_per_minute=settings.requests_per_minute,
        ),
    }
