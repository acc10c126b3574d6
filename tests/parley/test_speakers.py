"""Who speaks is corrected, and the original is read."""

from pathlib import Path

import pytest

from parley.errors import FAILED
from tests.parley.terminal import Terminal

FIRST = f"rec_{0:026}"


@pytest.fixture
def owner(terminal: Terminal, audio: Path) -> Terminal:
    """A terminal of somebody with one recording."""
    assert terminal.type("upload", str(audio)).exit_code == 0
    return terminal


def test_speakers_get_their_names(owner: Terminal) -> None:
    result = owner.type("speakers", FIRST, "Speaker 1=Анна", " Speaker 2 = a=b ")

    assert (result.exit_code, result.stdout, result.stderr) == (0, "2 speakers named.\n", "")
    (request,) = owner.state.sent_to("PATCH", f"/v1/recordings/{FIRST}/transcript")
    assert request.body == {"speakers": {"Speaker 1": "Анна", "Speaker 2": "a=b"}}


def test_a_name_left_empty_is_taken_back(owner: Terminal) -> None:
    owner.type("speakers", FIRST, "Speaker 1=Анна")

    result = owner.type("speakers", FIRST, "Speaker 1=", "Speaker 2=Пётр")

    assert result.stdout == "1 speaker named, 1 taken back.\n"
    assert owner.state.sent_to("PATCH", f"/v1/recordings/{FIRST}/transcript")[-1].body == {
        "speakers": {"Speaker 1": None, "Speaker 2": "Пётр"}
    }
    assert owner.state.speakers == {"Speaker 1": "Speaker 1", "Speaker 2": "Пётр"}


def test_what_became_of_the_transcript_is_the_servers_json(owner: Terminal) -> None:
    assert owner.type_for_json("speakers", FIRST, "Speaker 1=Анна", "--json") == {
        "recording_id": FIRST,
        "job_id": "job_01",
        "segments": [],
        "words": 11,
    }


@pytest.mark.parametrize(("recording_id", "code"), [(FIRST, "unknown-speaker"), ("rec_x", "not-found")])
def test_whom_the_server_does_not_know_is_a_failure(owner: Terminal, recording_id: str, code: str) -> None:
    result = owner.type("speakers", recording_id, "Speaker 1=Анна", "Speaker 9=Пётр")

    assert (result.exit_code, result.stdout) == (FAILED, "")
    assert code in result.stderr
    assert "Анна" not in owner.state.speakers.values()


@pytest.mark.parametrize("wrong", [(), ("Анна",), ("=Анна",), (" = Анна",), ("Speaker 1=a", "Speaker 1 =b")])
def test_what_names_nobody_or_one_twice_is_wrong_usage(owner: Terminal, wrong: tuple[str, ...]) -> None:
    result = owner.type("speakers", FIRST, *wrong)

    assert (result.exit_code, result.stdout) == (2, "")
    assert owner.state.sent_to("PATCH", f"/v1/recordings/{FIRST}/transcript") == []


def test_the_original_is_read_in_any_format(owner: Terminal) -> None:
    assert owner.type("transcript", FIRST, "--original", "--format", "srt").exit_code == 0

    asked = owner.state.sent_to("GET", f"/v1/recordings/{FIRST}/transcript")[-1].query
    assert asked == {"format": "srt", "version": "original"}
