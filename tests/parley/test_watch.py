import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.parley.fake_server import DONE, job
from tests.parley.terminal import Terminal

FIRST = f"rec_{0:026}"
NO_SPEECH = {"code": "no-speech", "detail": "Nobody speaks in this recording."}

Script = list[dict[str, Any]]

TO_THE_END: Script = [
    {"status": "awaiting_upload"},
    {"status": "uploaded", "jobs": [job("transcribe", "queued"), job("summarise", "queued")]},
    {"jobs": [job("transcribe", "running", 0.42, eta_seconds=63), job("summarise", "queued")]},
    {"jobs": [DONE[0], job("summarise", "running", 0.1, stage="reading", message="page 1")]},
    {"jobs": DONE},
]


@pytest.fixture
def uploaded(terminal: Terminal, audio: Path) -> Callable[[Script], Terminal]:
    """A recording that goes through the given states."""

    def upload(script: Script) -> Terminal:
        terminal.state.script = script
        assert terminal.type("upload", str(audio)).exit_code == 0
        return terminal

    return upload


Uploaded = Callable[[Script], Terminal]


def test_upload_and_watch_prints_transcript_and_summary_with_its_evidence(terminal: Terminal, audio: Path) -> None:
    terminal.state.script = TO_THE_END
    result = terminal.type("upload", "--watch", str(audio))
    assert result.exit_code == 0, result.output
    assert result.stdout == (
        "# meeting.mp3\n\n"
        "## Transcript\n\n"
        "We ship on Friday. Anna tests the upload. Боб пишет заметки.\n\n"
        "Note: The last minute is hard to hear.\n\n"
        "## Summary\n\n"
        "The release is on Friday.\n"
        "- Shipping on Friday, tested by Anna. [0:00-0:09]\n"
        "- Notes are written. [0:00-0:04, 1:01-1:35]\n\n"
        "To do\n"
        "- Anna tests the upload. [0:04-0:09]\n\n"
        "Note: only 80 % of the transcript was read for this summary.\n"
    )


def test_watching_tells_each_step_in_a_line_where_nobody_could_see_bars(uploaded: Uploaded) -> None:
    result = uploaded(TO_THE_END).type("watch", FIRST)
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        "meeting.mp3: arriving",
        "meeting.mp3: there",
        "  transcribe: waiting",
        "  summarise: waiting",
        "  transcribe: 42 % · speech · 1:03 left",
        "  transcribe: done",
        "  summarise: 10 % · reading · page 1",
        "  summarise: done",
    ]


def test_watching_asks_less_and_less_often(uploaded: Uploaded) -> None:
    terminal = uploaded([*[{"status": "awaiting_upload"}] * 20, {"status": "uploaded", "jobs": DONE}])
    assert terminal.type("watch", FIRST).exit_code == 0
    assert terminal.pauses[0] == 0.5
    assert terminal.pauses == sorted(terminal.pauses)
    assert terminal.pauses[-1] == 3.0


def test_json_holds_the_recording_and_all_that_was_made_of_it(uploaded: Uploaded) -> None:
    result = uploaded(TO_THE_END).type("watch", FIRST, "--json")
    found = json.loads(result.stdout)
    assert found["recording"]["something_new"] == [1]
    assert found["transcript"]["language"] == "en"
    assert found["summary"]["engine"] == "extractive"


def test_upload_and_watch_as_json(terminal: Terminal, audio: Path) -> None:
    terminal.state.script = TO_THE_END
    [item] = terminal.type_for_json("upload", "--json", "--watch", str(audio))["items"]
    assert item["recording"]["status"] == "uploaded"
    assert item["summary"]["coverage"] == 0.8


def test_a_failed_job_is_a_failure_with_its_reason(uploaded: Uploaded) -> None:
    failed = [job("transcribe", "failed", error=NO_SPEECH), job("summarise", "cancelled")]
    result = uploaded([{"status": "uploaded", "jobs": failed}]).type("watch", FIRST)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1] == (
        "parley: transcribe: Nobody speaks in this recording. (no-speech); summarise: the job was cancelled"
    )


def test_a_failed_summary_does_not_hide_the_transcript(terminal: Terminal, audio: Path) -> None:
    reason = {"code": "engine-down", "detail": "The language engine did not answer."}
    terminal.state.script = [{"status": "uploaded", "jobs": [DONE[0], job("summarise", "failed", error=reason)]}]
    result = terminal.type("upload", "--watch", str(audio))
    assert result.exit_code == 1
    assert "We ship on Friday." in result.stdout
    assert "## Summary" not in result.stdout
    assert "summarise: The language engine did not answer. (engine-down)" in result.stderr


def test_a_failure_made_good_by_a_later_job_counts_no_more(uploaded: Uploaded) -> None:
    jobs = [job("transcribe", "failed", id="job_00", error=NO_SPEECH), *DONE]
    assert uploaded([{"status": "uploaded", "jobs": jobs}]).type("watch", FIRST).exit_code == 0


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (
            {"status": "refused", "error": {"code": "not-media", "detail": "That is a spreadsheet."}},
            "parley: That is a spreadsheet. (not-media)",
        ),
        ({"status": "expired"}, "parley: The file never arrived, and the time for its upload is over. (expired)"),
    ],
)
def test_an_upload_that_came_to_nothing_is_a_failure(uploaded: Uploaded, state: dict[str, Any], sentence: str) -> None:
    result = uploaded([{"status": "awaiting_upload"}, state]).type("watch", FIRST)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == sentence


def test_a_server_that_is_away_for_a_moment_does_not_end_the_watching(uploaded: Uploaded) -> None:
    terminal = uploaded(TO_THE_END)
    terminal.state.unavailable = 2
    assert terminal.type("watch", FIRST).exit_code == 0


def test_too_many_calls_are_answered_by_the_pause_that_was_asked_for(uploaded: Uploaded) -> None:
    terminal = uploaded(TO_THE_END)
    terminal.state.busy = ["7"]
    assert terminal.type("watch", FIRST).exit_code == 0
    assert terminal.pauses[0] == 7.0


def test_a_pause_too_long_to_wait_for_is_told(uploaded: Uploaded) -> None:
    terminal = uploaded(TO_THE_END)
    terminal.state.busy = ["3600"]
    result = terminal.type("watch", FIRST)
    assert result.exit_code == 1
    assert "Try again in 3600 s." in result.stderr


def test_what_does_not_exist_is_told_with_its_request(terminal: Terminal) -> None:
    result = terminal.type("watch", "../rec 1")
    assert result.exit_code == 1
    assert result.stderr == "parley: There is no such recording. (not-found, request req_7)\n"
    assert terminal.state.requests[-1].path == "/v1/recordings/..%2Frec%201"


def test_what_others_wrote_cannot_steer_the_terminal(uploaded: Uploaded) -> None:
    evil: dict[str, Any] = {
        "status": "refused",
        "title": "\x1b]0;owned\x07",
        "error": {"code": "x", "detail": "\x1b[2Jgone"},
    }
    result = uploaded([evil]).type("watch", FIRST)
    assert "\x1b" not in result.output
