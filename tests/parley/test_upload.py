import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from parley.answers import Announced
from parley.client import Api, NewRecording
from tests.parley.fake_server import Stored
from tests.parley.terminal import Terminal

FIRST = f"rec_{0:026}"
SECOND = f"rec_{1:026}"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_arrives_byte_for_byte_with_the_policys_fields(terminal: Terminal, audio: Path) -> None:
    result = terminal.type("upload", str(audio))

    assert result.exit_code == 0, result.output
    assert result.stdout == f"{FIRST}  {audio}\n"
    stored = terminal.state.stored[FIRST]
    assert (stored.size, stored.sha256) == (audio.stat().st_size, sha256(audio))
    assert [name for name, _ in stored.fields] == [
        "key", "Content-Type", "x-amz-checksum-sha256", "x-amz-algorithm", "policy", "x-amz-signature",
    ]  # fmt: skip
    assert terminal.state.announced[FIRST] == {
        "filename": "meeting.mp3",
        "size": audio.stat().st_size,
        "content_type": "audio/mpeg",
        "process": [{"kind": "transcribe", "options": {}}, {"kind": "summarise", "options": {}}],
        "sha256": sha256(audio),
        "part_checksums": True,
    }


def test_options_are_announced(terminal: Terminal, audio: Path) -> None:
    terminal.type("upload", str(audio), "--title", "Планёрка", "--language", "ru", "--no-summary")
    announced = terminal.state.announced[FIRST]
    assert (announced["title"], announced["language"]) == ("Планёрка", "ru")
    assert [one["kind"] for one in announced["process"]] == ["transcribe"]


def test_how_to_transcribe_and_to_summarise_is_announced(terminal: Terminal, audio: Path) -> None:
    arguments = ("--model", "small", "--fast", "--template", "sales", "--question", "Кто платит?")

    terminal.type("upload", str(audio), *arguments)

    assert terminal.state.announced[FIRST]["process"] == [
        {"kind": "transcribe", "options": {"model": "small", "fast": True}},
        {"kind": "summarise", "options": {"template": "sales", "questions": ["Кто платит?"]}},
    ]


def test_no_summary_and_a_template_contradict_each_other(terminal: Terminal, audio: Path) -> None:
    assert terminal.type("upload", str(audio), "--no-summary", "--template", "sales").exit_code == 2


@pytest.mark.parametrize(
    ("name", "filename", "content_type"),
    [
        ("встреча [1] 🎙.m4a", "встреча [1] 🎙.m4a", "audio/mp4"),
        ('quo"te;\n.ogg', 'quo"te;\n.ogg', "audio/ogg"),
        ("cafe\u0301.FLAC", "caf\u00e9.FLAC", "audio/flac"),
        (os.fsdecode(b"caf\xe9.wav"), "caf\ufffd.wav", "audio/x-wav"),
        ("no ending", "no ending", "application/octet-stream"),
    ],
)
def test_any_file_name_will_do(terminal: Terminal, tmp_path: Path, name: str, filename: str, content_type: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"sound")
    assert terminal.type("upload", str(path)).exit_code == 0
    announced = terminal.state.announced[FIRST]
    assert (announced["filename"], announced["content_type"]) == (filename, content_type)
    assert terminal.state.stored[FIRST].size == 5


def test_one_failing_file_does_not_stop_the_others(terminal: Terminal, audio: Path, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no sound")
    missing, folder = tmp_path / "missing.mp3", tmp_path / "folder"
    folder.mkdir()
    result = terminal.type("upload", str(missing), str(folder), str(text), str(audio))
    assert result.exit_code == 1
    assert result.stdout == f"{FIRST}  {audio}\n"
    assert f"parley: {missing}: No such file or directory." in result.stderr
    assert f"parley: {folder}: Not a regular file." in result.stderr
    assert f"parley: {text}: Only audio and video can be recordings. (unsupported-media-type, req" in result.stderr


def test_a_title_names_one_file(terminal: Terminal, audio: Path) -> None:
    assert terminal.type("upload", "--title", "x", str(audio), str(audio)).exit_code == 2


def test_without_a_file_it_is_wrong_usage(terminal: Terminal) -> None:
    assert terminal.type("upload").exit_code == 2


def test_json_is_all_there_is_on_stdout(terminal: Terminal, audio: Path, tmp_path: Path) -> None:
    result = terminal.type("upload", "--json", str(audio), str(tmp_path / "missing.mp3"))
    assert result.exit_code == 1
    good, bad = json.loads(result.stdout)["items"]
    assert good["recording"]["id"] == FIRST
    assert good["recording"]["something_new"] == [1]
    assert good["error"] is None
    assert bad["recording"] is None
    assert bad["error"] == {"code": "failed", "detail": "No such file or directory."}


def test_a_dropped_connection_is_tried_again_with_growing_pauses(terminal: Terminal, audio: Path) -> None:
    terminal.state.dropped_uploads = 2
    result = terminal.type("upload", str(audio))
    assert result.exit_code == 0, result.output
    assert terminal.state.stored[FIRST].sha256 == sha256(audio)
    assert terminal.pauses == [1.0, 2.0]
    assert result.stderr.count("trying again") == 2


def test_an_upload_that_always_breaks_is_given_up(terminal: Terminal, audio: Path) -> None:
    terminal.state.dropped_uploads = 99
    result = terminal.type("upload", str(audio))
    assert result.exit_code == 1
    assert "The upload broke off 5 times: the connection broke." in result.stderr


def test_storage_that_is_busy_is_asked_again(terminal: Terminal, audio: Path) -> None:
    terminal.state.storage_errors = [(503, "SlowDown"), (400, "RequestTimeout"), (500, "InternalError")]
    assert terminal.type("upload", str(audio)).exit_code == 0
    assert len(terminal.pauses) == 3


def test_an_announcement_whose_answer_got_lost_makes_one_recording(terminal: Terminal, audio: Path) -> None:
    terminal.state.dropped_posts = 1
    assert terminal.type("upload", str(audio)).exit_code == 0
    assert list(terminal.state.recordings) == [FIRST]
    keys = {one.headers["Idempotency-Key"] for one in terminal.state.sent_to("POST", "/v1/recordings")}
    assert len(keys) == 1


def test_each_file_has_an_idempotency_key_of_its_own(terminal: Terminal, audio: Path) -> None:
    assert terminal.type("upload", str(audio), str(audio)).exit_code == 0
    assert list(terminal.state.stored) == [FIRST, SECOND]


def test_a_file_too_large_for_the_policy_is_refused_in_plain_words(terminal: Terminal, audio: Path) -> None:
    terminal.state.largest = 100_000
    result = terminal.type("upload", str(audio))
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == (
        f"parley: {audio}: The file is larger than the server accepts: 100.0 kB. (EntityTooLarge, request S3REQ)"
    )


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (403, "AccessDenied", "Storage does not accept this upload: No. (AccessDenied, request S3REQ)"),
        (400, "MalformedPOSTRequest", "Storage refused the upload: No. (MalformedPOSTRequest, request S3REQ)"),
    ],
)
def test_other_refusals_are_sentences_too(
    terminal: Terminal, audio: Path, status: int, code: str, sentence: str
) -> None:
    terminal.state.storage_errors = [(status, code)]
    result = terminal.type("upload", str(audio))
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert terminal.pauses == []


def test_large_files_go_in_parts(terminal: Terminal, audio: Path) -> None:
    terminal.state.part_size = 50_000  # eleven parts, which are signed eight at once
    terminal.state.dropped_uploads = 1
    result = terminal.type("upload", str(audio))
    assert result.exit_code == 0, result.output
    assert terminal.state.stored[FIRST] == Stored(audio.stat().st_size, sha256(audio), [])
    assert len(terminal.state.parts[FIRST]) == 11
    signed = [request.body["parts"] for request in terminal.state.sent_to("POST", f"/v1/recordings/{FIRST}/parts")]
    assert [len(parts) for parts in signed] == [8, 3]


def interrupt(terminal: Terminal, audio: Path, *, after: int) -> None:
    """Let an upload break off after so many parts."""
    terminal.state.part_size = 100_000
    terminal.state.storage_errors = [None] * after + [(400, "Broken")]
    assert terminal.type("upload", str(audio)).exit_code == 1
    assert len(terminal.state.part_puts) == after
    terminal.state.part_puts.clear()


def test_an_interrupted_upload_goes_on_where_it_stopped(terminal: Terminal, audio: Path) -> None:
    interrupt(terminal, audio, after=4)

    result = terminal.type("upload", str(audio))

    assert result.exit_code == 0, result.output
    assert (result.stdout, terminal.state.part_puts) == (f"{FIRST}  {audio}\n", [5, 6])
    assert f"going on with {FIRST}" in result.stderr
    assert terminal.state.stored[FIRST].sha256 == sha256(audio)


def test_a_part_that_arrived_as_something_else_is_sent_again(terminal: Terminal, audio: Path) -> None:
    interrupt(terminal, audio, after=4)
    terminal.state.parts[FIRST][2] = b"noise"

    assert terminal.type("upload", str(audio)).exit_code == 0
    assert terminal.state.part_puts == [2, 5, 6]


def test_what_was_wanted_otherwise_is_uploaded_from_its_beginning(terminal: Terminal, audio: Path) -> None:
    interrupt(terminal, audio, after=4)

    assert terminal.type("upload", str(audio), "--no-summary").exit_code == 0
    assert list(terminal.state.stored) == [SECOND]


def test_an_unfinished_form_is_announced_again(terminal: Terminal, audio: Path) -> None:
    terminal.state.storage_errors = [(400, "Broken")]
    assert terminal.type("upload", str(audio)).exit_code == 1

    assert terminal.type("upload", str(audio)).exit_code == 0
    assert list(terminal.state.stored) == [SECOND]


def test_a_line_that_breaks_for_good_leaves_the_way_to_go_on(terminal: Terminal, audio: Path) -> None:
    terminal.state.part_size = 100_000
    terminal.state.dropped_uploads = 99

    result = terminal.type("upload", str(audio))

    assert result.exit_code == 1
    assert "Type the same again within two days to go on." in result.stderr


def test_a_file_that_was_uploaded_before_is_named_and_not_sent(terminal: Terminal, audio: Path) -> None:
    terminal.type("upload", str(audio))
    terminal.state.arrived(FIRST)

    result = terminal.type("upload", str(audio))

    assert (result.exit_code, result.stdout) == (0, f"{FIRST}  {audio}\n")
    assert f"already there as {FIRST}" in result.stderr
    assert len(terminal.state.sent_to("POST", "/storage/form")) == 1
    assert terminal.type_for_json("upload", "--json", str(audio))["items"][0]["duplicate"] is True


def test_it_is_sent_again_where_that_is_wanted(terminal: Terminal, audio: Path) -> None:
    terminal.type("upload", str(audio))
    terminal.state.arrived(FIRST)

    assert terminal.type("upload", "--again", str(audio)).stdout == f"{SECOND}  {audio}\n"
    assert list(terminal.state.stored) == [FIRST, SECOND]


@pytest.mark.parametrize("part_size", [None, 100_000])
def test_a_file_that_changes_while_it_is_sent_is_refused(
    terminal: Terminal, audio: Path, monkeypatch: pytest.MonkeyPatch, part_size: int | None
) -> None:
    terminal.state.part_size = part_size
    announce = Api.announce

    def announce_and_change(api: Api, new: NewRecording) -> Announced:
        announced = announce(api, new)
        audio.write_bytes(audio.read_bytes()[::-1])
        os.utime(audio, ns=(1, 1))
        return announced

    monkeypatch.setattr(Api, "announce", announce_and_change)
    result = terminal.type("upload", str(audio))

    assert result.exit_code == 1
    assert "The file was changed while it was being uploaded" in result.stderr
    assert terminal.state.stored == {}


def test_a_part_whose_signature_ran_out_is_signed_again(terminal: Terminal, audio: Path) -> None:
    terminal.state.part_size = 300_000
    terminal.state.expired_parts = {2}
    result = terminal.type("upload", str(audio))
    assert result.exit_code == 0, result.output
    first, again = terminal.state.sent_to("POST", f"/v1/recordings/{FIRST}/parts")
    assert again.body["parts"] == first.body["parts"][1:]
    assert terminal.state.stored[FIRST].sha256 == sha256(audio)


MEASURE = """
import resource, sys
from click.testing import CliRunner
from parley.__main__ import parley

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in kB

for path in sys.argv[1:]:
    result = CliRunner().invoke(parley, ["upload", path])
    assert result.exit_code == 0, result.output
    print(peak())
"""


def test_a_large_file_is_streamed_from_disk(terminal: Terminal, tmp_path: Path) -> None:
    small, large = tmp_path / "small.wav", tmp_path / "large.wav"
    small.write_bytes(b"sound")
    with large.open("wb") as file:
        file.truncate(50_000_000)
    environ = os.environ | {name: value for name, value in terminal.environ.items() if value is not None}
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, small, large], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    before, after = map(int, done.stdout.split())
    assert terminal.state.stored[SECOND].size == 50_000_000
    assert after - before < 10_000


def test_an_empty_file_is_not_even_announced(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    result = terminal.type("upload", str(tmp_path / "empty.wav"))
    assert result.exit_code == 1
    assert "The file is empty." in result.stderr
    assert terminal.state.sent_to("POST", "/v1/recordings") == []
