"""A call that both sides agreed to record becomes a conversation of two, with their names and a summary."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from tests.gpu_worker.calls.tracks import MP4, RATE, WEBM, Samples, quiet, recorded
from tests.journeys.caller import Caller
from tests.journeys.telephone import Telephone
from tests.local_system import LocalSystem, eventually
from tests.speech_synthesis import conversation

pytestmark = pytest.mark.journey

ANNAS = "Send the invoice to Anna by Friday."
BORISES = "The customer agreed on the price on Monday."
NAMES = ["Анна", "Борис 安"]
SOON = 60.0


@dataclass(frozen=True)
class RecordedCall:
    """A call that is over, with what both sides have signed in it."""

    anna: Telephone
    boris: Telephone
    id: str
    began: int
    """When both had begun to record, in milliseconds of the server."""
    consent: dict[str, Any]

    @property
    def url(self) -> str:
        return f"/v1/calls/{self.id}/recording"

    def send(self, who: Telephone, sound: bytes, content_type: str, *, name: str, after: float = 0.0) -> None:
        announced = who.caller.http.post(
            f"/v1/calls/{self.id}/tracks",
            json={
                "size": len(sound),
                "content_type": content_type,
                "started_at": self.began + round(after * 1000),
                "name": name,
            },
        ).raise_for_status()
        who.caller.send(announced.json()["upload"], sound).raise_for_status()


@pytest.fixture
def call(system: LocalSystem) -> Iterator[RecordedCall]:
    with (
        Caller.registered(system.url) as annas,
        Caller.registered(system.url) as borises,
        Telephone(annas) as anna,
        Telephone(borises) as boris,
    ):
        anna.become_contacts(boris)
        call_id = anna.call(boris)
        began = anna.now()
        consent = {
            "request": anna.device.consent("request", call=call_id, at=began),
            "grant": boris.device.consent("grant", call=call_id, at=boris.now()),
        }
        anna.ask("call.hangup", call_id=call_id)
        yield RecordedCall(anna, boris, call_id, began, consent)


@pytest.fixture(scope="module")
def spoken() -> dict[str, Samples]:
    return {
        ANNAS: conversation([ANNAS], sample_rate=RATE),
        BORISES: conversation([BORISES], "en-us+f2", sample_rate=RATE),
    }


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def test_both_sides_are_read_back_under_their_names_with_a_summary(
    call: RecordedCall, spoken: dict[str, Samples]
) -> None:
    http = call.anna.caller.http
    made = http.post(call.url, json=call.consent | {"name": NAMES[1]}).raise_for_status().json()
    # Boris answers when Anna has spoken; his recorder began two seconds before hers did.
    pause = quiet(len(spoken[ANNAS]) / RATE + 2)
    call.send(call.boris, recorded(np.concatenate([pause, spoken[BORISES]]), MP4), "audio/mp4", name="Боря")
    call.send(call.anna, recorded(spoken[ANNAS], WEBM), "audio/webm;codecs=opus", name=NAMES[0], after=2)

    recording_id = made["recording_id"]
    done = eventually(lambda: settled(call.anna.caller, recording_id), within=SOON)
    transcript = call.anna.caller.transcript(recording_id).json()
    summary = call.anna.caller.summary(recording_id).json()
    seen = call.boris.caller.http.get(call.url).json()

    assert [(job["kind"], job["status"]) for job in done["jobs"]] == [
        ("join", "succeeded"),
        ("transcribe", "succeeded"),
        ("summarise", "succeeded"),
    ]
    assert (done["title"], done["media_type"]) == (f"Call with {NAMES[1]}", "audio/ogg")
    segments = transcript["segments"]
    assert [one["speaker"] for one in segments] == NAMES
    assert [words(one["text"]) for one in segments] == [words(ANNAS), words(BORISES)]
    assert segments[0]["start"] == pytest.approx(2.6, abs=0.4)
    assert summary["bullets"]
    assert (seen["status"], [one["status"] for one in seen["tracks"]]) == ("uploaded", ["here", "here"])
    assert call.boris.caller.http.get(f"/v1/recordings/{recording_id}").status_code == 404

    call.boris.caller.http.delete(call.url).raise_for_status()
    assert http.get(f"/v1/recordings/{recording_id}").status_code == 404


def test_its_owner_goes_on_without_the_side_that_never_came(call: RecordedCall, spoken: dict[str, Samples]) -> None:
    made = call.anna.caller.http.post(call.url, json=call.consent).raise_for_status().json()
    call.send(call.boris, recorded(spoken[BORISES]), "audio/webm", name=NAMES[1])
    eventually(
        lambda: call.anna.caller.http.get(call.url).json()["tracks"][1]["status"] == "here",
        within=SOON,
    )

    call.anna.caller.http.post(f"{call.url}/finish").raise_for_status()
    eventually(lambda: settled(call.anna.caller, made["recording_id"]), within=SOON)

    segments = call.anna.caller.transcript(made["recording_id"]).json()["segments"]
    assert [(one["speaker"], words(one["text"])) for one in segments] == [(NAMES[1], words(BORISES))]
    [note] = call.anna.caller.http.get(call.url).json()["notes"]
    assert call.anna.unique_id in note


def test_without_the_other_sides_word_there_is_nothing(call: RecordedCall) -> None:
    forged = call.consent | {"grant": call.consent["request"]}

    refused = call.anna.caller.http.post(call.url, json=forged)

    assert (refused.status_code, refused.json()["code"]) == (403, "consent-kind")
    assert call.anna.caller.http.get(call.url).status_code == 404


def settled(caller: Caller, recording_id: str) -> dict[str, Any] | None:
    """The recording when it is here and all that was wanted of it is done."""
    seen = caller.recording(recording_id)
    is_done = seen["status"] == "uploaded" and all(job["finished_at"] for job in seen["jobs"])
    return seen if is_done else None
