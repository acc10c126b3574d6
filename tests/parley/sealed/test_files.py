"""Keys and pins on disk."""

import json
import os
import stat
from pathlib import Path

import pytest

from parley.errors import Failure
from parley.sealed import Device, Pins, Refused

posix_only = pytest.mark.skipif(os.name != "posix", reason="Windows has no file modes")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_device_is_the_same_after_it_was_read_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "device.json"
    boris, anna = Device.create("87654321"), Device.create("12345678")
    envelope = anna.seal(boris.peer, call="call_1", type="offer", seq=0, body={"sdp": ""})

    boris.save(path)
    again = Device.load(path)

    assert (again.uid, again.id, again.bundle, again.peer) == (boris.uid, boris.id, boris.bundle, boris.peer)
    assert again.open(anna.peer, envelope, call="call_1").body == {"sdp": ""}


@posix_only
def test_only_its_owner_can_read_a_device(tmp_path: Path) -> None:
    path = tmp_path / "parley" / "device.json"
    before = os.umask(0)
    try:
        Device.create("12345678").save(path)
    finally:
        os.umask(before)

    assert mode_of(path) == 0o600
    assert mode_of(path.parent) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["device.json"]


@posix_only
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_device_that_others_could_read_is_not_used(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "device.json"
    Device.create("12345678").save(path)
    path.chmod(mode)

    with pytest.raises(Failure, match="chmod 600"):
        Device.load(path)


def test_without_a_file_there_is_no_device(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Device.load(tmp_path / "device.json")


def test_a_device_whose_keys_are_not_those_of_its_bundle_is_not_used(tmp_path: Path) -> None:
    path, other = tmp_path / "device.json", tmp_path / "other.json"
    Device.create("12345678").save(path)
    Device.create("12345678").save(other)
    kept, strange = json.loads(path.read_text()), json.loads(other.read_text())

    for name in ("uid", "id", "identity", "exchange", "bundle"):
        wrong = "87654321" if name == "uid" else strange[name]
        path.write_text(json.dumps(kept | {name: wrong}))
        with pytest.raises(Failure, match="cannot be understood"):
            Device.load(path)


@pytest.mark.parametrize("content", ["", "[]", "{}", "null", '{"uid": 1}', "\x00"])
def test_a_damaged_file_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "device.json"
    path.write_text(content)
    path.chmod(0o600)

    for load in (Device.load, Pins.load):
        with pytest.raises(Failure, match=r"device\.json"):
            load(path)


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, device = tmp_path / "device.json", Device.create("12345678")
    device.save(path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Failure, match="No space left"):
        Device.create("12345678").save(path)

    assert Device.load(path).id == device.id
    assert [entry.name for entry in tmp_path.iterdir()] == ["device.json"]


def test_pins_are_the_same_after_they_were_read_again(tmp_path: Path) -> None:
    path, anna = tmp_path / "pins.json", Device.create("12345678")
    pins = Pins.load(path)
    pins.see(anna.uid, [anna.peer])
    pins.mark_verified(anna.uid)

    pins.save(path)
    again = Pins.load(path)

    assert again.is_verified(anna.uid)
    assert again.person(anna.uid) == pins.person(anna.uid)
    with pytest.raises(Refused):
        again.see(anna.uid, [Device.create(anna.uid, anna.id).peer])


def test_a_device_is_held_against_its_pin(tmp_path: Path) -> None:
    pins, anna = Pins(), Device.create("12345678")
    pins.see(anna.uid, [anna.peer])

    pins.check(anna.peer)

    for other in (Device.create("87654321"), Device.create(anna.uid), Device.create(anna.uid, anna.id)):
        with pytest.raises(Refused) as refused:
            pins.check(other.peer)
        assert refused.value.code == "pin"


def test_nobody_is_verified_who_has_no_device(tmp_path: Path) -> None:
    pins = Pins()
    pins.see("12345678", [])

    for uid in ("12345678", "87654321"):
        with pytest.raises(KeyError):
            pins.mark_verified(uid)
        assert not pins.is_verified(uid)
