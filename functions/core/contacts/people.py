"""Who has a unique id."""

from functions.core.accounts.keeping import AccountsCollections
from functions.core.accounts.model import NOBODY_ID, Name, Standing
from functions.core.collection import Collection
from functions.core.table import Table


class People:
    """All accounts, by the number that people give each other."""

    def __init__(self, accounts_table: Table) -> None:
        self._names = Collection(accounts_table, Name, key=lambda name: f"NAME#{name}")
        self._standings = AccountsCollections(accounts_table).standings

    def find(self, unique_id: str) -> Standing | None:
        """Return whose it is, if they may come in at all; two reads, also for nobody's."""
        name = self._names.find(unique_id)
        standing = self._standings.find(NOBODY_ID if name is None else name.user_id)
        # A username may look like an id.
        return standing if standing is not None and standing.is_open and standing.unique_id == unique_id else None

    def unique_id_of(self, user_id: str) -> str | None:
        """Return an account's number, also while it leaves; None: there is no such account, or it has none."""
        standing = self._standings.find(user_id)
        return standing.unique_id or None if standing is not None else None
