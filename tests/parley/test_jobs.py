"""Work on recordings that are there: once more, or not at all."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.parley.fake_server import DONE, SUMMARY, TRANSCRIPT, job
from tests.parley.terminal import Terminal

FIRST = f"rec_{0:026}"
NEW = "job_03"


@pytest.fixture
def reader(terminal: Terminal, audio: Path) -> Terminal:
    """A terminal of somebody with one recording."""
    assert terminal.type("upload", str(audio)).exit_code == 0
    return terminal


def goes_through(terminal: Terminal, *steps: dict[str, Any], jobs: list[dict[str, Any]] | None = None) -> None:
    terminal.state.script = [{"status": "uploaded", "jobs": [*(jobs or DONE), step]} for step in steps]


def test_a_recording_is_transcribed_once_more_as_asked(reader: Terminal) -> None:
    result = reader.type(
        *("transcribe", FIRST, "--model", "large-v3", "--language", "ru", "--translate", "--fast"),
        *("--prompt", "Планёрка.", "--vocabulary", "Анна, Боб,,", "--speakers", "channels"),
    )

    assert (result.exit_code, result.stdout) == (0, f"{NEW}  transcribe  queued\n")
    assert reader.state.started == [
        {
            "recording_id": FIRST,
            "kind": "transcribe",
            "options": {
                "language": "ru",
                "model": "large-v3",
                "task": "translate",
                "fast": True,
                "initial_prompt": "Планёрка.",
                "vocabulary": ["Анна", "Боб"],
                "speakers": "channels",
            },
        }
    ]


def test_a_recording_is_summarised_once_more_as_asked(reader: Terminal) -> None:
    result = reader.type(
        *("summarise", FIRST, "--template", "sales", "--language", "en", "--prompt", "Only prices."),
        *("--question", "Who pays?", "--question", "Когда?"),
    )

    assert (result.exit_code, result.stdout) == (0, f"{NEW}  summarise  queued\n")
    assert reader.state.started[0]["options"] == {
        "language": "en",
        "prompt": "Only prices.",
        "template": "sales",
        "questions": ["Who pays?", "Когда?"],
    }


def test_what_is_not_said_is_left_to_the_server(reader: Terminal) -> None:
    reader.type("transcribe", FIRST)
    reader.type("summarise", FIRST)

    assert [one["options"] for one in reader.state.started] == [{}, {}]


def test_an_answer_that_got_lost_starts_one_job(reader: Terminal) -> None:
    reader.state.dropped_posts = 1

    assert reader.type("summarise", FIRST).exit_code == 0
    assert len(reader.state.started) == 1
    assert len(reader.state.sent_to("POST", "/v1/jobs")) == 2


def test_a_started_job_as_json(reader: Terminal) -> None:
    assert reader.type_for_json("transcribe", FIRST, "--json")["id"] == NEW


@pytest.mark.parametrize("command", ["transcribe", "summarise"])
def test_what_does_not_exist_cannot_be_worked_on(reader: Terminal, command: str) -> None:
    result = reader.type(command, "rec_x")

    assert result.exit_code == 1
    assert result.stderr == "parley: There is no such recording. (not-found, request req_7)\n"


def test_an_unknown_template_is_wrong_usage(reader: Terminal) -> None:
    assert reader.type("summarise", FIRST, "--template", "poem").exit_code == 2


def test_watching_waits_for_the_new_job_and_prints_its_transcript(reader: Terminal) -> None:
    goes_through(
        reader,
        job("transcribe", "queued", id=NEW),
        job("transcribe", "running", 0.5, id=NEW),
        job("transcribe", "succeeded", 1.0, id=NEW),
    )

    result = reader.type("transcribe", FIRST, "--watch")

    assert result.exit_code == 0
    assert result.stdout.startswith("We ship on Friday.")
    assert reader.state.looks[FIRST] == 3


def test_watching_does_not_wait_for_other_jobs(reader: Terminal) -> None:
    others = [DONE[0], job("summarise", "running", 0.1)]
    goes_through(reader, job("transcribe", "succeeded", 1.0, id=NEW), jobs=others)

    assert reader.type("transcribe", FIRST, "--watch").exit_code == 0


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_new_job_that_comes_to_nothing_is_a_failure_and_shows_nothing_old(reader: Terminal, status: str) -> None:
    goes_through(reader, job("summarise", status, id=NEW))

    result = reader.type("summarise", FIRST, "--watch")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-1] == f"parley: summarise: the job was {status}"


def test_watching_as_json_names_the_job(reader: Terminal) -> None:
    goes_through(reader, job("summarise", "succeeded", 1.0, id=NEW))

    found = reader.type_for_json("summarise", FIRST, "--watch", "--json")

    assert (found["job"]["id"], found["summary"], found["transcript"]) == (NEW, SUMMARY, None)


def test_a_summary_says_what_it_answers_and_what_is_not_borne_out(reader: Terminal) -> None:
    reader.state.summary = SUMMARY | {
        "coverage": 1.0,
        "template": "sales",
        "answers": [
            {"question": "When?", "answer": "On \x1b[2JFriday.", "segments": [0]},
            {"question": "Сколько?", "answer": None, "segments": []},
        ],
        "unproven": [{"text": "It costs 5.", "reason": "no such number", "something_new": 1}],
        "something_new": {},
    }
    goes_through(reader, job("summarise", "succeeded", 1.0, id=NEW))

    result = reader.type("summarise", FIRST, "--watch")

    assert result.stdout.split("\n\n", maxsplit=2)[2] == (
        "Questions\n"
        "- When?\n"
        "  On [2JFriday. [0:00-0:04]\n"
        "- Сколько?\n"
        "  not answered in the recording\n\n"
        "Not borne out by the recording:\n"
        "- It costs 5. (no such number)\n\n"
        "Template: sales\n"
    )


def test_the_times_are_those_of_the_transcript_that_was_summarised(reader: Terminal) -> None:
    earlier = [{"id": 0, "start": 600.0, "end": 660.0}, {"id": 1, "start": 660.0, "end": 720.0}]
    reader.state.summary = SUMMARY | {"transcript_job_id": "job_01"}
    reader.state.results["job_01"] = TRANSCRIPT | {"segments": earlier}
    goes_through(reader, job("transcribe", "succeeded", 1.0, id=NEW))

    shown = reader.type("watch", FIRST).stdout

    assert "- Shipping on Friday, tested by Anna. [10:00-12:00]" in shown
    assert "We ship on Friday. Anna tests the upload." in shown


def test_a_job_is_cancelled(reader: Terminal) -> None:
    reader.state.recordings[FIRST]["jobs"] = [job("transcribe", "running", 0.5)]

    result = reader.type("cancel", "job_01")

    assert (result.exit_code, result.stdout) == (0, "job_01  transcribe  cancelled\n")


def test_a_recording_has_its_unfinished_jobs_cancelled(reader: Terminal) -> None:
    goes_through(reader, job("summarise", "queued", id=NEW), jobs=[DONE[0], job("transcribe", "running", id="job_02")])

    items = reader.type_for_json("cancel", FIRST, "--json")["items"]

    assert [(one["id"], one["status"]) for one in items] == [("job_02", "cancelled"), (NEW, "cancelled")]


def test_nothing_left_to_cancel_is_no_failure(reader: Terminal) -> None:
    result = reader.type("cancel", FIRST)

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "There was nothing left to cancel.\n"


def test_a_finished_job_cannot_be_cancelled(reader: Terminal) -> None:
    reader.state.recordings[FIRST]["jobs"] = DONE

    result = reader.type("cancel", "job_01")

    assert (result.exit_code, result.stderr) == (
        1,
        "parley: The job has ended already. (job-already-finished, request req_7)\n",
    )


def test_what_is_neither_a_job_nor_a_recording_is_wrong_usage(reader: Terminal) -> None:
    assert reader.type("cancel", "everything").exit_code == 2


def test_a_cancelled_second_attempt_does_not_hide_the_first(reader: Terminal) -> None:
    goes_through(reader, job("transcribe", "cancelled", id=NEW))

    found = reader.type("watch", FIRST, "--json")

    assert found.exit_code == 0
    assert json.loads(found.stdout)["transcript"] == TRANSCRIPT


@pytest.mark.parametrize("command", ["transcribe", "summarise"])
def test_a_preset_is_named_and_other_options_come_with_it(reader: Terminal, command: str) -> None:
    reader.type(command, FIRST, "--preset", "Продажи", "--language", "ru")

    assert reader.state.started == [
        {"recording_id": FIRST, "kind": command, "options": {"language": "ru"}, "preset": "Продажи"}
    ]


def test_a_job_that_came_to_nothing_is_done_once_more_and_watched(reader: Terminal) -> None:
    failed = job("transcribe", "failed", id="job_02", error={"code": "timed-out", "detail": "Too long."})
    reader.state.recordings[FIRST]["jobs"] = [failed]
    reader.state.script = [{"status": "uploaded", "jobs": [failed, job("transcribe", "succeeded", 1.0, id="job_09")]}]

    told = reader.type("retry", "job_02")
    watched = reader.type("retry", "job_02", "--watch")

    assert (told.exit_code, told.stdout) == (0, "job_09  transcribe  queued\n")
    assert told.stderr == f"Wait for it with: parley watch {FIRST}\n"
    assert watched.stdout.startswith("We ship on Friday.")


def test_what_succeeded_is_not_done_once_more(reader: Terminal) -> None:
    reader.state.recordings[FIRST]["jobs"] = DONE

    result = reader.type("retry", "job_01")

    assert (result.exit_code, "nothing-to-retry" in result.stderr) == (1, True)


def test_jobs_are_listed_with_how_they_stand_and_why_they_failed(reader: Terminal) -> None:
    reader.state.recordings[FIRST]["jobs"] = [
        job("transcribe", "running", 0.426),
        job("summarise", "failed", error={"code": "timed-out", "detail": "Too long."}),
    ]

    header, running, failed = reader.type("jobs").stdout.splitlines()

    assert header.split() == ["ID", "KIND", "STATUS", "DONE", "RECORDING", "CREATED", "WHY"]
    assert running.split()[:6] == ["job_01", "transcribe", "running", "42", "%", FIRST]
    assert "Too long." in failed
    assert [one["id"] for one in reader.type_for_json("jobs", "--status", "failed", "--json")["items"]] == ["job_02"]
    found = reader.type("jobs", "--kind", "summarise", "--status", "succeeded")
    assert (found.stdout, found.stderr) == ("", "There is no such job.\n")


def test_more_jobs_than_were_asked_for_are_pointed_to_with_the_same_filters(reader: Terminal) -> None:
    reader.state.recordings[FIRST]["jobs"] = [job("transcribe", "queued", id=f"job_{number}") for number in range(3)]

    result = reader.type("jobs", "--limit", "2", "--status", "queued")

    assert len(result.stdout.splitlines()) == 3
    assert result.stderr == "There are more: parley jobs --status queued --limit 10\n"


def test_an_unknown_status_is_wrong_usage(reader: Terminal) -> None:
    assert reader.type("jobs", "--status", "lost").exit_code == 2
