"""One end of one call without network, sound or clock: events and wishes in, actions out.

What the server says is believed by its version alone, so events may come twice, late or in any order. What the other
side says is believed by its seal. Nothing of the sound is opened on the called side before the person accepts: a
connection would show them this machine's address.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from typing import Any, Final, Self

from parley.calls.actions import (
    Action,
    AddCandidates,
    CloseMedia,
    MakeAnswer,
    MakeOffer,
    News,
    Send,
    TakeAnswer,
    Tell,
)
from parley.calls.inbox import Inbox, Message
from parley.calls.seals import Seals
from parley.calls.view import RINGING, UNDER_WAY, View, read_view
from parley.sealed import Refused

GAP_FOR: Final = 3.0
"""Most of what is late is there by then; what is not was lost, and `sync` brings it."""
CALLER_WAITS: Final = 2.0
"""Longer than the callee rings: an answer in the last moment is on its way."""
SYNC_WITHIN: Final = 30.0
"""As long as a frame is sent again: then nobody knows who answered, and the call is hung up."""
CONNECT_WITHIN: Final = 30.0
MOST_EARLY: Final = 100


class Phase(StrEnum):
    """How far this end is."""

    PREPARING = "preparing"
    INVITING = "inviting"
    RINGING = "ringing"
    ANSWERING = "answering"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    ENDING = "ending"
    OVER = "over"


LOOK_EVERY: Final = {Phase.RINGING: 10.0, Phase.CONNECTING: 3.0, Phase.CONNECTED: 30.0}
"""Seconds after which the server is asked whether an event was lost: nobody rings, or waits, for somebody who left."""


@dataclass(frozen=True, slots=True)
class Me:
    """This end."""

    unique_id: str
    device_id: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call."""

    status: str
    reason: str | None = None
    glare: str | None = None
    """The call to be accepted in place of this one: they were calling at the same moment."""


@dataclass(slots=True)
class _Remote:
    """What is known of the other side's sound."""

    fingerprint: str | None = None
    is_described: bool = False
    early: list[Mapping[str, Any] | None] = field(default_factory=list)
    """Candidates that came before the description."""


class Call:
    """One end of one call."""

    def __init__(  # noqa: PLR0913 - who, whom, and what with
        self, call_id: str, *, me: Me, peer: str, is_caller: bool, seals: Seals, clock: Callable[[], float]
    ) -> None:
        self.id = call_id
        self.peer = peer
        self.is_caller = is_caller
        self.phase = Phase.PREPARING if is_caller else Phase.RINGING
        self.view: View | None = None
        self.outcome: Outcome | None = None
        self._me = me
        self._seals = seals
        self._clock = clock
        self._actions: list[Action] = []
        self._devices: tuple[str, ...] = ()
        self._offer = ""
        self._answer: str | None = None
        self._is_accepted = False
        self._remote = _Remote()
        self._inboxes: dict[str, Inbox] = {}
        self._early: list[Message] = []
        """What came before it was known who answered."""
        self._numbers: dict[str, int] = {}
        self._asked: set[str] = set()
        """Devices whose gaps a sync is to close."""
        self._give_up_at = inf
        self._connect_by = inf
        self._look_at = inf

    @classmethod
    def place(  # noqa: PLR0913 - as above
        cls, call_id: str, *, me: Me, to: str, devices: Sequence[str], seals: Seals, clock: Callable[[], float]
    ) -> Self:
        """Begin to call a person, whose devices are these."""
        call = cls(call_id, me=me, peer=to, is_caller=True, seals=seals, clock=clock)
        call._devices = tuple(devices)
        call._do(MakeOffer())
        return call

    @classmethod
    def receive(
        cls, view: View, envelope: Mapping[str, Any], *, me: Me, seals: Seals, clock: Callable[[], float]
    ) -> Self:
        """Begin to ring.

        Raises:
            Refused: the offer is not one of theirs for this device.
        """
        call = cls(view.id, me=me, peer=view.caller, is_caller=False, seals=seals, clock=clock)
        offer = seals.open(envelope, call_id=view.id)
        if offer.type != "offer" or offer.device != view.caller_device:
            raise Refused("unexpected", "This is no offer of theirs.")
        call._offer = _sdp(offer)
        call._remote.fingerprint = seals.fingerprint(call._offer)
        call._inbox(offer.device).take(offer, clock())
        call._do(Send({"type": "call.ringing", "call_id": call.id}), Tell(News.RING))
        call._apply(view)
        call._enter(Phase.RINGING)
        return call

    # What the driver reads

    def take_actions(self) -> list[Action]:
        """Return what is to be done, in this order, and forget it."""
        actions, self._actions = self._actions, []
        return actions

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be done."""
        return self.phase is Phase.OVER

    def next_due(self) -> float:
        """Return when `tick` is to be called, on the clock's time."""
        if self.is_over:
            return inf
        gaps = (since + GAP_FOR for _, since in self._gaps())
        return min([self._ring_end(), self._give_up_at, self._connect_by, self._look_at, *gaps])

    # What the person wants

    def accept(self) -> None:
        """Answer; nothing where it does not ring here any more."""
        if self.is_caller or self.phase is not Phase.RINGING:
            return
        self._enter(Phase.ANSWERING)
        # Both at once: others stop ringing while the sound is being opened.
        self._do(Send({"type": "call.accept", "call_id": self.id}), MakeAnswer(self._offer))
        self._described()

    def decline(self, reason: str = "declined") -> None:
        """Refuse, on all devices."""
        if not self.is_caller and self.phase is Phase.RINGING:
            self._end({"type": "call.decline", "call_id": self.id, "reason": reason})

    def hang_up(self, reason: str | None = None) -> None:
        """End the call, however far it is."""
        if self.phase in {Phase.ENDING, Phase.OVER}:
            return
        if self.phase is Phase.PREPARING:
            self._over(Outcome("cancelled"))
            return
        frame = {"type": "call.hangup", "call_id": self.id} | ({"reason": reason} if reason else {})
        # Frames overtake each other: an invitation that nobody has confirmed could arrive behind its own end.
        self._end(None if self.phase is Phase.INVITING else frame)

    def say_of_recording(self, body: Mapping[str, Any]) -> None:
        """Say something about recording to the other side."""
        if self.phase is Phase.CONNECTED:
            self._signal("record", body)

    # What the sound says

    def offer_made(self, sdp: str) -> None:
        """Go on with the description of this end's sound."""
        if self.phase is not Phase.PREPARING:
            return
        self._enter(Phase.INVITING)
        offers = [self._sealed(device, "offer", {"sdp": sdp}) for device in self._devices]
        self._do(Send({"type": "call.invite", "call_id": self.id, "to": self.peer, "offers": offers}))

    def answer_made(self, sdp: str, *, is_again: bool = False) -> None:
        """Go on with the answer of this end's sound."""
        if is_again:
            self._signal("negotiate", {"sdp": sdp, "kind": "answer"})
        elif self.phase in {Phase.ANSWERING, Phase.CONNECTING}:
            self._answer = sdp
            self._send_answer()

    def media_connected(self) -> None:
        """Sound flows."""
        if self.phase is Phase.CONNECTING:
            self._enter(Phase.CONNECTED)
            self._connect_by = inf
            self._do(Send({"type": "call.connected", "call_id": self.id}), Tell(News.CONNECTED))

    def media_failed(self, reason: str) -> None:
        """No sound flows any more, or never did."""
        self.hang_up(reason)

    # What the server says

    def take(self, event: Mapping[str, Any]) -> None:
        """Take in an event of this call."""
        match event["type"]:
            case "call.state" | "call.incoming":
                self._apply(read_view(event["call"]))
            case "call.ringing" if self.phase is Phase.RINGING:
                self._do(Tell(News.RINGING_THERE))
            case "signal":
                self._take_envelope(event["envelope"])

    def answered(self, frame: Mapping[str, Any], reply: Mapping[str, Any]) -> None:
        """Take in the reply to a frame."""
        if frame["type"] == "sync":
            self._synced(frame, reply)
            return
        if frame["type"] == "call.accept":
            self._is_accepted = True
        if reply.get("call"):
            self._apply(read_view(reply["call"]))
        if frame["type"] == "call.invite" and self.phase is Phase.ENDING:
            self._do(Send({"type": "call.hangup", "call_id": self.id}))
        elif frame["type"] in {"call.hangup", "call.decline"}:
            self._over(Outcome("ended"))

    def refused(self, frame: Mapping[str, Any], code: str, more: Mapping[str, Any] | None = None) -> None:
        """Take in that a frame was refused, or never answered; `more` is what the server said of it."""
        said = more or {}
        match frame["type"]:
            case "call.invite" if self.phase is Phase.ENDING:
                self._over(Outcome("cancelled"))
            case "call.invite":
                self._over(Outcome("failed", code, glare=said.get("call_id") if code == "glare" else None))
            case "sync" if code != "not-found":
                self._asked.clear()
                for box in self._inboxes.values():
                    box.wait_on(self._clock())
            case "sync":
                self._over(Outcome("failed", "lost"))
            case "call.accept" | "call.hangup" | "call.decline" | "call.connected" | "signal":
                self._refused_move(frame, code, said)

    def _refused_move(self, frame: Mapping[str, Any], code: str, said: Mapping[str, Any]) -> None:
        if said.get("call"):
            self._apply(read_view(said["call"]))
        if frame["type"] == "call.accept":
            self._over(Outcome("accepted" if code == "answered-elsewhere" else "failed", code))
        elif frame["type"] in {"call.hangup", "call.decline"}:
            self._over(Outcome("ended" if self._is_accepted else "missed"))

    def reconnected(self) -> None:
        """Catch up with what was said while nobody was connected."""
        # Whoever asks before the invitation is confirmed may read that there is no such call.
        if self.phase in {Phase.RINGING, Phase.ANSWERING, Phase.CONNECTING, Phase.CONNECTED}:
            self._sync()

    def tick(self) -> None:
        """Do what time has come for."""
        if self.is_over:
            return
        now = self._clock()
        if now >= self._give_up_at:
            self._give_up_at = inf
            self.hang_up()
        elif now >= self._ring_end():
            self._ring_over(now)
        if now >= self._connect_by:
            self.hang_up("ice-timeout")
        late = {device for device, since in self._gaps() if now >= since + GAP_FOR}
        if late or now >= self._look_at:
            self._asked |= late
            self._sync()

    # Within

    def _do(self, *actions: Action) -> None:
        self._actions += actions

    def _enter(self, phase: Phase) -> None:
        self.phase = phase
        self._look_at = self._clock() + LOOK_EVERY.get(phase, inf)

    def _ring_end(self) -> float:
        if self.phase is not Phase.RINGING or self.view is None or self._give_up_at < inf:
            return inf
        return self.view.ring_until + (CALLER_WAITS if self.is_caller else 0)

    def _ring_over(self, now: float) -> None:
        """Stop ringing by this end's own clock; the caller asks once more who answered in the last moment."""
        if not self.is_caller:
            self._over(Outcome("missed"))
            return
        self._give_up_at = now + SYNC_WITHIN
        self._sync()

    def _apply(self, view: View) -> None:
        if view.id != self.id or (self.view is not None and view.version <= self.view.version):
            return
        self.view = view
        if view.is_over:
            self._over(Outcome(view.status, view.reason))
        elif self.phase in {Phase.ENDING, Phase.OVER}:
            return
        elif view.status == RINGING:
            if self.phase is Phase.INVITING:
                self._enter(Phase.RINGING)
        elif view.status in UNDER_WAY:
            self._accepted(view)

    def _accepted(self, view: View) -> None:
        if not self.is_caller and view.callee_device != self._me.device_id:
            self._over(Outcome("accepted", "answered-elsewhere"))
            return
        if self.phase not in {Phase.INVITING, Phase.RINGING, Phase.ANSWERING}:
            return
        if self.is_caller and view.callee_device not in self._devices:
            # We sealed nothing for it: the server says that somebody else answered.
            self._do(Tell(News.DISTRUSTED, {"code": "pin"}))
            self.hang_up("unknown-device")
            return
        self._enter(Phase.CONNECTING)
        self._give_up_at, self._connect_by = inf, self._clock() + CONNECT_WITHIN
        self._do(Tell(News.ACCEPTED))
        self._is_accepted = True
        self._send_answer()
        early, self._early = self._early, []
        for message in early:
            self._take_message(message)

    def _send_answer(self) -> None:
        if self._is_accepted and self._answer is not None and self.phase is Phase.CONNECTING:
            answer, self._answer = self._answer, None
            self._signal("answer", {"sdp": answer})

    def _take_envelope(self, envelope: Mapping[str, Any]) -> None:
        if self.is_over:
            return
        try:
            message = self._seals.open(envelope, call_id=self.id)
        except Refused as error:
            if error.code != "replay":  # everything may come twice
                self._do(Tell(News.DISTRUSTED, {"code": error.code}))
            return
        if self.partner is None:
            self._early = [*self._early, message][-MOST_EARLY:]
        else:
            self._take_message(message)

    @property
    def partner(self) -> str | None:
        """The other side's device, once it is known."""
        if self.view is None:
            return None
        return self.view.callee_device if self.is_caller else self.view.caller_device

    def _take_message(self, message: Message) -> None:
        if message.device != self.partner:
            return
        for ready in self._inbox(message.device).take(message, self._clock()):
            self._handle(ready)

    def _handle(self, message: Message) -> None:
        try:
            match message.type:
                case "ice":
                    self._take_candidates(message.body["candidates"])
                case "answer" if self.is_caller and not self._remote.is_described:
                    self._take_answer(_sdp(message))
                case "negotiate" if self._remote.is_described:
                    self._renegotiate(message)
                case "record":
                    self._do(Tell(News.RECORD, message.body))
                case "hangup":
                    self.hang_up()
        except (Refused, KeyError, TypeError) as error:
            # Theirs by its seal, and no description that we may use: there is no safe way on.
            self._do(Tell(News.DISTRUSTED, {"code": getattr(error, "code", "bad-message")}))
            self.hang_up("bad-description")

    def _take_answer(self, sdp: str) -> None:
        self._remote.fingerprint = self._seals.fingerprint(sdp)
        self._do(TakeAnswer(sdp))
        self._described()

    def _renegotiate(self, message: Message) -> None:
        sdp = _sdp(message)
        if self._seals.fingerprint(sdp) != self._remote.fingerprint:
            raise Refused("fingerprint", "The sound would come from elsewhere than before.")
        if message.body["kind"] == "offer":
            self._do(MakeAnswer(sdp, is_again=True))

    def _take_candidates(self, candidates: Sequence[Mapping[str, Any] | None]) -> None:
        if self._remote.is_described:
            self._do(AddCandidates(tuple(candidates)))
        else:
            self._remote.early += candidates

    def _described(self) -> None:
        self._remote.is_described = True
        early, self._remote.early = self._remote.early, []
        if early:
            self._do(AddCandidates(tuple(early)))

    def _signal(self, kind: str, body: Mapping[str, Any]) -> None:
        device = self.partner
        if device is not None:
            self._do(Send({"type": "signal", "envelope": self._sealed(device, kind, body)}))

    def _sealed(self, device: str, kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
        seq = self._numbers.get(device, 0)
        self._numbers[device] = seq + 1
        return self._seals.seal(device=device, call_id=self.id, kind=kind, seq=seq, body=body)

    def _sync(self) -> None:
        self._look_at = self._clock() + LOOK_EVERY.get(self.phase, inf)
        have = {device: box.wanted for device, box in self._inboxes.items()}
        if (partner := self.partner) is not None:
            have.setdefault(partner, 0)
        self._do(Send({"type": "sync", "call_id": self.id, "have": have}))

    def _synced(self, frame: Mapping[str, Any], reply: Mapping[str, Any]) -> None:
        if reply.get("call") is None:
            self._over(Outcome("failed", "lost"))
            return
        self._apply(read_view(reply["call"]))
        for envelope in reply.get("envelopes") or ():
            self._take_envelope(envelope)
        knew_all = self.partner is None or self.partner in frame["have"]
        if not self.is_over and (reply.get("more") or not knew_all):
            self._sync()
            return
        asked, self._asked = self._asked, set()
        for device in asked:  # the server has no more than this: what is missing will never come
            for message in self._inbox(device).skip(self._clock()):
                self._handle(message)

    def _inbox(self, device: str) -> Inbox:
        return self._inboxes.setdefault(device, Inbox())

    def _gaps(self) -> list[tuple[str, float]]:
        """Whose messages are held back, and since when, where nobody was asked for what is missing."""
        boxes = self._inboxes.items()
        return [(one, box.gap_since) for one, box in boxes if box.gap_since is not None and one not in self._asked]

    def _end(self, frame: dict[str, Any] | None) -> None:
        self._enter(Phase.ENDING)
        self._connect_by = inf
        self._do(CloseMedia())
        if frame is not None:
            self._do(Send(frame))

    def _over(self, outcome: Outcome) -> None:
        if self.is_over:
            return
        if self.phase is not Phase.ENDING:
            self._do(CloseMedia())
        self.phase, self.outcome = Phase.OVER, outcome
        self._do(Tell(News.OVER))


def _sdp(message: Message) -> str:
    sdp = message.body.get("sdp")
    if not isinstance(sdp, str):
        raise Refused("malformed", "This message has no description.")
    return sdp
