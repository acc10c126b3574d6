"""What is kept of a person for calls, when they leave."""

from functions.core.calls.store import Calls
from functions.core.clock import Clock
from functions.core.contacts.people import People
from functions.core.contacts.store import Contacts
from functions.core.devices.store import Devices
from functions.core.keys.ring import KeyRing
from functions.core.realtime.keeping import PresenceCollections
from functions.core.realtime.store import Connections
from functions.core.table import Table
from functions.core.web_push.store import PushSubscriptions


class CallsEstate:
    """Contacts, blocks, devices with their history, push subscriptions, calls and connections of an account.

    An Estate of `functions.core.recordings.removal`. The account must still be there: it says by which number all of
    this is found.

    Not looked for: that others have blocked them, and that they stand in others' call logs, which are the others' own;
    the latter is over in 90 days by itself.
    """

    def __init__(self, presence: Table, accounts_table: Table, ring: KeyRing, *, clock: Clock) -> None:
        self._presence = presence
        self._people = People(accounts_table)
        self._contacts = Contacts(presence, ring, self._people, clock=clock)
        self._devices = Devices(presence, clock=clock)
        self._subscriptions = PushSubscriptions(presence, clock=clock)
        self._calls = Calls(presence, clock=clock)
        self._connections = Connections(presence, clock=clock)

    def forget_owner(self, owner_id: str) -> None:
        """Erase all of it; safe to do again."""
        self._connections.end_all(owner_id)
        self._presence.write(PresenceCollections(self._presence).presences.removal(owner_id))
        unique_id = self._people.unique_id_of(owner_id)
        if unique_id is None:
            return
        self._subscriptions.forget(unique_id)
        self._devices.forget(unique_id)
        self._contacts.forget(unique_id)
        self._calls.erase_of(unique_id)
