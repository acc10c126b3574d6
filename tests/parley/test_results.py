import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from parley.answers import read_transcript
from parley.show import transcript_text
from tests.parley.fake_server import DONE, SUMMARY, Handler, job
from tests.parley.terminal import Terminal
from tests.parley.test_real_terminal import PROGRAM, environ, screen

FIRST = f"rec_{0:026}"
DOCUMENT = b"PK\x03\x04\r\n\x00\xff"
TABLE = "start\tend\ttext\n0\t4200\tБоб\n".encode()


@pytest.fixture
def reader(terminal: Terminal, audio: Path) -> Terminal:
    """A terminal of somebody with one recording."""
    assert terminal.type("upload", str(audio)).exit_code == 0
    return terminal


def test_the_transcript_is_printed_as_it_came(reader: Terminal) -> None:
    result = reader.type("transcript", FIRST)
    assert result.stdout_bytes == "We ship on Friday. Anna tests the upload. Боб пишет заметки.\n".encode()
    assert result.stderr == ""


def test_captions_keep_their_line_ends(reader: Terminal) -> None:
    result = reader.type("transcript", FIRST, "--format", "srt")
    assert result.stdout_bytes.startswith(b"1\r\n00:00:00,000 --> ")


def test_the_format_follows_the_files_ending(reader: Terminal, tmp_path: Path) -> None:
    output = tmp_path / "встреча.SRT"
    result = reader.type("transcript", FIRST, "-o", str(output))
    assert output.read_bytes().startswith(b"1\r\n")
    assert result.stdout == ""


@pytest.fixture
def documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that knows documents and tables too."""
    answer = Handler._transcript
    more = {"docx": (DOCUMENT, "application/octet-stream"), "tsv": (TABLE, "text/tab-separated-values; charset=utf-8")}

    def with_documents(self: Handler, form: str) -> None:
        if form in more:
            self._answer(200, *more[form])
        else:
            answer(self, form)

    monkeypatch.setattr(Handler, "_transcript", with_documents)


@pytest.mark.parametrize(("name", "content"), [("встреча.DOCX", DOCUMENT), ("table.tsv", TABLE)])
def test_documents_and_tables_are_written_byte_for_byte(
    reader: Terminal, documents: None, tmp_path: Path, name: str, content: bytes
) -> None:
    result = reader.type("transcript", FIRST, "-o", str(tmp_path / name))
    assert (tmp_path / name).read_bytes() == content
    assert (result.exit_code, result.stdout) == (0, "")


@pytest.mark.parametrize("output", [(), ("-o", "-")])
def test_a_document_goes_into_a_pipe(reader: Terminal, documents: None, output: tuple[str, ...]) -> None:
    assert reader.type("transcript", FIRST, "--format", "docx", *output).stdout_bytes == DOCUMENT


@pytest.mark.parametrize("output", [(), ("-o", "-")])
def test_a_document_is_not_printed_to_a_terminal(reader: Terminal, output: tuple[str, ...]) -> None:
    asked = len(reader.state.requests)
    with screen() as (person, side):
        process = subprocess.Popen(
            [*PROGRAM, "transcript", FIRST, "--format", "docx", *output],
            stdin=side, stdout=side, stderr=side, env=environ(reader),
        )  # fmt: skip
        os.close(side)
        text = person.read_to_the_end()
        assert process.wait() == 2, text
    assert "docx is nothing that a terminal can show: name a file with -o, or use a pipe." in text
    assert len(reader.state.requests) == asked


def test_the_look_of_captions_is_sent_along(reader: Terminal) -> None:
    look = ("--max-line-length", "32", "--max-lines", "1", "--no-speakers")
    assert reader.type("transcript", FIRST, "--format", "srt", *look).exit_code == 0
    asked = reader.state.sent_to("GET", f"/v1/recordings/{FIRST}/transcript")[-1].query
    assert asked == {"format": "srt", "max_line_length": "32", "max_lines": "1", "speakers": "false"}


def test_the_server_decides_on_the_look_that_nobody_asked_for(reader: Terminal) -> None:
    reader.type("transcript", FIRST, "--format", "srt")
    assert reader.state.sent_to("GET", f"/v1/recordings/{FIRST}/transcript")[-1].query == {"format": "srt"}


@pytest.mark.parametrize(
    "look",
    [("--max-line-length", "9"), ("--max-line-length", "201"), ("--max-lines", "0"), ("--max-lines", "six")],
)
def test_a_look_that_no_caption_can_have_is_wrong_usage(reader: Terminal, look: tuple[str, str]) -> None:
    result = reader.type("transcript", FIRST, *look)
    assert result.exit_code == 2
    assert look[0] in result.stderr


def test_a_file_that_cannot_be_written_is_a_failure(reader: Terminal, tmp_path: Path) -> None:
    result = reader.type("transcript", FIRST, "-o", str(tmp_path))
    assert result.exit_code == 1
    assert "Is a directory" in result.stderr


@pytest.mark.parametrize("arguments", [("--json",), ("--format", "json")])
def test_the_transcript_as_json(reader: Terminal, arguments: tuple[str, ...]) -> None:
    assert reader.type_for_json("transcript", FIRST, *arguments)["duration"] == 95.0


def test_json_and_another_format_contradict_each_other(reader: Terminal) -> None:
    assert reader.type("transcript", FIRST, "--json", "--format", "srt").exit_code == 2


def test_an_unknown_format_is_wrong_usage(reader: Terminal) -> None:
    assert reader.type("transcript", FIRST, "--format", "doc").exit_code == 2


def test_the_summary_shows_where_its_statements_come_from(reader: Terminal) -> None:
    result = reader.type("summary", FIRST)
    assert result.exit_code == 0
    assert "- Notes are written. [0:00-0:04, 1:01-1:35]" in result.stdout


def test_the_summary_as_json_is_the_servers(reader: Terminal) -> None:
    assert reader.type_for_json("--json", "summary", FIRST) == SUMMARY


def test_ls_follows_the_pages_up_to_the_limit(reader: Terminal, audio: Path) -> None:
    reader.type("upload", *[str(audio)] * 7)
    reader.state.requests.clear()
    result = reader.type("ls", "--limit", "7")
    assert [line.split()[0] for line in result.stdout.splitlines()[1:]] == list(reader.state.recordings)[:7]
    assert "There are more" in result.stderr
    assert len(reader.state.sent_to("GET", "/v1/recordings")) == 3


def test_ls_shows_what_there_is_to_know(reader: Terminal) -> None:
    reader.state.recordings[FIRST] |= {"title": "[red]Планёрка[/]\n" * 5, "duration": 3723.4, "language": "ru"}
    result = reader.type("ls", TZ="UTC")
    header, row = result.stdout.splitlines()
    assert header.split() == ["ID", "TITLE", "STATUS", "LENGTH", "LANG", "CREATED"]
    assert row.split() == [
        FIRST, *["[red]Планёрка[/]"] * 5, "awaiting_upload", "1:02:03", "ru", "2026-11-21", *row.split()[-1:],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("jobs", "shown"),
    [
        ([], "uploaded"),
        ([job("transcribe", "succeeded", 1.0), job("summarise", "running", 0.5)], "working"),
        ([job("transcribe", "failed", 0.0), job("summarise", "failed", 0.0)], "failed"),
        (DONE, "ready"),
    ],
)
def test_ls_says_in_a_word_what_became_of_a_recording(reader: Terminal, jobs: list[dict[str, Any]], shown: str) -> None:
    reader.state.recordings[FIRST] |= {"status": "uploaded", "jobs": jobs}
    assert shown in reader.type("ls").stdout.splitlines()[1].split()


def test_ls_as_json_keeps_the_cursor(reader: Terminal, audio: Path) -> None:
    reader.type("upload", *[str(audio)] * 3)
    found = reader.type_for_json("ls", "--json", "--limit", "3")
    assert [one["id"] for one in found["items"]] == list(reader.state.recordings)[:3]
    assert found["next_cursor"] == "3"


def test_an_empty_list_says_what_to_do(terminal: Terminal) -> None:
    result = terminal.type("ls")
    assert result.stdout == ""
    assert "parley upload FILE" in result.stderr
    assert terminal.type_for_json("ls", "--json") == {"items": [], "next_cursor": None}


def test_an_answer_of_another_program_is_not_a_traceback(reader: Terminal) -> None:
    del reader.state.recordings[FIRST]["id"]
    result = reader.type("ls")
    assert result.exit_code == 1
    assert "is not what Parley answers" in result.stderr


def test_an_error_without_a_problem_is_still_a_sentence(reader: Terminal) -> None:
    reader.state.unavailable = 99
    result = reader.type("ls")
    assert result.exit_code == 1
    assert result.stderr == "parley: The server answered 503 Service Unavailable. (http-503)\n"
    assert reader.pauses == [0.5, 1.0]


def test_a_transcript_too_large_for_an_answer_is_fetched_from_storage_without_our_key(
    reader: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def elsewhere(self: Handler, form: str) -> None:
        self._answer(307, b"", None, {"Location": f"http://{self.headers['Host']}/storage/result?signature=1"})

    monkeypatch.setattr(Handler, "_transcript", elsewhere)
    result = reader.type("transcript", FIRST, "--json")
    assert json.loads(result.stdout)["language"] == "en"


def test_a_conversation_is_printed_turn_by_turn() -> None:
    segments = [("We ship on Friday.", "Anna"), ("At noon.", "Anna"), ("Хорошо.", "Борис"), ("(laughs)", None)]
    transcript = read_transcript(
        {
            "text": "never mind",
            "segments": [
                {"id": at, "start": at, "end": at + 1, "text": text, "speaker": speaker}
                for at, (text, speaker) in enumerate(segments)
            ],
        }
    )
    assert transcript_text(transcript) == "Anna: We ship on Friday. At noon.\nБорис: Хорошо.\n(laughs)"
