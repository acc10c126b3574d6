"""From the tap on 'accept' to the first sound at both ends, between two Chromium; and a bare pair in one page."""

import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import numpy as np

from tests.browser import Telephone, make_contacts, telephones_at
from tests.journeys.caller import Caller
from tests.local_system import running_system
from tests.speech_synthesis import SAMPLE_RATE, write_wav

PAIRS: Final = 4
CALLS: Final = 3
"""Of each pair: invitations of a pair are limited to three a minute."""
SETTINGS: Final = {
    "WORKER_LANES": "language",
    "REQUESTS_PER_MINUTE": "0",
    "AUTH_CALLS_PER_MINUTE": "0",
}
_WATCH: Final = "() => { globalThis.awaited = telephone.firstSound(); }"
_BARE: Final = """async () => {
    const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
    const [one, other] = [new RTCPeerConnection(), new RTCPeerConnection()];
    one.onicecandidate = ({ candidate }) => other.addIceCandidate(candidate ?? undefined).catch(() => {});
    other.onicecandidate = ({ candidate }) => one.addIceCandidate(candidate ?? undefined).catch(() => {});
    const players = [one, other].map((connection) => {
        const player = new Audio();
        connection.ontrack = ({ streams: [stream] }) => { player.srcObject = stream; void player.play(); };
        return player;
    });
    const sounded = async (connection) => {
        for (;;) {
            for (const one of (await connection.getStats()).values()) {
                if (one.type === "inbound-rtp" && one.totalAudioEnergy > 0) return performance.now();
            }
            await new Promise((resolve) => setTimeout(resolve, 5));
        }
    };
    for (const track of microphone.getTracks()) one.addTrack(track, microphone);
    const offer = await one.createOffer();
    await one.setLocalDescription(offer);
    const began = performance.now();
    await other.setRemoteDescription(offer);
    for (const track of microphone.getTracks()) other.addTrack(track, microphone);
    const answer = await other.createAnswer();
    await other.setLocalDescription(answer);
    await one.setRemoteDescription(answer);
    const ends = await Promise.all([sounded(one), sounded(other)]);
    one.close(); other.close(); players.length = 0;
    for (const track of microphone.getTracks()) track.stop();
    return Math.max(...ends) - began;
}"""


def say_setup_times() -> None:
    """Print medians and the longest of all calls."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        system = stack.enter_context(running_system(folder / "data", environ=SETTINGS))
        telephones = stack.enter_context(telephones_at(system.url, folder))
        tone = _tone(folder)
        times = list[float]()
        for _ in range(PAIRS):
            anna, boris = (stack.enter_context(Caller.registered(system.url)) for _ in range(2))
            make_contacts(anna, boris)
            one = telephones.open(anna, "Anna", microphone=tone)
            other = telephones.open(boris, "Boris", microphone=tone)
            times += [_setup_time(one, other) for _ in range(CALLS)]
        bare = [float(one.page.evaluate(_BARE)) for _ in times]
    print(f"{len(times)} calls over loopback, one after the other; the fake microphones play a tone without a pause.\n")
    print("| from 'accept' to sound at both ends | median | longest |\n|---|---|---|")
    for name, values in (("a call, sealed, through the local gateway", times), ("bare pair in one page", bare)):
        print(f"| {name} | {statistics.median(values):.0f} ms | {max(values):.0f} ms |")
    print(f"| ratio of medians | {statistics.median(times) / statistics.median(bare):.2f} | |")


def _setup_time(one: Telephone, other: Telephone) -> float:
    one.call(other)
    other.rings()
    for telephone in (one, other):
        telephone.page.evaluate(_WATCH)
    other.accept()
    began = float(other.page.evaluate("telephone.moments.accept"))
    ends = [float(telephone.page.evaluate("awaited")) for telephone in (one, other)]
    one.hang_up()
    other.comes_to(phase="over")
    return max(ends) - began


def _tone(folder: Path) -> Path:
    seconds = np.arange(SAMPLE_RATE * 5) / SAMPLE_RATE
    return write_wav(folder / "tone.wav", (0.3 * np.sin(2 * np.pi * 440 * seconds)).astype(np.float32))
