"""Two ends with real keys and real WebRTC over loopback; only the server between them is a miniature."""

import asyncio
from pathlib import Path
from typing import Any

import aioice.ice
import pytest

from parley.calls.actions import News
from parley.calls.audio import Meter, Played, SoundFile
from parley.calls.call import Outcome
from parley.calls.media import IceServers, Media, Microphone
from parley.calls.phone import Phone
from parley.errors import Failure
from tests.loops import run
from tests.parley.calls.exchange import Exchange, Listener
from tests.parley.calls.sounds import loudest, write_tone

ENOUGH = 1.2
"""Seconds that both have heard."""


@pytest.fixture(autouse=True)
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other interfaces are no business of the tests."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])


class End:
    """One end's files."""

    def __init__(self, play: Path, save: Path) -> None:
        self.microphone = Microphone(Played(play))
        self.meter = Meter()
        self.saved = SoundFile(save)
        self.connected = asyncio.Event()
        self.opened = 0

    def open(self, phone: Phone) -> Media:
        self.opened += 1
        media = Media(self.microphone, IceServers(), phone)
        media.listeners += [self.meter.add, self.saved.write]
        return media


async def talk(folder: Path) -> dict[str, Any]:
    """Let two people talk: the caller sends 440 Hz, the callee 880 Hz."""
    exchange = Exchange()
    caller = End(write_tone(folder / "440.wav", 440, seconds=3), folder / "caller.wav")
    callee = End(write_tone(folder / "880.wav", 880, seconds=3), folder / "callee.ogg")
    at_caller, at_callee = Listener(), Listener()
    rings: asyncio.Queue[Any] = asyncio.Queue()
    exchange.on_incoming = rings.put_nowait

    phone = exchange.place(at_caller, caller.open)
    calling = asyncio.create_task(phone.run())
    ringing = exchange.ring(await rings.get(), at_callee, callee.open)
    opened_while_ringing = callee.opened
    ringing.wish(ringing.call.accept)
    enough = asyncio.Event()

    def listen(_pcm: bytes) -> None:
        if min(caller.meter.seconds, callee.meter.seconds) >= ENOUGH:
            enough.set()

    caller.microphone.taps.append(listen)
    answering = asyncio.create_task(ringing.run())
    await enough.wait()
    phone.hang_up()
    outcomes = await calling, await answering
    for end in (caller, callee):
        end.saved.close()
    return {
        "outcomes": outcomes,
        "opened_while_ringing": opened_while_ringing,
        "news": (at_caller.news, at_callee.news),
        "server_saw": "".join(exchange.heard),
        "levels": (caller.meter.level, callee.meter.level),
    }


def test_two_ends_hear_each_others_tone_and_the_server_sees_nothing_of_it(tmp_path: Path) -> None:
    result = run(talk(tmp_path))

    assert result["outcomes"] == (Outcome("ended"), Outcome("ended"))
    assert result["opened_while_ringing"] == 0
    assert News.DISTRUSTED not in result["news"][0] + result["news"][1]
    hertz, level = loudest(tmp_path / "caller.wav")
    assert hertz == pytest.approx(880, abs=5)
    assert level == pytest.approx(-15, abs=3)
    hertz, level = loudest(tmp_path / "callee.ogg")
    assert hertz == pytest.approx(440, abs=5)
    assert level == pytest.approx(-15, abs=3)
    assert all(level is not None and level > -30 for level in result["levels"])
    for secret in ("fingerprint", "candidate", "127.0.0.1", "ice-ufrag", "m=audio"):
        assert secret not in result["server_saw"]


def test_a_file_without_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "пусто.wav"
    path.write_bytes(b"no sound at all")
    with pytest.raises(Failure, match="Cannot play"):
        Played(path)


def test_what_is_played_lasts_as_long_as_its_file_then_there_is_silence(tmp_path: Path) -> None:
    played = Played(write_tone(tmp_path / "tone.wav", 440, seconds=0.1))
    meter = Meter()
    for _ in range(5):
        meter.add(played.next())
        assert not played.is_played
    assert meter.level == pytest.approx(-15, abs=0.5)
    rest = [played.next() for _ in range(3)]
    assert played.is_played
    assert set(rest) == {bytes(1920)}


def test_silence_has_no_level() -> None:
    meter = Meter()
    meter.add(bytes(1920))
    assert (meter.level, meter.seconds) == (None, 0.02)


def test_sound_is_saved_by_what_its_name_says(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"\.wav or \.ogg"):
        SoundFile(tmp_path / "call.mp3")


def test_a_call_through_a_relay_alone_needs_one() -> None:
    async def attempt() -> None:
        Media(Microphone(_Nothing()), IceServers(({"urls": ["stun:127.0.0.1"]},), is_relay_only=True), _Nobody())

    with pytest.raises(Failure, match="no relay"):
        run(attempt())


def test_a_server_that_cannot_be_used_is_named() -> None:
    async def attempt() -> None:
        Media(Microphone(_Nothing()), IceServers(({"urls": ["http://127.0.0.1"]},)), _Nobody())

    with pytest.raises(Failure, match="cannot be used"):
        run(attempt())


class _Nothing:
    is_played = False

    def next(self) -> bytes:
        return bytes(1920)


class _Nobody:
    def media_connected(self) -> None: ...

    def media_failed(self, reason: str) -> None: ...
