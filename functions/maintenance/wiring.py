"""What removes recordings and erases people, for the functions that do."""

from collections.abc import Sequence
from dataclasses import dataclass

from functions.core.accounts.erasure import Erasure
from functions.core.accounts.sessions import Sessions
from functions.core.accounts.store import Accounts
from functions.core.batches.store import Batches
from functions.core.calls.recording import CallRecordings
from functions.core.clock import utc_now
from functions.core.contacts.estate import CallsEstate
from functions.core.jobs.store import Jobs
from functions.core.keys.providers import provider_for
from functions.core.keys.ring import KeyRing
from functions.core.presets.store import Presets
from functions.core.recordings.duplicates import Duplicates
from functions.core.recordings.media import S3Media
from functions.core.recordings.removal import Belongings, Estate, Removal
from functions.core.recordings.store import Recordings
from functions.core.search.index import SearchIndex
from functions.core.settings import (
    AccountsTable,
    DataKeys,
    IndexKey,
    LibraryTable,
    Logging,
    MediaBucket,
    PresenceTable,
)
from functions.core.shares.store import Shares
from functions.core.stats.store import Stats
from functions.core.table import DynamoTable
from functions.core.webhooks.store import Webhooks


class RemovalSettings(LibraryTable, MediaBucket, Logging):
    """What a function is told that removes recordings."""


class ErasureSettings(RemovalSettings, AccountsTable, PresenceTable, DataKeys, IndexKey):
    """What a function is told that erases people."""


@dataclass(frozen=True, slots=True)
class RemovalWiring:
    """What removes recordings."""

    library: DynamoTable
    recordings: Recordings
    removal: Removal


@dataclass(frozen=True, slots=True)
class Wiring:
    """What erases people."""

    accounts_table: DynamoTable
    ring: KeyRing
    accounts: Accounts
    library: RemovalWiring
    erasure: Erasure


def wired_removal(settings: RemovalSettings, *more: Estate) -> RemovalWiring:
    """Put together what removes recordings; `more` is what owners have beside them."""
    library, media = DynamoTable(settings.library_table), S3Media(settings.media_bucket)
    recordings, jobs = Recordings(library, clock=utc_now), Jobs(library, clock=utc_now)
    # What is kept for recordings elsewhere than in them, and for owners.
    search_index = SearchIndex(library, media, clock=utc_now)
    belongings: Sequence[Belongings] = (
        Duplicates(library),
        Shares(library, clock=utc_now),
        search_index,
        CallRecordings(library, recordings=recordings, clock=utc_now),
    )
    estates: Sequence[Estate] = (
        Stats(library),
        search_index,
        Webhooks(library, clock=utc_now),
        Batches(library, clock=utc_now),
        Presets(library, clock=utc_now),
        *more,
    )
    removal = Removal(recordings=recordings, jobs=jobs, media=media, belongings=belongings, estates=estates)
    return RemovalWiring(library, recordings, removal)


def wired(settings: ErasureSettings) -> Wiring:
    """Put together what erases people."""
    accounts_table = DynamoTable(settings.accounts_table)
    ring = KeyRing(accounts_table, provider_for(settings, index_key=settings.index_key), clock=utc_now)
    calls = CallsEstate(DynamoTable(settings.presence_table), accounts_table, ring, clock=utc_now)
    library = wired_removal(settings, calls)
    accounts = Accounts(accounts_table, ring, clock=utc_now)
    erasure = Erasure(accounts, Sessions(accounts_table, ring, clock=utc_now), library.removal)
    return Wiring(accounts_table, ring, accounts, library, erasure)
