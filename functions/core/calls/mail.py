"""What is kept of sealed messages for a device that may not have got them; pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from functions.core.calls.envelope_header import MOST_IN_ORDER, Envelope, Letter

MAIL_LIFE: Final = timedelta(minutes=2)
"""Longer than a line is held without a sign of life: who comes back to a call finds all of it."""
READ_AT_ONCE: Final = 25
MOST_BYTES: Final = 96 * 1024
"""Of what one answer brings: API Gateway takes messages of 128 KB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A sealed message as it is kept."""

    id: str
    """`<call>#<to device>#<from device>#<seq>`"""
    seq: int
    envelope: Envelope
    until: datetime
    version: int = 0

    @classmethod
    def of(cls, letter: Letter, now: datetime) -> "Mail":
        """Keep a letter."""
        header = letter.header
        return cls(
            id=mail_id(header.call_id, header.receiver_device, header.sender_device, header.seq),
            seq=header.seq,
            envelope=letter.envelope,
            until=now + MAIL_LIFE,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a device has not got of what another one said to it."""

    call_id: str
    to_device: str
    from_device: str
    since: int

    @property
    def seqs(self) -> range:
        """The numbers that one answer looks for."""
        return range(self.since, min(self.since + READ_AT_ONCE, MOST_IN_ORDER))

    @property
    def ids(self) -> list[str]:
        """Where those lie if they are there."""
        return [mail_id(self.call_id, self.to_device, self.from_device, seq) for seq in self.seqs]

    def answer(self, found: list[Mail], *, offer: Mail | None) -> dict[str, Any]:
        """Say what was found, as much as one message holds; the offer of a call that rings stands by itself."""
        room = MOST_BYTES - (0 if offer is None else _size(offer))
        sent: list[Mail] = []
        for mail in sorted(found, key=lambda one: one.seq):
            room -= _size(mail)
            if room < 0:
                return _answer(sent, offer, more=True)
            sent.append(mail)
        # Behind a full answer there may be more.
        is_full = self.seqs.stop < MOST_IN_ORDER and any(mail.seq == self.seqs.stop - 1 for mail in found)
        return _answer(sent, offer, more=is_full)


NOTHING: Final[dict[str, Any]] = {"offer": None, "envelopes": [], "more": False}


def mail_id(call_id: str, to_device: str, from_device: str, seq: int) -> str:
    """Return under what a letter is kept."""
    return f"{call_id}#{to_device}#{from_device}#{seq}"


def _answer(sent: list[Mail], offer: Mail | None, *, more: bool) -> dict[str, Any]:
    envelopes = [mail.envelope.to_wire() for mail in sent if offer is None or mail.id != offer.id]
    return {"offer": None if offer is None else offer.envelope.to_wire(), "envelopes": envelopes, "more": more}


def _size(mail: Mail) -> int:
    return len(mail.envelope.p) + len(mail.envelope.e) + len(mail.envelope.s)
