"""The vectors that Node and Chromium have to pass as well."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from parley.sealed import (
    Device,
    Peer,
    Person,
    Pins,
    Refused,
    fingerprint_of,
    header_of,
    safety_number,
    verify_bundle,
    verify_statement,
)
from parley.sealed.device import Secrets
from parley.sealed.encoding import b64, unb64
from tests import sealed_vectors

VECTORS: dict[str, Any] = json.loads(sealed_vectors.FILE.read_bytes())
DEVICES: dict[str, dict[str, Any]] = {device["name"]: device for device in VECTORS["devices"]}
CALL, NOW = VECTORS["call"], VECTORS["now"]


def device_of(name: str) -> Device:
    kept = DEVICES[name]
    secrets = Secrets(
        identity=Ed25519PrivateKey.from_private_bytes(unb64(kept["identity"]["private"], most=43)),
        exchange=X25519PrivateKey.from_private_bytes(unb64(kept["exchange"]["private"], most=43)),
    )
    return Device.of(kept["uid"], kept["id"], secrets, issued_at=VECTORS["issued at"])


def peer_of(name: str) -> Peer:
    return verify_bundle(DEVICES[name]["bundle"])


def named(vectors: list[dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "vector", vectors, ids=[str(vector.get("name", at)) for at, vector in enumerate(vectors)]
    )


@named(VECTORS["devices"])
def test_a_device_is_what_its_keys_and_its_bundle_say(vector: dict[str, Any]) -> None:
    device, peer = device_of(vector["name"]), peer_of(vector["name"])

    assert device.bundle == vector["bundle"]
    assert device.peer == peer
    assert (peer.uid, peer.id, peer.key_id) == (vector["uid"], vector["id"], vector["key id"])
    assert (b64(peer.identity_key), b64(peer.exchange_key)) == (
        vector["identity"]["public"],
        vector["exchange"]["public"],
    )


@named(VECTORS["honest"])
def test_an_honest_envelope_is_opened(vector: dict[str, Any]) -> None:
    sender, opener = peer_of(VECTORS["from"]), device_of(VECTORS["to"])

    opened = opener.open(sender, vector["envelope"], call=CALL, type=vector["type"], now=NOW)

    header = opened.header
    assert opened.body == vector["body"]
    assert header == header_of(vector["envelope"])
    assert vector["header"] == {
        "call": header.call,
        "type": header.type,
        "from": header.from_uid,
        "fd": header.from_device,
        "to": header.to_uid,
        "td": header.to_device,
        "seq": header.seq,
        "ts": header.ts,
        "kid": header.key_id,
    }


@named(VECTORS["accepted"])
def test_envelopes_in_this_order_are_all_opened(vector: dict[str, Any]) -> None:
    opener = device_of(VECTORS["to"])
    peers = {(device["uid"], device["id"]): peer_of(name) for name, device in reversed(DEVICES.items())}

    for envelope in vector["envelopes"]:
        header = header_of(envelope)
        sender = peers[header.from_uid, header.from_device]
        assert opener.open(sender, envelope, call=header.call, now=vector["now"]).body == {"candidates": [None]}


@named(VECTORS["refused"])
def test_an_envelope_is_refused_with_its_code(vector: dict[str, Any]) -> None:
    opener, sender = device_of(vector["opener"]), peer_of(vector["sender"])
    for envelope in vector["before"]:
        opener.open(sender, envelope, call=CALL, now=vector["now"])

    with pytest.raises(Refused) as refused:
        opener.open(sender, vector["envelope"], **vector["expected"], now=vector["now"])

    assert refused.value.code == vector["code"]


@named(VECTORS["forged bundles"])
def test_a_forged_bundle_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        verify_bundle(vector["bundle"])

    assert refused.value.code == "bundle"


@named(VECTORS["statements"]["accepted"])
def test_a_statement_of_a_device_is_believed(vector: dict[str, Any]) -> None:
    stated = verify_statement(vector["statement"], peer_of(vector["by"]), call=CALL, kind=vector["kind"])

    assert stated.at == vector["at"]
    assert device_of(vector["by"]).consent(vector["kind"], call=CALL, at=vector["at"]) == vector["statement"]


@named(VECTORS["statements"]["refused"])
def test_a_wrong_statement_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        verify_statement(vector["statement"], peer_of(vector["by"]), call=CALL, kind=vector["kind"])

    assert refused.value.code == "statement"


@named(VECTORS["safety numbers"])
def test_safety_numbers_are_those_of_all_implementations(vector: dict[str, Any]) -> None:
    a, b = (
        Person(uid=DEVICES[names[0]]["uid"], identity_keys=tuple(peer_of(name).identity_key for name in names))
        for names in (vector["a"], vector["b"])
    )

    assert safety_number(a, b) == safety_number(b, a) == vector["number"]


@named(VECTORS["fingerprints"]["accepted"])
def test_the_fingerprint_of_a_description_is_found(vector: dict[str, Any]) -> None:
    assert fingerprint_of(vector["sdp"]) == vector["fingerprint"]


@named(VECTORS["fingerprints"]["refused"])
def test_a_description_without_exactly_one_fingerprint_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        fingerprint_of(vector["sdp"])

    assert refused.value.code == "fingerprint"


@named(VECTORS["pins"])
def test_pins_tell_what_is_new_and_refuse_what_changed(vector: dict[str, Any]) -> None:
    pins = Pins()
    for step in vector["steps"]:
        peers = [verify_bundle(bundle) for bundle in step["bundles"]]
        if "code" in step:
            with pytest.raises(Refused) as refused:
                pins.see(vector["uid"], peers)
            assert refused.value.code == step["code"]
        else:
            sight = pins.see(vector["uid"], peers)
            assert step["sight"] == {
                "is_first": sight.is_first,
                "added": list(sight.added),
                "gone": list(sight.gone),
                "lost_mark": sight.lost_mark,
            }
        if step.get("verify"):
            pins.mark_verified(vector["uid"])
        if "verified" in step:
            assert pins.is_verified(vector["uid"]) is step["verified"]


def test_the_file_has_what_its_maker_makes_today() -> None:
    # Sealing is randomised: of an envelope only its header is the same each time, and of a forged one not even that.
    def comparable(vectors: dict[str, Any]) -> dict[str, Any]:
        sealed = {"honest", "accepted", "refused"}
        names = {part: [vector["name"] for vector in vectors[part]] for part in sealed}
        headers = [vector["header"] for vector in vectors["honest"]]
        return {part: vectors[part] for part in vectors.keys() - sealed} | {"names": names, "headers": headers}

    assert comparable(VECTORS) == comparable(json.loads(json.dumps(sealed_vectors.vectors())))
