"""Writes tests/sealed_vectors.json: what every implementation must open, and what it must refuse, and with which code.

`python -m tests.sealed_vectors` makes it again. Keys and moments are fixed; sealing is randomised, so envelopes differ
from one making to the next, and everything else is the same.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from parley.sealed import Device, Peer, Person, safety_number
from parley.sealed.device import Secrets
from parley.sealed.encoding import b64, unb64

FILE = Path(__file__).with_suffix(".json")
CALL, OTHER_CALL = "call_01KC000000000000000000CALL", "call_01KC0000000000000000000THE"
NOW = 1_795_262_400_000
ISSUED_AT = NOW // 1000 - 3600
MINUTES = 60_000
SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
ENVELOPE, BUNDLE, CONSENT = b"parley/env/1\0", b"parley/dev/1\0", b"parley/consent/1\0"
SDP = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=fingerprint:sha-256 " + ":".join(["AB"] * 32) + "\r\n"

Vector = dict[str, Any]


class Maker:
    """A device whose private keys lie open, so that it can seal what nobody should."""

    def __init__(self, name: str, uid: str, device_id: str) -> None:
        self.name = name
        self.identity = Ed25519PrivateKey.from_private_bytes(seed(f"{name} identity"))
        self.exchange = X25519PrivateKey.from_private_bytes(seed(f"{name} exchange"))
        secrets = Secrets(identity=self.identity, exchange=self.exchange)
        self.device = Device.of(uid, device_id, secrets, issued_at=ISSUED_AT)

    @property
    def peer(self) -> Peer:
        return self.device.peer

    def header(self, to: "Maker", /, **changes: Any) -> dict[str, Any]:
        fields = {
            "call": CALL,
            "type": "ice",
            "from": self.peer.uid,
            "fd": self.peer.id,
            "to": to.peer.uid,
            "td": to.peer.id,
            "seq": 7,
            "ts": NOW,
            "kid": to.peer.key_id,
        }
        return fields | changes

    def seal(self, to: "Maker", /, **changes: Any) -> Vector:
        return self.seal_bytes(to, json_bytes(self.header(to, **changes)))

    def seal_bytes(
        self, to: "Maker", header: bytes, *, body: bytes = b'{"candidates":[null]}', info: bytes | None = None
    ) -> Vector:
        key = X25519PublicKey.from_public_bytes(to.peer.exchange_key)
        sealed = SUITE.encrypt(body, key, info=ENVELOPE + header if info is None else info)
        return self.sign(header, sealed)

    def sign(self, header: bytes, sealed: bytes, label: bytes = ENVELOPE) -> Vector:
        content = label + hashlib.sha256(header).digest() + hashlib.sha256(sealed).digest()
        return {"v": 1, "p": b64(header), "e": b64(sealed), "s": b64(self.identity.sign(content))}

    def signed(self, body: bytes, label: bytes) -> Vector:
        return {"b": b64(body), "s": b64(self.identity.sign(label + body))}

    def bundle(self, **changes: Any) -> Vector:
        return self.signed(json_bytes(self.bundle_fields() | changes), BUNDLE)

    def bundle_fields(self) -> dict[str, Any]:
        keys = {"ik": b64(self.peer.identity_key), "dh": b64(self.peer.exchange_key)}
        return {"v": 1, "uid": self.peer.uid, "dev": self.peer.id} | keys | {"iat": ISSUED_AT}

    def statement(self, label: bytes = CONSENT, **changes: Any) -> Vector:
        who = {"by": self.peer.uid, "device": self.peer.id}
        what = {"v": 1, "call": CALL, "kind": "grant"} | who | {"text": "parley/consent-text/1", "at": NOW}
        return self.signed(json_bytes(what | changes), label)


def seed(name: str) -> bytes:
    return hashlib.sha256(b"parley test vector: " + name.encode()).digest()


def json_bytes(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


ANNA = Maker("anna's telephone", "12345678", "dev_01KC00000000000000000ANNA1")
ANNAS_OTHER = Maker("anna's laptop", "12345678", "dev_01KC00000000000000000ANNA2")
BORIS = Maker("boris's telephone", "87654321", "dev_01KC000000000000000000BRS1")
BORIS_OTHER = Maker("boris's laptop", "87654321", "dev_01KC000000000000000000BRS2")
VERA = Maker("vera's telephone", "55555555", "dev_01KC000000000000000000VERA")
IMPOSTOR = Maker("somebody who says to be anna's telephone", ANNA.peer.uid, ANNA.peer.id)
IMPOSTOR_ELSEWHERE = Maker("somebody with a device more of anna", ANNA.peer.uid, "dev_01KC00000000000000000ANNA3")
MAKERS = [ANNA, ANNAS_OTHER, BORIS, BORIS_OTHER, VERA, IMPOSTOR, IMPOSTOR_ELSEWHERE]


def flipped(text: str, at: int) -> str:
    raw = bytearray(unb64(text, most=10**6))
    raw[at] ^= 1
    return b64(bytes(raw))


def honest() -> list[Vector]:
    bodies: list[tuple[str, str, Any]] = [
        ("an offer", "offer", {"sdp": SDP}),
        ("an answer", "answer", {"sdp": SDP}),
        ("candidates", "ice", {"candidates": [{"candidate": "candidate:1 1 udp 1 127.0.0.1 9 typ host"}, None]}),
        ("an offer again", "negotiate", {"kind": "offer", "sdp": SDP}),
        ("a hang-up in many letters", "hangup", {"reason": "до свидания, 再见, 👋🏽 \u0000\ufeff"}),
        ("a statement inside", "record", {"kind": "grant", "statement": ANNA.statement()}),
        ("a type of later days", "dance", {"numbers": [0, -1, 1.5, 1e300], "nothing": {}}),
    ]
    vectors = [
        {
            "name": name,
            "type": kind,
            "body": body,
            "envelope": ANNA.device.seal(BORIS.peer, call=CALL, type=kind, seq=seq, body=body, now=NOW),
        }
        for seq, (name, kind, body) in enumerate(bodies)
    ]
    for vector in vectors:
        vector["header"] = json.loads(unb64(vector["envelope"]["p"], most=1024))
    return vectors


def accepted() -> list[Vector]:
    """Envelopes that are opened in the order in which they stand."""
    return [
        {"name": "numbers out of order", "now": NOW, "envelopes": [ANNA.seal(BORIS, seq=n) for n in (5, 3, 999, 0, 4)]},
        {
            "name": "the same number in two calls and from two devices",
            "now": NOW,
            "envelopes": [
                ANNA.seal(BORIS),
                ANNA.seal(BORIS, call=OTHER_CALL),
                ANNAS_OTHER.seal(BORIS),
                VERA.seal(BORIS),
            ],
        },
        {
            "name": "five minutes too early and five minutes too late",
            "now": NOW,
            "envelopes": [ANNA.seal(BORIS, seq=n, ts=NOW + n * 5 * MINUTES) for n in (0, 1)]
            + [ANNA.seal(BORIS, seq=2, ts=NOW - 5 * MINUTES)],
        },
        {
            "name": "fields that a later version may add",
            "now": NOW,
            "envelopes": [ANNA.seal(BORIS, later={"a": [1]})],
        },
    ]


def refused() -> list[Vector]:
    return [*unreadable(), *tampered(), *misdirected(), *untimely(), *unopenable()]


def unreadable() -> list[Vector]:
    good = ANNA.seal(BORIS)
    versions = [{"v": 2}, {"v": 0}, {"v": "1"}, {"v": True}, {"v": None}, {"v": [1]}]
    parts: list[tuple[str, Vector]] = [
        ("no header", {"p": None}),
        ("a number for a signature", {"s": 64}),
        ("padding", {"s": good["s"] + "=="}),
        ("the other alphabet", {"e": "+/" + good["e"][2:]}),
        ("a line end behind it", {"p": good["p"] + "\n"}),
        ("a length that no bytes have", {"e": "A"}),
        ("unused bits that are set", {"s": with_unused_bits(good["s"])}),
        ("a short signature", {"s": b64(bytes(63))}),
        ("a long signature", {"s": b64(bytes(65))}),
        ("a huge header", {"p": "A" * 1028}),
        ("a huge body", {"e": "A" * 32772}),
        ("a list for a body", {"e": [good["e"]]}),
    ]
    headers: list[tuple[str, bytes]] = [
        ("no JSON", b"offer"),
        ("a list", b"[]"),
        ("nothing", b""),
        ("brackets only", b"[" * 700),
        ("another encoding", json.dumps(ANNA.header(BORIS)).encode("utf-16")),
        ("a byte order mark", b"\xef\xbb\xbf" + json_bytes(ANNA.header(BORIS))),
        ("half a letter", json_bytes(ANNA.header(BORIS)).replace(b"ice", b"\xd0")),
        ("no number", json_bytes(ANNA.header(BORIS)).replace(b'"seq":7', b'"seq":NaN')),
        *[
            (f"{name} {value!r}", json_bytes(ANNA.header(BORIS, **{name: value})))
            for name, value in [
                ("seq", -1),
                ("seq", 1000),
                ("seq", 1.5),
                ("seq", "7"),
                ("seq", True),
                ("ts", 2**60),
                ("ts", None),
                ("call", ""),
                ("call", 1),
                ("type", "x" * 33),
                ("kid", {}),
            ]
        ],
        ("no kid", json_bytes({k: v for k, v in ANNA.header(BORIS).items() if k != "kid"})),
    ]
    return [
        *[a_refusal(f"version {change['v']!r}", "version", good | change) for change in versions],
        a_refusal("no version", "version", {k: v for k, v in good.items() if k != "v"}),
        *[a_refusal(f"{other!r} for an envelope", "version", other) for other in (None, [], "", 1)],
        *[a_refusal(name, "malformed", good | change) for name, change in parts],
        *[
            a_refusal(f"a signed header that is or has {name}", "malformed", ANNA.seal_bytes(BORIS, raw))
            for name, raw in headers
        ],
    ]


def tampered() -> list[Vector]:
    good, other = ANNA.seal(BORIS), ANNA.seal(BORIS, seq=8)
    header, sealed = unb64(good["p"], most=1024), unb64(good["e"], most=4096)
    bundle_like = ANNA.signed(header, BUNDLE)
    return [
        a_refusal("a changed ciphertext", "signature", good | {"e": flipped(good["e"], 40)}),
        a_refusal("a changed last byte", "signature", good | {"e": flipped(good["e"], -1)}),
        a_refusal("a changed encapsulated key", "signature", good | {"e": flipped(good["e"], 3)}),
        a_refusal("a changed header", "signature", good | {"p": flipped(good["p"], 12)}),
        a_refusal("a changed signature", "signature", good | {"s": flipped(good["s"], 5)}),
        a_refusal("a signature made larger by the order", "signature", good | {"s": malleable(good["s"])}),
        a_refusal("a header of another message", "signature", good | {"p": other["p"]}),
        a_refusal("a body of another message", "signature", good | {"e": other["e"]}),
        a_refusal("a signature of another message", "signature", good | {"s": other["s"]}),
        a_refusal("a cut ciphertext", "signature", good | {"e": b64(sealed[:-1])}),
        a_refusal("nothing sealed", "signature", good | {"e": ""}),
        a_refusal("a substituted sender", "signature", IMPOSTOR.seal(BORIS)),
        a_refusal("a sender with other keys than those pinned", "signature", good, sender=IMPOSTOR),
        a_refusal("a signature of another kind", "signature", good | {"s": bundle_like["s"]}),
        a_refusal("a signature without its label", "signature", ANNA.sign(header, sealed, b"")),
        a_refusal("a re-addressed message", "signature", good | {"p": b64(json_bytes(ANNA.header(VERA)))}, opener=VERA),
    ]


def misdirected() -> list[Vector]:
    return [
        a_refusal("a message for another device of the callee", "addressing", ANNA.seal(BORIS_OTHER)),
        a_refusal("a message for another person", "addressing", ANNA.seal(VERA)),
        a_refusal("a message that names another device", "addressing", ANNA.seal(BORIS, td=BORIS_OTHER.peer.id)),
        a_refusal("a message that names another person", "addressing", ANNA.seal(BORIS, to=VERA.peer.uid)),
        a_refusal("a message in another device's name", "addressing", ANNA.seal(BORIS, fd=ANNAS_OTHER.peer.id)),
        a_refusal("a message in another person's name", "addressing", ANNA.seal(BORIS, **{"from": VERA.peer.uid})),
        a_refusal("a message that names another key", "addressing", ANNA.seal(BORIS, kid=BORIS_OTHER.peer.key_id)),
        a_refusal("a message sent back to its sender", "addressing", ANNA.seal(BORIS), opener=ANNA),
        a_refusal("a message of another call", "unexpected", ANNA.seal(BORIS), call=OTHER_CALL),
        a_refusal("a message of another type", "unexpected", ANNA.seal(BORIS), type="hangup"),
        a_refusal("another call and too old as well", "unexpected", ANNA.seal(BORIS, ts=1), call=OTHER_CALL),
    ]


def untimely() -> list[Vector]:
    first, same_number = ANNA.seal(BORIS), ANNA.seal(BORIS, type="hangup")
    return [
        a_refusal("a message a millisecond too old", "stale", ANNA.seal(BORIS, ts=NOW - 5 * MINUTES - 1)),
        a_refusal("a message a millisecond too far ahead", "stale", ANNA.seal(BORIS, ts=NOW + 5 * MINUTES + 1)),
        a_refusal("a message of 1970", "stale", ANNA.seal(BORIS, ts=0)),
        a_refusal("a message of the end of days", "stale", ANNA.seal(BORIS, ts=2**53 - 1)),
        a_refusal("a message that came already", "replay", first, before=[first]),
        a_refusal("another message with the same number", "replay", same_number, before=[first]),
        a_refusal(
            "a message that came before others",
            "replay",
            first,
            before=[first, *[ANNA.seal(BORIS, seq=seq) for seq in (8, 9, 6)]],
        ),
    ]


def unopenable() -> list[Vector]:
    header = json_bytes(ANNA.header(BORIS))
    for_another = ANNA.seal_bytes(BORIS_OTHER, header)
    elsewhere = ANNA.seal_bytes(BORIS, header, info=ENVELOPE + json_bytes(ANNA.header(BORIS, seq=8)))
    sealed = unb64(ANNA.seal(BORIS)["e"], most=4096)
    return [
        a_refusal("sealed for another device's key", "sealed", for_another),
        a_refusal("sealed under another header", "sealed", elsewhere),
        a_refusal("sealed without its label", "sealed", ANNA.seal_bytes(BORIS, header, info=header)),
        a_refusal("an encapsulated key of low order", "sealed", ANNA.sign(header, bytes(32) + sealed[32:])),
        a_refusal("an encapsulated key alone", "sealed", ANNA.sign(header, sealed[:32])),
        a_refusal("half an encapsulated key", "sealed", ANNA.sign(header, sealed[:16])),
        a_refusal("nothing at all", "sealed", ANNA.sign(header, b"")),
        a_refusal("a body that is no JSON", "sealed", ANNA.seal_bytes(BORIS, header, body=b"{")),
        a_refusal("a body in no UTF-8", "sealed", ANNA.seal_bytes(BORIS, header, body=b'"\xff"')),
        a_refusal("a body with NaN", "sealed", ANNA.seal_bytes(BORIS, header, body=b"NaN")),
    ]


def a_refusal(
    name: str,
    code: str,
    envelope: Any,
    *,
    sender: Maker = ANNA,
    opener: Maker = BORIS,
    before: list[Vector] | None = None,
    **expected: str,
) -> Vector:
    return {
        "name": name,
        "code": code,
        "opener": opener.name,
        "sender": sender.name,
        "expected": {"call": CALL} | expected,
        "now": NOW,
        "before": before or [],
        "envelope": envelope,
    }


def with_unused_bits(signature: str) -> str:
    """Write a signature in another way than the usual one: its last character has four bits to spare."""
    return signature[:-1] + chr(ord(signature[-1]) + 1)


def malleable(signature: str) -> str:
    raw = unb64(signature, most=86)
    order = 2**252 + 27742317777372353535851937790883648493
    larger = int.from_bytes(raw[32:], "little") + order
    return b64(raw[:32] + larger.to_bytes(32, "little"))


def forged_bundles() -> list[tuple[str, Any]]:
    good = ANNA.bundle()
    fields, body = ANNA.bundle_fields(), json_bytes(ANNA.bundle_fields())
    swapped = json_bytes(fields | {"dh": IMPOSTOR.bundle_fields()["dh"]})
    nobody, order_eight = b64(b"\1" + bytes(31)), low_order_identity()
    everybodys = b64(b"\1" + bytes(63))  # R = the neutral point, S = 0: right for any content under such a key
    names = [
        ("an old", -1),
        ("no whole", 1.5),
        ("a true", True),
        ("a late", 4_102_444_801),
        ("no", None),
        ("a text", "1"),
    ]
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("another version", {"v": 2}),
        ("a true version", {"v": True}),
        ("no version", {"v": None}),
        ("seven digits", {"uid": "1234567"}),
        ("nine digits", {"uid": "123456789"}),
        ("digits of another script", {"uid": "١٢٣٤٥٦٧٨"}),
        ("a line end behind the digits", {"uid": "12345678\n"}),
        ("a number for a person", {"uid": 12345678}),
        ("a device without its prefix", {"dev": ANNA.peer.id[4:]}),
        ("a device in small letters", {"dev": ANNA.peer.id.lower()}),
        ("a device beyond all ULIDs", {"dev": "dev_8ZZZZZZZZZZZZZZZZZZZZZZZZZ"}),
        ("a short device", {"dev": ANNA.peer.id[:-1]}),
        ("a path for a device", {"dev": "dev_../../../../../../../../etc"}),
        ("a short exchange key", {"dh": b64(bytes(range(31)))}),
        ("a long exchange key", {"dh": b64(bytes(range(33)))}),
        ("a list for a key", {"dh": [fields["dh"]]}),
        ("an exchange key of zeros", {"dh": b64(bytes(32))}),
        ("an exchange key of low order", {"dh": b64(b"\1" + bytes(31))}),
        ("an exchange key of order eight", {"dh": "4Ot6fDtBuK4WVuP68Z_EatoJjeucMrH9hmIFFl9JuAA"}),
        ("an exchange key of low order with its top bit set", {"dh": b64(b"\1" + bytes(30) + b"\x80")}),
        *[(f"{name} moment", {"iat": value}) for name, value in names],
    ]
    return [
        ("a signature of somebody else", good | {"s": VERA.bundle()["s"]}),
        ("a signature by somebody else", VERA.signed(body, BUNDLE)),
        ("an exchange key swapped under the signature", good | {"b": b64(swapped)}),
        ("an exchange key swapped and signed by whoever swapped it", IMPOSTOR.signed(swapped, BUNDLE)),
        ("an identity key swapped", good | {"b": b64(json_bytes(fields | {"ik": IMPOSTOR.bundle_fields()["ik"]}))}),
        ("a changed signature", good | {"s": flipped(good["s"], 40)}),
        ("a signature of another kind", ANNA.signed(body, CONSENT)),
        ("a signature without its label", ANNA.signed(body, b"")),
        ("a key under which anybody signs", {"b": b64(json_bytes(fields | {"ik": nobody})), "s": everybodys}),
        ("a key of order eight", {"b": b64(json_bytes(fields | {"ik": order_eight})), "s": everybodys}),
        ("a key that is no point", {"b": b64(json_bytes(fields | {"ik": b64(b"\2" + bytes(31))})), "s": everybodys}),
        *[(name, ANNA.bundle(**change)) for name, change in wrong],
        ("a field less", ANNA.signed(json_bytes({k: v for k, v in fields.items() if k != "dh"}), BUNDLE)),
        ("no JSON", ANNA.signed(body[:-1], BUNDLE)),
        ("a list of one", ANNA.signed(b"[" + body + b"]", BUNDLE)),
        ("NaN", ANNA.signed(body.replace(str(ISSUED_AT).encode(), b"NaN"), BUNDLE)),
        ("brackets only", ANNA.signed(b"[" * 700, BUNDLE)),
        ("another encoding", ANNA.signed(body.decode().encode("utf-16"), BUNDLE)),
        ("a byte order mark", ANNA.signed(b"\xef\xbb\xbf" + body, BUNDLE)),
        ("padding", good | {"s": good["s"] + "=="}),
        ("unused bits that are set", good | {"s": with_unused_bits(good["s"])}),
        ("a huge body", ANNA.bundle(more="x" * 1000)),
        ("a huge signature", good | {"s": good["s"] * 400}),
        ("no signature", {"b": good["b"]}),
        ("numbers", {"b": 1, "s": 2}),
        ("nothing", {}),
        ("a list", [good["b"], good["s"]]),
        ("a text", "bundle"),
        ("null", None),
    ]


def low_order_identity() -> str:
    return "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU"


def statements() -> Vector:
    good = [(BORIS.statement(), "grant"), (BORIS.statement(kind="request"), "request")]
    bad: list[tuple[str, Any]] = [
        ("about another call", BORIS.statement(call=OTHER_CALL)),
        ("of another kind", BORIS.statement(kind="request")),
        ("by another person", BORIS.statement(by=VERA.peer.uid)),
        ("by another device", BORIS.statement(device=BORIS_OTHER.peer.id)),
        ("signed by another device", BORIS_OTHER.statement(by=BORIS.peer.uid, device=BORIS.peer.id)),
        ("of another device altogether", BORIS_OTHER.statement()),
        ("to other words", BORIS.statement(text="parley/consent-text/0")),
        ("of another version", BORIS.statement(v=2)),
        ("of a true version", BORIS.statement(v=True)),
        ("without a moment", BORIS.statement(at=None)),
        ("before all moments", BORIS.statement(at=-1)),
        ("signed as something else", BORIS.statement(label=BUNDLE)),
        ("signed without a label", BORIS.statement(label=b"")),
        ("changed", BORIS.statement() | {"b": BORIS.statement(at=NOW + 1)["b"]}),
        ("with unused bits that are set", good[0][0] | {"s": with_unused_bits(good[0][0]["s"])}),
        ("that is huge", BORIS.statement(more="x" * 1000)),
        ("that is no JSON", BORIS.signed(b"{", CONSENT)),
        ("without a signature", {"b": BORIS.statement()["b"]}),
        ("that is a list", []),
        ("that is nothing", None),
    ]
    return {
        "accepted": [{"kind": kind, "at": NOW, "by": BORIS.name, "statement": one} for one, kind in good],
        "refused": [{"name": name, "kind": "grant", "by": BORIS.name, "statement": one} for name, one in bad],
    }


def safety_numbers() -> list[Vector]:
    pairs = [
        ([ANNA], [BORIS]),
        ([IMPOSTOR], [BORIS]),
        ([ANNAS_OTHER, ANNA], [BORIS]),
        ([VERA], [IMPOSTOR_ELSEWHERE, ANNA, ANNAS_OTHER]),
    ]
    return [
        {"a": [one.name for one in a], "b": [one.name for one in b], "number": safety_number(person(a), person(b))}
        for a, b in pairs
    ]


def person(makers: list[Maker]) -> Person:
    return Person(uid=makers[0].peer.uid, identity_keys=tuple(maker.peer.identity_key for maker in makers))


def fingerprints() -> Vector:
    value, other = ":".join(["AB"] * 32), ":".join(["CD"] * 32)
    line = f"a=fingerprint:sha-256 {value}\r\n"
    longer = f"a=fingerprint:sha-512 {':'.join(['EF'] * 64)}\r\n"
    accepted = [line, "v=0\r\n" + line, line * 3, line.replace("\r", ""), line.lower(), line.strip(), longer + line]
    refused = {
        "none": "v=0\r\n",
        "nothing": "",
        "two": line + line.replace(value, other),
        "a changed letter in the second": line + line.replace("AB:AB\r", "AB:AA\r"),
        "a weak hash alone": f"a=fingerprint:sha-1 {':'.join(['AB'] * 20)}\r\n",
        "a weak hash beside it": line + f"a=fingerprint:sha-1 {':'.join(['AB'] * 20)}\r\n",
        "two longer ones": line + longer + longer.replace("EF", "EE"),
        "a longer one alone": longer,
        "too short": f"a=fingerprint:sha-256 {value[3:]}\r\n",
        "too long": f"a=fingerprint:sha-256 {value}:AB\r\n",
        "no colons": f"a=fingerprint:sha-256 {value.replace(':', '')}\r\n",
        "no hexadecimal": f"a=fingerprint:sha-256 {value.replace('B', 'G')}\r\n",
        "two spaces": f"a=fingerprint:sha-256  {value}\r\n",
        "a space before it": line + f" a=fingerprint:sha-256 {other}\r\n",
        "a second in capitals": line + f"A=FINGERPRINT:sha-256 {other}\r\n",
        "a name of the prototype": line + f"a=fingerprint:constructor {other}\r\n",
        "no value": "a=fingerprint:sha-256\r\n",
        "a line end within": f"a=fingerprint:sha-256 {value[:50]}\r\n{value[50:]}\r\n",
        "a number": 1,
        "null": None,
    }
    return {
        "accepted": [{"sdp": sdp, "fingerprint": value} for sdp in accepted],
        "refused": [{"name": name, "sdp": sdp} for name, sdp in refused.items()],
    }


def pins() -> list[Vector]:
    uid = ANNA.peer.uid
    first = {"sight": {"is_first": True, "added": [ANNA.peer.id], "gone": [], "lost_mark": False}}
    same = {"sight": {"is_first": False, "added": [], "gone": [], "lost_mark": False}}
    new = IMPOSTOR_ELSEWHERE.peer.id
    return [
        a_story("a changed identity key under a pinned device", uid, [([ANNA], first), ([IMPOSTOR], {"code": "pin"})]),
        a_story("the same keys again", uid, [([ANNA], first), ([ANNA], same)]),
        a_story(
            "a new device of a known person, without a mark",
            uid,
            [
                ([ANNA], first),
                ([IMPOSTOR_ELSEWHERE, ANNA], {"sight": same["sight"] | {"added": [new]}}),
            ],
        ),
        a_story(
            "a new device of a verified person",
            uid,
            [
                ([ANNA], first | {"verify": True}),
                ([ANNA], same | {"verified": True}),
                ([IMPOSTOR_ELSEWHERE, ANNA], {"sight": same["sight"] | {"added": [new], "lost_mark": True}}),
                ([ANNA], {"sight": same["sight"] | {"gone": [new]}, "verified": False}),
            ],
        ),
        a_story(
            "a device that comes back with another key",
            uid,
            [
                ([ANNA], first),
                ([], {"sight": same["sight"] | {"gone": [ANNA.peer.id]}}),
                ([IMPOSTOR], {"code": "pin"}),
                ([ANNA], {"sight": same["sight"] | {"added": [ANNA.peer.id]}}),
            ],
        ),
        a_story("one device with two keys at once", uid, [([ANNA, IMPOSTOR], {"code": "pin"}), ([ANNA], first)]),
        a_story("a device of somebody else", uid, [([ANNA, VERA], {"code": "bundle"}), ([ANNA], first)]),
        a_story(
            "a refusal takes no mark",
            uid,
            [
                ([ANNA], first | {"verify": True}),
                ([IMPOSTOR, ANNAS_OTHER], {"code": "pin", "verified": True}),
                ([ANNA], same | {"verified": True}),
            ],
        ),
    ]


def a_story(name: str, uid: str, steps: list[tuple[list[Maker], Mapping[str, Any]]]) -> Vector:
    return {
        "name": name,
        "uid": uid,
        "steps": [{"bundles": [maker.device.bundle for maker in makers]} | dict(then) for makers, then in steps],
    }


def vectors() -> Vector:
    """Make all of them."""
    return {
        "made by": "python -m tests.sealed_vectors",
        "call": CALL,
        "other call": OTHER_CALL,
        "now": NOW,
        "issued at": ISSUED_AT,
        "devices": [
            {
                "name": maker.name,
                "uid": maker.peer.uid,
                "id": maker.peer.id,
                "identity": {"private": b64(seed(f"{maker.name} identity")), "public": b64(maker.peer.identity_key)},
                "exchange": {"private": b64(seed(f"{maker.name} exchange")), "public": b64(maker.peer.exchange_key)},
                "key id": maker.peer.key_id,
                "bundle": maker.device.bundle,
            }
            for maker in MAKERS
        ],
        "from": ANNA.name,
        "to": BORIS.name,
        "honest": honest(),
        "accepted": accepted(),
        "refused": refused(),
        "forged bundles": [{"name": name, "bundle": bundle} for name, bundle in forged_bundles()],
        "statements": statements(),
        "safety numbers": safety_numbers(),
        "fingerprints": fingerprints(),
        "pins": pins(),
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
