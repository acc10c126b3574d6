"""The sound of a call over WebRTC, by aiortc, which is an optional dependency.

aiortc gathers all candidates before a description is done (no trickle of its own; the other side's is taken), uses the
first STUN and the first usable TURN server only, and cannot restart ICE: after a change of network the call ends.
https://aiortc.readthedocs.io/
"""

import asyncio
import fractions
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol

from aiortc import (
    RTCConfiguration,
    RTCIceServer,
    RTCIceTransportPolicy,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.exceptions import InvalidAccessError, InvalidStateError
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from aiortc.sdp import candidate_from_sdp
from av import AudioFrame, AudioResampler

from parley.calls.audio import LONGEST_GAP, RATE, SAMPLES, Playing, pcm_of, stereo_frame_of
from parley.errors import Failure

TIME_BASE: Final = fractions.Fraction(1, RATE)
MOST_CANDIDATES: Final = 100
_OTHER_HASHES: Final = ("a=fingerprint:sha-384", "a=fingerprint:sha-512")

Listener = Callable[[bytes], None]


class MediaEvents(Protocol):
    """Who is told what the sound does."""

    def media_connected(self) -> None:
        """Sound flows."""
        ...

    def media_failed(self, reason: str) -> None:
        """No sound flows any more, or never did."""
        ...


@dataclass(frozen=True, slots=True)
class IceServers:
    """Where ways through networks are found."""

    servers: tuple[Mapping[str, Any], ...] = ()
    is_relay_only: bool = False


class Microphone(MediaStreamTrack):
    """Sends what is played, in real time."""

    kind = "audio"

    def __init__(self, playing: Playing) -> None:
        super().__init__()
        self.playing = playing
        self.taps: list[Listener] = []
        """Who else gets what is sent: a recording of one's own side."""
        self._sent = 0
        self._began: float | None = None

    async def recv(self) -> AudioFrame:
        """Return the next 20 ms when their time has come; raises MediaStreamError after the end."""
        if self.readyState != "live":
            raise MediaStreamError
        now = asyncio.get_running_loop().time()
        if self._began is None:
            self._began = now
        await asyncio.sleep(self._began + self._sent / RATE - now)
        pcm = self.playing.next()
        for listen in self.taps:
            listen(pcm)
        frame = stereo_frame_of(pcm, self._sent)
        frame.time_base = TIME_BASE
        self._sent += SAMPLES
        return frame


class Media:
    """One end's peer connection: a microphone, and listeners to what the other side says."""

    def __init__(self, microphone: Microphone, ice: IceServers, events: MediaEvents) -> None:
        """Raises Failure where the servers cannot be used as wanted."""
        self.listeners: list[Listener] = []
        self._events = events
        try:
            self._connection = RTCPeerConnection(_configuration(ice))
            self._connection.addTrack(microphone)
        except ValueError as error:
            raise Failure(f"The server names a STUN or TURN server that cannot be used: {error}.") from error
        self._connection.on("connectionstatechange", self._changed)
        self._connection.on("track", self._heard)
        self._listening: set[asyncio.Task[None]] = set()
        self._candidates = 0

    async def offer(self) -> str:
        """Describe this end, with all its candidates."""
        await self._connection.setLocalDescription(await self._connection.createOffer())
        return self._described()

    async def answer(self, sdp: str) -> str:
        """Answer an offer; raises Failure where it cannot be."""
        await self._take(RTCSessionDescription(sdp, "offer"))
        await self._connection.setLocalDescription(await self._connection.createAnswer())
        return self._described()

    async def take_answer(self, sdp: str) -> None:
        """Take in the other side's answer; raises Failure where it cannot be understood."""
        await self._take(RTCSessionDescription(sdp, "answer"))

    async def add(self, candidates: Sequence[Mapping[str, Any] | None]) -> None:
        """Take in ways to reach the other side; what cannot be understood is no way."""
        for candidate in candidates:
            self._candidates += 1
            if self._candidates > MOST_CANDIDATES:
                return
            with suppress(ValueError, KeyError, TypeError, IndexError, AssertionError, AttributeError):
                await self._add(candidate)

    async def close(self) -> None:
        """End it."""
        for task in self._listening:
            task.cancel()
        await asyncio.gather(*self._listening, return_exceptions=True)
        await self._connection.close()

    async def _take(self, description: RTCSessionDescription) -> None:
        try:
            await self._connection.setRemoteDescription(description)
        except (ValueError, KeyError, IndexError, AttributeError, InvalidAccessError, InvalidStateError) as error:
            raise Failure("The other side's description of its sound cannot be used.") from error

    async def _add(self, candidate: Mapping[str, Any] | None) -> None:
        text = candidate["candidate"] if candidate else ""
        if candidate is None or not text:
            await self._connection.addIceCandidate(None)
            return
        parsed = candidate_from_sdp(text.removeprefix("candidate:"))
        parsed.sdpMid, parsed.sdpMLineIndex = candidate.get("sdpMid"), candidate.get("sdpMLineIndex")
        await self._connection.addIceCandidate(parsed)

    def _described(self) -> str:
        # aiortc names its certificate by three hashes; the one that is pinned is enough.
        lines = self._connection.localDescription.sdp.splitlines(keepends=True)
        return "".join(line for line in lines if not line.startswith(_OTHER_HASHES))

    def _changed(self) -> None:
        match self._connection.connectionState:
            case "connected":
                self._events.media_connected()
            case "failed":
                self._events.media_failed("ice-failed")

    def _heard(self, track: MediaStreamTrack) -> None:
        if track.kind != "audio":
            return
        task = asyncio.create_task(self._listen(track))
        self._listening.add(task)
        task.add_done_callback(self._listening.discard)

    async def _listen(self, track: MediaStreamTrack) -> None:
        resampler = AudioResampler(format="s16", layout="mono", rate=RATE, frame_size=SAMPLES)
        expected: int | None = None
        with suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                if not isinstance(frame, AudioFrame) or frame.pts is None:
                    continue
                lost = 0 if expected is None else frame.pts - expected
                expected = frame.pts + frame.samples
                if 0 < lost < LONGEST_GAP and frame.sample_rate == RATE:
                    self._say(bytes(2 * lost))
                for one in resampler.resample(frame):
                    self._say(pcm_of(one))

    def _say(self, pcm: bytes) -> None:
        for listen in self.listeners:
            listen(pcm)


def _configuration(ice: IceServers) -> RTCConfiguration:
    servers = [
        RTCIceServer(urls=one["urls"], username=one.get("username"), credential=one.get("credential"))
        for one in ice.servers
    ]
    if ice.is_relay_only and not any(_is_relay(one) for one in servers):
        raise Failure("This server has no relay (TURN), so a call cannot go through one alone.")
    policy = RTCIceTransportPolicy.RELAY if ice.is_relay_only else RTCIceTransportPolicy.ALL
    # An empty list: without one aiortc would ask a server of Google's who we are.
    return RTCConfiguration(iceServers=servers, iceTransportPolicy=policy)


def _is_relay(server: RTCIceServer) -> bool:
    urls = server.urls if isinstance(server.urls, list) else [server.urls]
    return any(url.startswith(("turn:", "turns:")) for url in urls)
