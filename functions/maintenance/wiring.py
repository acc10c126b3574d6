"""What erases people, for both functions that do."""

from dataclasses import dataclass

from functions.core.accounts.erasure import Erasure
from functions.core.accounts.sessions import Sessions
from functions.core.accounts.store import Accounts
from functions.core.clock import utc_now
from functions.core.jobs.store import Jobs
from functions.core.keys.providers import provider_for
from functions.core.keys.ring import KeyRing
from functions.core.recordings.media import S3Media
from functions.core.recordings.store import Recordings
from functions.core.settings import AccountsTable, DataKeys, IndexKey, LibraryTable, Logging, MediaBucket
from functions.core.table import DynamoTable


class ErasureSettings(AccountsTable, LibraryTable, MediaBucket, DataKeys, IndexKey, Logging):
    """What such a function is told."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """What such a function is made of."""

    accounts_table: DynamoTable
    library: DynamoTable
    ring: KeyRing
    accounts: Accounts
    erasure: Erasure


def wired(settings: ErasureSettings) -> Wiring:
    """Put it together."""
    accounts_table, library = DynamoTable(settings.accounts_table), DynamoTable(settings.library_table)
    ring = KeyRing(accounts_table, provider_for(settings, index_key=settings.index_key), clock=utc_now)
    accounts = Accounts(accounts_table, ring, clock=utc_now)
    erasure = Erasure(
        accounts,
        Sessions(accounts_table, ring, clock=utc_now),
        Recordings(library, clock=utc_now),
        Jobs(library, clock=utc_now),
        S3Media(settings.media_bucket),
    )
    return Wiring(accounts_table, library, ring, accounts, erasure)
