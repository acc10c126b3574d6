"""Calls as people have them: Chromium with the web client at both ends, the whole local system in between."""

import json
import os
import re
import subprocess
import sys
import wave
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from infra.local.settings import REPOSITORY
from tests.browser import Telephone, Telephones, make_contacts, telephones_at, unique_id_of
from tests.journeys.caller import Caller
from tests.journeys.conftest import SETTINGS
from tests.local_system import LocalSystem, eventually, free_port, running_system
from tests.speech_synthesis import conversation, write_wav
from tests.turn_server import turn_server

pytestmark = pytest.mark.journey

SECOND = 48_000
"""Samples of a second, as browsers count them."""
SEALED = re.compile(rb"fingerprint:|candidate:|a=ice-|m=audio|v=0\\r\\n", re.IGNORECASE)
"""What the server must never see."""
MEASURES = ("bytesReceived", "totalAudioEnergy", "totalSamplesReceived", "concealedSamples")


@contextmanager
def a_system(folder: Path, **changes: str) -> Iterator[LocalSystem]:
    port = free_port()
    # The storage has another port, and pages of this one may send to it.
    settings = SETTINGS | {"WEB_ORIGIN": f"http://127.0.0.1:{port}"} | changes
    with running_system(folder / "data", port=port, environ=settings) as running:
        yield running
        assert "AccessDenied" not in running.log


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    with a_system(tmp_path_factory.mktemp("calls")) as running:
        yield running


@pytest.fixture(scope="module")
def telephones(system: LocalSystem, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Telephones]:
    with telephones_at(system.url, tmp_path_factory.mktemp("page")) as telephones:
        yield telephones


@pytest.fixture
def boris(system: LocalSystem) -> Iterator[Caller]:
    with Caller.registered(system.url) as caller:
        yield caller


@pytest.fixture
def vera(system: LocalSystem) -> Iterator[Caller]:
    with Caller.registered(system.url) as caller:
        yield caller


def connected(caller: Telephone, callee: Telephone) -> str:
    """Call, answer, and wait until both hear each other."""
    call_id = caller.call(callee)
    callee.rings()
    callee.accept()
    for telephone in (caller, callee):
        telephone.comes_to(phase="connected")
    return call_id


def hear_each_other(*telephones: Telephone) -> None:
    """Wait until each has heard a second of sound that is no silence."""
    for telephone in telephones:
        telephone.hears(samples=SECOND)


def hears_well(telephone: Telephone) -> dict[str, Any]:
    """Wait for two seconds of sound of which next to nothing was made up.

    Not the first two: while it sets up a call, and while other tests have the processors, a browser comes late.
    """

    def look() -> dict[str, Any] | None:
        before = telephone.hears(samples=SECOND)
        after = telephone.hears(samples=before["totalSamplesReceived"] + 2 * SECOND)
        more = {name: after[name] - before[name] for name in MEASURES}
        is_sound = more["bytesReceived"] > 0 and more["totalAudioEnergy"] > 0
        return after if is_sound and more["concealedSamples"] / more["totalSamplesReceived"] < 0.05 else None

    return dict(eventually(look, within=40))


def kept_by_the_server(system: LocalSystem) -> bytes:
    """All items of all tables, and all that its processes have said."""
    dynamodb = system.aws("dynamodb")
    items: list[Any] = []
    for table in dynamodb.list_tables()["TableNames"]:
        for page in dynamodb.get_paginator("scan").paginate(TableName=table):
            items += page["Items"]
    return (json.dumps(items, default=str) + system.log).encode()


@dataclass(frozen=True)
class Program:
    process: subprocess.Popen[bytes]
    log_file: Path


@contextmanager
def command_line(system: LocalSystem, person: Caller, folder: Path, words: list[str]) -> Iterator[Program]:
    """Run the command line as somebody, with a home of its own."""
    key = str(person.http.headers["Authorization"]).removeprefix("Bearer ")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PARLEY_API_KEY": key}
    log_file = folder / "parley.log"
    with log_file.open("wb") as log:
        command = [sys.executable, "-m", "parley", "--server", system.url, *words]
        process = subprocess.Popen(
            command, cwd=REPOSITORY, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        yield Program(process, log_file)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(15)


def statuses(person: Caller) -> list[str]:
    """How the calls of somebody's log went, newest first."""
    return [one["status"] for one in person.http.get("/v1/calls").raise_for_status().json()["items"]]


def test_two_browsers_hear_each_other_and_nobody_in_between_does(
    system: LocalSystem, telephones: Telephones, anna: Caller, boris: Caller
) -> None:
    make_contacts(anna, boris)
    one, other = telephones.open(anna, "Анна"), telephones.open(boris, "Борис")

    connected(one, other)
    for telephone in (one, other):
        hears_well(telephone)
    numbers = {one.safety_number_with(other), other.safety_number_with(one)}
    one.hang_up()

    assert other.comes_to(phase="over")["outcome"]["status"] == "ended"
    assert len(numbers) == 1
    assert re.fullmatch(r"(\d{5} ){11}\d{5}", numbers.pop())
    assert SEALED.findall(kept_by_the_server(system)) == []
    assert statuses(anna) == statuses(boris) == ["ended"]


def test_a_call_that_is_declined_is_over_on_both_sides(telephones: Telephones, anna: Caller, boris: Caller) -> None:
    make_contacts(anna, boris)
    one, other = telephones.open(anna, "Anna"), telephones.open(boris, "Boris")
    one.call(other)
    other.rings()

    other.decline()

    assert one.comes_to(phase="over")["outcome"]["status"] == "declined"
    assert not other.is_ringing
    assert statuses(anna) == statuses(boris) == ["declined"]


def test_a_call_that_is_given_up_stops_ringing(telephones: Telephones, anna: Caller, boris: Caller) -> None:
    make_contacts(anna, boris)
    one, other = telephones.open(anna, "Anna"), telephones.open(boris, "Boris")
    one.call(other)
    other.rings()

    one.hang_up()

    assert other.comes_to(phase="over")["outcome"]["status"] == "cancelled"
    assert not other.is_ringing
    assert other.heard() == {}
    assert statuses(boris) == ["cancelled"]


def test_whoever_is_in_a_call_is_busy_for_others(
    telephones: Telephones, anna: Caller, boris: Caller, vera: Caller
) -> None:
    make_contacts(anna, boris)
    make_contacts(vera, boris)
    one, other, third = (
        telephones.open(person, name) for person, name in ((anna, "Anna"), (boris, "Boris"), (vera, "Vera"))
    )
    connected(one, other)

    third.call(other)

    assert third.comes_to(phase="over")["outcome"]["status"] == "busy"
    assert one.told()["phase"] == other.told()["phase"] == "connected"
    other.hang_up()
    one.comes_to(phase="over")


def test_the_devices_that_did_not_answer_stop_ringing(telephones: Telephones, anna: Caller, boris: Caller) -> None:
    make_contacts(anna, boris)
    one, desk, pocket = telephones.open(anna, "Anna"), telephones.open(boris, "desk"), telephones.open(boris, "pocket")
    one.call(desk)
    desk.rings()
    pocket.rings()

    pocket.accept()

    assert desk.comes_to(phase="over")["outcome"]["status"] == "answered-elsewhere"
    assert not desk.is_ringing
    assert desk.heard() == {}
    hear_each_other(one, pocket)
    one.hang_up()
    pocket.comes_to(phase="over")


def test_two_who_call_each_other_at_once_are_in_one_call(telephones: Telephones, anna: Caller, boris: Caller) -> None:
    make_contacts(anna, boris)
    one, other = telephones.open(anna, "Anna"), telephones.open(boris, "Boris")

    for caller, callee in ((one, other), (other, one)):
        # Not awaited: both begin before either knows.
        caller.page.evaluate("uid => void telephone.call(uid)", callee.unique_id)

    calls = [telephone.comes_to(phase="connected")["id"] for telephone in (one, other)]
    assert calls[0] == calls[1]
    hear_each_other(one, other)
    one.hang_up()
    other.comes_to(phase="over")


def test_nobody_is_reached_who_is_no_contact(telephones: Telephones, anna: Caller, boris: Caller) -> None:
    one, other = telephones.open(anna, "Anna"), telephones.open(boris, "Boris")

    with pytest.raises(Exception, match="no such contact"):
        one.call(other)

    assert other.told() == {}


def test_a_call_goes_through_a_relay_alone_and_neither_learns_the_others_address(
    telephones: Telephones, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        turn = stack.enter_context(turn_server(tmp_path))
        system = stack.enter_context(a_system(tmp_path / "house", **turn.settings))
        anna, boris = (stack.enter_context(Caller.registered(system.url)) for _ in range(2))
        make_contacts(anna, boris)
        here = telephones.at(system.url)
        one, other = here.open(anna, "Anna"), here.open(boris, "Boris")

        connected(one, other)
        heard = [hears_well(telephone) for telephone in (one, other)]
        one.hang_up()

    assert [each["types"] for each in heard] == [["relay", "relay"]] * 2


def test_a_call_that_both_agree_to_record_is_read_back_as_two_named_speakers(
    telephones: Telephones, anna: Caller, boris: Caller, tmp_path: Path
) -> None:
    said = {"Анна": "Send the invoice to Anna by Friday.", "Boris": "The meeting is on Tuesday at ten."}
    sounds = {
        name: write_wav(tmp_path / f"{number}.wav", conversation([line], "en-us", gap=1.5))
        for number, (name, line) in enumerate(said.items())
    }
    make_contacts(anna, boris)
    one = telephones.open(anna, "Анна", microphone=sounds["Анна"])
    other = telephones.open(boris, "Boris", microphone=sounds["Boris"])
    call_id = connected(one, other)

    one.ask_to_record(name="Boris", language="en")
    other.comes_to(consent="asked")
    assert one.told()["consent"] == "asking"
    assert anna.http.get(f"/v1/calls/{call_id}/recording").status_code == 404
    other.answer_recording(allowed=True)
    for telephone in (one, other):
        telephone.comes_to(consent="agreed")
    began = one.hears(samples=SECOND)["totalSamplesReceived"]
    one.hears(samples=began + 12 * SECOND, within=60)
    one.stop_recording()
    for telephone in (one, other):
        telephone.comes_to(consent="stopped")
        telephone.has_seen("track sent", within=30)
    one.hang_up()
    recording_id = anna.http.get(f"/v1/calls/{call_id}/recording").raise_for_status().json()["recording_id"]
    # Joining is a job, too: it is over before transcribing begins.
    eventually(lambda: "transcribe" in {job["kind"] for job in anna.recording(recording_id)["jobs"]}, within=60)
    anna.settled(recording_id)

    segments = anna.transcript(recording_id).raise_for_status().json()["segments"]
    heard = {name: " ".join(one["text"] for one in segments if one["speaker"] == name) for name in said}
    assert {one["speaker"] for one in segments} == set(said)
    assert "invoice" in heard["Анна"]
    assert "meeting" in heard["Boris"]
    assert "meeting" not in heard["Анна"]
    assert "invoice" not in heard["Boris"]
    assert boris.http.get(f"/v1/recordings/{recording_id}").status_code == 404


def test_nothing_is_recorded_that_the_other_side_does_not_allow(
    telephones: Telephones, anna: Caller, boris: Caller
) -> None:
    make_contacts(anna, boris)
    one, other = telephones.open(anna, "Anna"), telephones.open(boris, "Boris")
    call_id = connected(one, other)
    one.ask_to_record()
    other.comes_to(consent="asked")

    other.answer_recording(allowed=False)

    one.has_seen("consent none")
    one.hang_up()
    other.comes_to(phase="over")
    assert anna.http.get(f"/v1/calls/{call_id}/recording").status_code == 404
    assert not any(event.startswith("track") for event in one.events + other.events)


def test_a_browser_and_the_command_line_hear_each_other(
    system: LocalSystem, telephones: Telephones, anna: Caller, boris: Caller, tmp_path: Path
) -> None:
    make_contacts(anna, boris)
    speech = write_wav(tmp_path / "hello.wav", conversation(["The meeting is on Tuesday at ten."] * 5, "en-us"))
    saved = tmp_path / "heard.wav"
    one = telephones.open(anna, "Anna")
    answer = ["answer", "--auto", "--once", "--play", str(speech), "--save", str(saved)]
    with command_line(system, boris, tmp_path, answer) as bot:
        eventually(lambda: "Waiting for calls" in bot.log_file.read_text(), within=60)
        one.page.evaluate("uid => void telephone.call(uid)", unique_id_of(boris))
        one.comes_to(phase="connected", within=40)
        hears_well(one)
        one.hang_up()
        assert bot.process.wait(30) == 0, bot.log_file.read_text()

    with wave.open(str(saved)) as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)
        assert len(sound) >= file.getframerate() * file.getnchannels()
    # The microphone of a test beeps once a second.
    assert np.abs(sound).max() > 1_000
