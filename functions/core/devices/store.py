"""Devices, and the history of their keys, in the presence table.

| key | what | listed under |
|---|---|---|
| `DEVICES#<unique id>` | all devices of a person | |
| `DEVICE#<unique id>#<device>` | which key has taken an id, for ever | |
| `KEY_LOG#<unique id>#<number>` | one change of their keys | `KEY_LOG#<unique id>` |
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from functions.core.clock import Clock
from functions.core.collection import RACES, Collection, Listing
from functions.core.devices.bundle import DeviceKeys
from functions.core.devices.key_log import FIRST, LogEntry, Op, bundle_hash, entry_id
from functions.core.devices.model import AHEAD, Device, DeviceClaim, DeviceList, other_keys
from functions.core.errors import Conflict, Invalid
from functions.core.table import Changed, Put, Table

PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Stored:
    """A device as it is kept now, and whether that is news to others."""

    device: Device
    is_news: bool


class Devices:
    """Everybody's."""

    def __init__(self, table: Table, *, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._lists = Collection(table, DeviceList, key=lambda unique_id: f"DEVICES#{unique_id}")
        self._claims = Collection(table, DeviceClaim, key=lambda claim: f"DEVICE#{claim}")
        self._entries = Collection(
            table, LogEntry, key=lambda entry: f"KEY_LOG#{entry}", listed_under=lambda one: (_log_of(one.owner), one.id)
        )

    def of(self, unique_id: str) -> list[Device]:
        """Return all devices of somebody, the first one first."""
        return list(self.all_of(unique_id).devices)

    def all_of(self, unique_id: str) -> DeviceList:
        """Return them, with where their history ends."""
        return self._lists.find(unique_id) or DeviceList(id=unique_id, log_head=FIRST)

    def get(self, unique_id: str, device_id: str) -> Device:
        """Return one device of somebody; raises NotFound."""
        return self.all_of(unique_id).get(device_id)

    def put(self, keys: DeviceKeys, bundle: Mapping[str, str]) -> Stored:
        """Keep a verified bundle; the same again changes nothing.

        Raises:
            Conflict: there are too many devices, the id has other keys, or the bundle is older than the known one.
            Invalid: it is of a time to come.
        """
        now = self._clock()
        if keys.issued_at > now + AHEAD:
            raise Invalid("The bundle is of a time to come: set the device's clock.", code="bad-bundle")
        device = Device(
            id=keys.device_id,
            bundle=dict(bundle),
            identity_key=base64.urlsafe_b64encode(keys.identity_key).rstrip(b"=").decode(),
            issued_at=keys.issued_at,
            added_at=now,
        )
        return self._change(keys.unique_id, lambda known: known.with_device(device), Op.ADD, device)

    def remove(self, unique_id: str, device_id: str) -> None:
        """Remove a device; raises NotFound. Its id is not free for other keys."""
        device = self.get(unique_id, device_id)
        self._change(unique_id, lambda known: known.without(device_id), Op.REVOKE, device)

    def history_of(self, unique_id: str, *, before: str | None, limit: int) -> Listing[LogEntry]:
        """List the changes of somebody's keys, newest first."""
        return self._entries.look("lists", _log_of(unique_id), before=before, limit=limit)

    def forget(self, unique_id: str) -> None:
        """Erase all devices of somebody and their history; safe to do again."""
        while entries := self._entries.newest(_log_of(unique_id), before=None, limit=PAGE):
            for entry in entries:
                self._table.write(self._claims.removal(_claim_id(unique_id, entry.device_id)))
                self._table.write(self._entries.removal(entry.id))
        self._table.write(self._lists.removal(unique_id))

    def _change(self, unique_id: str, transition: Callable[[DeviceList], DeviceList], op: Op, device: Device) -> Stored:
        """Change somebody's devices and write it into the history."""
        for _ in range(RACES):
            known = self.all_of(unique_id)
            changed = transition(known)
            if changed is known:
                return Stored(known.get(device.id), is_news=False)
            entry = LogEntry(
                id=entry_id(unique_id, known.log_length),
                prev_hash=known.log_head,
                bundle_hash=bundle_hash(device.bundle),
                op=op,
                device_id=device.id,
                at=self._clock(),
            )
            changed = replace(changed, log_length=known.log_length + 1, log_head=entry.hash)
            claim = [] if known.find(device.id) is not None else self._claim(unique_id, device)
            try:
                self._table.write(self._lists.put(changed), self._entries.put(entry), *claim)
            except Changed:
                continue
            return Stored(changed.find(device.id) or device, is_news=True)
        raise Conflict("The devices are being changed by many at once; try again.", code="busy")

    def _claim(self, unique_id: str, device: Device) -> list[Put]:
        """Take an id for a key; raises Conflict where another key has taken it."""
        claim = self._claims.find(_claim_id(unique_id, device.id))
        if claim is not None:
            if claim.identity_key != device.identity_key:
                raise other_keys()
            return []
        return [self._claims.put(DeviceClaim(id=_claim_id(unique_id, device.id), identity_key=device.identity_key))]


def _claim_id(unique_id: str, device_id: str) -> str:
    return f"{unique_id}#{device_id}"


def _log_of(unique_id: str) -> str:
    return f"KEY_LOG#{unique_id}"
