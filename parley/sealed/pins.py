"""Whose keys were seen first: a device keeps them for good, and a person's set of keys may not change unnoticed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from parley.errors import Failure
from parley.sealed.bundle import Peer
from parley.sealed.encoding import b64, unb64_exact
from parley.sealed.files import read_private, write_private
from parley.sealed.keys import KEY_BYTES
from parley.sealed.refused import Refused
from parley.sealed.safety import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What is new about somebody."""

    is_first: bool
    """Nothing was known of this person: whoever they are is believed."""
    added: tuple[str, ...]
    """Devices that were not there last time; to be shown where the sight is not the first."""
    gone: tuple[str, ...]
    lost_mark: bool
    """They were verified, and are not any more."""


@dataclass(slots=True, kw_only=True)
class _Known:
    keys: dict[str, bytes] = field(default_factory=dict)
    """Of every device that ever was there."""
    present: set[str] = field(default_factory=set)
    is_verified: bool = False


class Pins:
    """What one client knows of others."""

    def __init__(self) -> None:
        self._people: dict[str, _Known] = {}

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read pins from their file; without one nothing is known yet. Raises Failure."""
        pins = cls()
        try:
            content = read_private(path)
            pins._people = {uid: _read(known) for uid, known in content["people"].items()}
        except FileNotFoundError:
            return pins
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Failure(f"{path} cannot be understood.") from error
        return pins

    def save(self, path: Path) -> None:
        """Keep the pins in a file that only its owner may read; raises Failure."""
        write_private(path, {"v": 1, "people": {uid: _write(known) for uid, known in self._people.items()}})

    def see(self, uid: str, peers: Iterable[Peer]) -> Sight:
        """Take note of all devices that somebody has now.

        Raises:
            Refused: `pin` where a device has another identity key than before, `bundle` where one is somebody else's;
                nothing has changed then.
        """
        keys = self._agreeing(uid, peers)
        is_first = uid not in self._people
        known = self._people.setdefault(uid, _Known())
        sight = Sight(
            is_first=is_first,
            added=tuple(sorted(keys.keys() - known.present)),
            gone=tuple(sorted(known.present - keys.keys())),
            lost_mark=known.is_verified and known.present != keys.keys(),
        )
        known.keys |= keys
        known.present = set(keys)
        known.is_verified = known.is_verified and not sight.lost_mark
        return sight

    def check(self, peer: Peer) -> None:
        """Hold a device against its pin; raises Refused `pin` where it has none or another key."""
        known = self._people.get(peer.uid)
        if known is None or peer.id not in known.present or known.keys[peer.id] != peer.identity_key:
            raise Refused("pin", "This device is not one that is known of this person.")

    def person(self, uid: str) -> Person:
        """Return somebody by the keys of all present devices, for a safety number."""
        known = self._people.get(uid, _Known())
        return Person(uid=uid, identity_keys=tuple(known.keys[device_id] for device_id in sorted(known.present)))

    def mark_verified(self, uid: str) -> None:
        """Remember that safety numbers were compared; raises KeyError where there is nobody to compare with."""
        if not self._people[uid].present:
            raise KeyError(uid)
        self._people[uid].is_verified = True

    def is_verified(self, uid: str) -> bool:
        """Tell whether numbers were compared, and no key has come or gone since."""
        return uid in self._people and self._people[uid].is_verified

    def _agreeing(self, uid: str, peers: Iterable[Peer]) -> dict[str, bytes]:
        pinned = self._people[uid].keys if uid in self._people else {}
        keys: dict[str, bytes] = {}
        for peer in peers:
            if peer.uid != uid:
                raise Refused("bundle", "This device belongs to somebody else.")
            expected = pinned.get(peer.id, keys.get(peer.id, peer.identity_key))
            if peer.identity_key != expected:
                raise Refused("pin", "This device has another identity key than before.")
            keys[peer.id] = peer.identity_key
        return keys


def _read(known: Mapping[str, Any]) -> _Known:
    keys = {device_id: unb64_exact(key, KEY_BYTES) for device_id, key in known["keys"].items()}
    present = set(known["present"])
    if not present <= keys.keys() or type(known["verified"]) is not bool:
        raise ValueError("a device without a key")
    return _Known(keys=keys, present=present, is_verified=known["verified"])


def _write(known: _Known) -> dict[str, Any]:
    keys = {device_id: b64(key) for device_id, key in known.keys.items()}
    return {"keys": keys, "present": sorted(known.present), "verified": known.is_verified}
