"""What a call needs of sealing: this device's keys, and those of the other person's devices."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from parley.calls.inbox import Message
from parley.sealed import Device, Peer, Refused, fingerprint_of, header_of


class Seals(Protocol):
    """Seals for one person's devices, and opens what they sent."""

    def seal(self, *, device: str, call_id: str, kind: str, seq: int, body: Mapping[str, Any]) -> dict[str, Any]:
        """Seal for one of their devices."""
        ...

    def open(self, envelope: Mapping[str, Any], *, call_id: str) -> Message:
        """Open what one of their devices sent within a call; raises Refused."""
        ...

    def fingerprint(self, sdp: str) -> str:
        """Return the one DTLS fingerprint of a description; raises Refused."""
        ...


class PersonSeals:
    """The real ones."""

    def __init__(self, device: Device, peers: Sequence[Peer], clock: Callable[[], float]) -> None:
        """`peers` are the pinned devices of the other person; `clock` is the server's, in seconds."""
        self._device = device
        self._peers = {peer.id: peer for peer in peers}
        self._clock = clock

    def seal(self, *, device: str, call_id: str, kind: str, seq: int, body: Mapping[str, Any]) -> dict[str, Any]:
        """Seal for one of their devices."""
        return self._device.seal(self._peer(device), call=call_id, type=kind, seq=seq, body=dict(body), now=self._now())

    def open(self, envelope: Mapping[str, Any], *, call_id: str) -> Message:
        """Open what one of their devices sent within a call; raises Refused."""
        sender = self._peer(header_of(envelope).from_device)
        opened = self._device.open(sender, envelope, call=call_id, now=self._now())
        if not isinstance(opened.body, dict):
            raise Refused("malformed", "This message cannot be understood.")
        return Message(opened.header.from_device, opened.header.seq, opened.header.type, opened.body)

    def fingerprint(self, sdp: str) -> str:
        """Return the one DTLS fingerprint of a description; raises Refused."""
        return fingerprint_of(sdp)

    def _peer(self, device_id: str) -> Peer:
        peer = self._peers.get(device_id)
        if peer is None:
            raise Refused("pin", "This device is not one that is known of this person.")
        return peer

    def _now(self) -> int:
        return int(self._clock() * 1000)
