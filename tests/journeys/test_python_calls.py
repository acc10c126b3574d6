"""Two terminals call each other through the whole system: contacts, keys, a connection each, and real sound."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.caller import Caller
from tests.local_system import LocalSystem, eventually
from tests.parley.calls.sounds import loudest, write_tone

pytestmark = pytest.mark.journey

LONGEST_CALL = 60.0


@dataclass
class Person:
    """Somebody with a terminal."""

    caller: Caller
    unique_id: str
    environ: dict[str, str]
    folder: Path

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        with (self.folder / "said.txt").open("w") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "parley", *arguments],
                env=self.environ,
                cwd=Path(__file__).parents[2],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )

    def type(self, *arguments: str) -> str:
        process = self.start(*arguments)
        answer, _ = process.communicate(timeout=LONGEST_CALL)
        assert process.returncode == 0, self.said
        return answer

    @property
    def said(self) -> str:
        """What the last command has told them."""
        return (self.folder / "said.txt").read_text()


def person(system: LocalSystem, folder: Path) -> Person:
    caller = Caller.registered(system.url)
    key = caller.http.post("/v1/api-keys", json={"name": "terminal"}).raise_for_status().json()["secret"]
    folder.mkdir()
    environ = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    environ |= {
        "HOME": str(folder),
        "PARLEY_API_KEY": key,
        "PARLEY_SERVER": system.url,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "XDG_CONFIG_HOME": str(folder / "config"),
    }
    me = caller.http.get("/v1/auth/me").raise_for_status().json()
    return Person(caller, me["unique_id"], environ, folder)


@pytest.fixture
def people(system: LocalSystem, tmp_path: Path) -> Iterator[tuple[Person, Person]]:
    """Anna and Boris, who have confirmed each other."""
    anna, boris = person(system, tmp_path / "anna"), person(system, tmp_path / "boris")
    with anna.caller, boris.caller:
        anna.type("contacts", "add", boris.unique_id, "--name", "Борис", "--as", "Анна")
        boris.type("contacts", "confirm", anna.unique_id, "--as", "Boris")
        yield anna, boris


def answering(boris: Person, *arguments: str) -> "subprocess.Popen[str]":
    process = boris.start("answer", "--auto", "--once", "--json", *arguments)
    eventually(lambda: "Waiting for calls" in boris.said or process.poll() is not None, within=30)
    assert process.poll() is None, boris.said
    return process


def outcome_of(process: "subprocess.Popen[str]", whose: Person) -> dict[str, Any]:
    answer, _ = process.communicate(timeout=LONGEST_CALL)
    assert process.returncode == 0, whose.said
    return json.loads(answer)  # type: ignore[no-any-return]


def test_two_terminals_hear_each_other_and_the_house_knows_nothing_of_what_they_say(
    people: tuple[Person, Person], system: LocalSystem, tmp_path: Path
) -> None:
    anna, boris = people
    high = write_tone(tmp_path / "880.wav", 880, seconds=5)
    low = write_tone(tmp_path / "440.wav", 440, seconds=3)
    waiting = answering(boris, "--play", str(high), "--save", str(tmp_path / "boris.wav"))
    called = json.loads(anna.type("call", "Борис", "--play", str(low), "--save", str(tmp_path / "anna.ogg"), "--json"))
    answered = outcome_of(waiting, boris)

    assert called["status"] == answered["status"] == "ended"
    assert called["call_id"] == answered["call_id"]
    hertz, level = loudest(tmp_path / "boris.wav")
    assert hertz == pytest.approx(440, abs=5)
    assert level > -25
    hertz, level = loudest(tmp_path / "anna.ogg")
    assert hertz == pytest.approx(880, abs=5)
    assert level > -25
    [logged] = json.loads(boris.type("call-log", "--json"))["items"]
    assert (logged["id"], logged["direction"], logged["status"]) == (called["call_id"], "incoming", "ended")
    numbers = {anna.type("safety-number", boris.unique_id), boris.type("safety-number", anna.unique_id)}
    assert len(numbers) == 1
    for secret in ("ice-ufrag", "a=candidate", "fingerprint:"):
        assert secret not in system.log


def test_nobody_who_is_no_contact_can_be_called(system: LocalSystem, tmp_path: Path) -> None:
    anna, boris = person(system, tmp_path / "anna"), person(system, tmp_path / "boris")
    with anna.caller, boris.caller:
        process = anna.start("call", boris.unique_id)
        process.communicate(timeout=LONGEST_CALL)
        assert process.returncode == 1
        assert "no such contact" in anna.said


def test_a_call_is_recorded_when_both_agree(people: tuple[Person, Person], tmp_path: Path) -> None:
    anna, boris = people
    tone = write_tone(tmp_path / "440.wav", 440, seconds=4)
    waiting = answering(boris, "--play", str(tone), "--allow-recording")
    called = json.loads(anna.type("call", boris.unique_id, "--play", str(tone), "--record", "--json"))
    answered = outcome_of(waiting, boris)

    assert called["recording_id"] is not None
    assert answered["recording_id"] == called["recording_id"]
    path = f"/v1/calls/{called['call_id']}/recording"

    def both_here() -> bool:
        tracks = anna.caller.http.get(path).raise_for_status().json()["tracks"]
        return all(track["status"] == "here" for track in tracks)

    assert eventually(both_here, within=30)


def test_who_does_not_agree_is_not_recorded(people: tuple[Person, Person], tmp_path: Path) -> None:
    anna, boris = people
    tone = write_tone(tmp_path / "440.wav", 440, seconds=3)
    waiting = answering(boris, "--play", str(tone))
    called = json.loads(anna.type("call", boris.unique_id, "--play", str(tone), "--record", "--json"))
    outcome_of(waiting, boris)

    assert called["recording_id"] is None
    assert "does not want to be recorded" in anna.said
    assert anna.caller.http.get(f"/v1/calls/{called['call_id']}/recording").status_code == 404
