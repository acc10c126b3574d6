"""The DTLS fingerprint of a session description (RFC 8122 section 5): what ties the media to the seal."""

import re
from typing import Final

from parley.sealed.refused import Refused

_LINE: Final = re.compile(r"a=fingerprint:([!-~]+) ([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2})*)")
_SHA_256: Final = "sha-256"
_BYTES: Final = {_SHA_256: 32, "sha-384": 48, "sha-512": 64}
"""Hashes that may stand there; a weaker one would let another certificate in."""


def fingerprint_of(sdp: object) -> str:
    """Return the one SHA-256 fingerprint of all media; raises Refused `fingerprint`."""
    if not isinstance(sdp, str):
        raise Refused("fingerprint", "This is no description of a session.")
    found: dict[str, set[str]] = {}
    for line in sdp.split("\n"):
        if line.lstrip().lower().startswith("a=fingerprint"):
            name, value = _read(line.removesuffix("\r"))
            found.setdefault(name, set()).add(value)
    if len(found.get(_SHA_256, ())) != 1 or any(len(values) != 1 for values in found.values()):
        raise Refused("fingerprint", "This description has not exactly one SHA-256 fingerprint.")
    return found[_SHA_256].pop()


def _read(line: str) -> tuple[str, str]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise Refused("fingerprint", "This description has a fingerprint that cannot be understood.")
    name, value = match[1].lower(), match[2].upper()
    if len(value) != _BYTES.get(name, 0) * 3 - 1:
        raise Refused("fingerprint", "This description has a fingerprint by a hash that is not strong enough.")
    return name, value
