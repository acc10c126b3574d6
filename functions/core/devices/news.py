"""Says to whom it matters that somebody's devices have changed, and ends what a removed device has open."""

from functions.core.contacts.model import Person
from functions.core.contacts.store import Contacts
from functions.core.realtime.model import Notice
from functions.core.realtime.push import Push
from functions.core.realtime.store import Connections


class DeviceNews:
    """Tells people. Nothing depends on it: devices are read before every call."""

    def __init__(self, contacts: Contacts, connections: Connections, push: Push) -> None:
        self._contacts = contacts
        self._connections = connections
        self._push = push

    def tell(self, me: Person) -> None:
        """Say to me and to all of my contacts that my devices have changed."""
        event = {"type": "device", "unique_id": me.unique_id}
        user_ids = [me.user_id, *self._contacts.user_ids_of(me.unique_id)]
        self._push.send([Notice(user_id=user_id, event=event) for user_id in user_ids])

    def end(self, me: Person, device_id: str) -> None:
        """Close the connections that were opened for a device."""
        mine = self._connections.of([me.user_id]).get(me.user_id, ())
        gone = [one for one in mine if one.device_id == device_id]
        if gone:
            self._connections.forget(me.user_id, [one.id for one in gone])
            self._push.close(gone)
