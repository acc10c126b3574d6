"""Whether a call may be recorded: one side asks, the other agrees, and both have signed it."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from parley.sealed import Device, Peer, Refused, verify_statement


class Turn(StrEnum):
    """What the other side has said."""

    ASKED = "asked"
    GRANTED = "granted"
    DENIED = "denied"
    STOPPED = "stopped"


class Consent:
    """One end's record of who asked and who agreed, in one call."""

    def __init__(self, call_id: str, device: Device, peer: Peer, clock: Callable[[], float]) -> None:
        """`clock` is the server's, in seconds."""
        self.is_given = False
        """Whether this end may record its own side now."""
        self.request: Mapping[str, Any] | None = None
        self.grant: Mapping[str, Any] | None = None
        self._call_id = call_id
        self._device = device
        self._peer = peer
        self._clock = clock
        self._have_asked = False
        self._was_asked = False

    def ask(self) -> dict[str, Any]:
        """Return what asks the other side."""
        self.request = self._device.consent("request", call=self._call_id, at=self._now())
        self._have_asked = True
        return {"kind": "request", "statement": self.request}

    def agree(self) -> dict[str, Any]:
        """Return what agrees to the other side's request."""
        self.grant = self._device.consent("grant", call=self._call_id, at=self._now())
        self.is_given = True
        return {"kind": "grant", "statement": self.grant}

    def refuse(self) -> dict[str, Any]:
        """Return what refuses it."""
        self._was_asked = False
        return {"kind": "deny"}

    def stop(self) -> dict[str, Any]:
        """Return what ends recording at both ends."""
        self.is_given = False
        return {"kind": "stop"}

    def take(self, body: Mapping[str, Any]) -> Turn | None:
        """Take in what the other side says; None where it changes nothing.

        Raises:
            Refused: its statement is not theirs, or not about this.
        """
        match body.get("kind"):
            case "request" if not self._was_asked and not self._have_asked:
                self.request = self._verified(body, "request")
                self._was_asked = True
                return Turn.ASKED
            case "grant" if self._have_asked and self.grant is None:
                self.grant = self._verified(body, "grant")
                self.is_given = True
                return Turn.GRANTED
            case "deny" if self._have_asked:
                self._have_asked = False
                return Turn.DENIED
            case "stop" if self.is_given or self._was_asked:
                self.is_given = False
                return Turn.STOPPED
        return None

    def _verified(self, body: Mapping[str, Any], kind: Any) -> Mapping[str, Any]:
        statement = body.get("statement")
        if not isinstance(statement, dict):
            raise Refused("statement", "This statement cannot be understood.")
        verify_statement(statement, self._peer, call=self._call_id, kind=kind)
        return statement

    def _now(self) -> int:
        return int(self._clock() * 1000)
