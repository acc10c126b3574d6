"""This machine's device for a server, and what it knows of others' keys. Files lie beside the credentials."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from parley.client import Api
from parley.sealed import Device, Peer, Pins, Sight, safety_number, verify_bundle
from parley.session import Session


@dataclass(slots=True)
class Keyring:
    """The device and the pins of one account on one server."""

    device: Device
    pins: Pins
    folder: Path

    def person(self, api: Api, unique_id: str) -> tuple[list[Peer], Sight]:
        """Fetch somebody's devices and hold them against what is known; returns them and what is new.

        Raises:
            Refused: a device has other keys than before, or the bundles are wrong.
        """
        peers = [verify_bundle(one.bundle) for one in api.devices(unique_id)]
        sight = self.pins.see(unique_id, peers)
        self.save_pins()
        return peers, sight

    def safety_number(self, unique_id: str) -> str:
        """Return what two people compare; raises ValueError where one has no device."""
        return safety_number(self.pins.person(self.device.uid), self.pins.person(unique_id))

    def save_pins(self) -> None:
        """Keep what is known of others."""
        self.pins.save(self.folder / "pins.json")


def keyring_folder(session: Session, unique_id: str) -> Path:
    """Return where the keys of an account on a server lie."""
    # An account's number means somebody else on another server.
    server = hashlib.sha256(session.server.encode()).hexdigest()[:16]
    return session.credentials.path.parent / "devices" / f"{unique_id}-{server}"


def open_keyring(session: Session, api: Api) -> Keyring:
    """Load this machine's device, or make one; and see to it that the server knows it.

    Raises:
        Failure: the files cannot be read or written, or the server takes no more devices.
    """
    unique_id = api.unique_id()
    folder = keyring_folder(session, unique_id)
    path = folder / "device.json"
    try:
        device = Device.load(path)
    except FileNotFoundError:
        device = Device.create(unique_id)
        # First the file: a device that only the server knows would be called in vain.
        device.save(path)
    api.put_device(device.id, device.bundle)
    keyring = Keyring(device, Pins.load(folder / "pins.json"), folder)
    keyring.person(api, unique_id)
    return keyring


def own_device_id(session: Session, unique_id: str) -> str | None:
    """Return this machine's device, if it has one."""
    try:
        return Device.load(keyring_folder(session, unique_id) / "device.json").id
    except FileNotFoundError:
        return None
