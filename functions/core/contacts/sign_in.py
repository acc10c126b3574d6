"""Whether somebody has just shown who they are, for what is not shown to whoever finds an unlocked device."""

from datetime import timedelta
from typing import Final

from functions.core.accounts.keeping import AccountsCollections
from functions.core.accounts.model import Caller
from functions.core.clock import Clock
from functions.core.errors import Refused
from functions.core.table import Table

RECENT: Final = timedelta(minutes=15)


class SignIns:
    """Looks at when people signed in."""

    def __init__(self, accounts_table: Table, *, clock: Clock) -> None:
        self._sessions = AccountsCollections(accounts_table).sessions
        self._clock = clock

    def need_recent(self, caller: Caller) -> None:
        """Go on only with a session that was begun, not merely refreshed, within RECENT; raises Refused.

        An API key is no sign-in: whoever finds one may not see more than on a device.
        """
        session = None if caller.session_id is None else self._sessions.find(caller.session_id)
        if session is None or self._clock() - session.created_at >= RECENT:
            raise Refused("Secret contacts are shown for 15 minutes after you sign in.", code="sign-in-again")
