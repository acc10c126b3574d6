"""Sealed messages between devices: what the server passes on and cannot read. docs/security.md has the whole of it."""

from parley.sealed.bundle import Peer, verify_bundle
from parley.sealed.consent import Consent, verify_statement
from parley.sealed.device import Device, Opened
from parley.sealed.envelope import Header, header_of
from parley.sealed.fingerprint import fingerprint_of
from parley.sealed.pins import Pins, Sight
from parley.sealed.refused import Refused
from parley.sealed.safety import Person, safety_number

__all__ = [
    "Consent",
    "Device",
    "Header",
    "Opened",
    "Peer",
    "Person",
    "Pins",
    "Refused",
    "Sight",
    "fingerprint_of",
    "header_of",
    "safety_number",
    "verify_bundle",
    "verify_statement",
]
