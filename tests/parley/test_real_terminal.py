"""The program as a process of its own, with a pseudo-terminal where a person would look on."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.parley.fake_accounts import PASSWORD
from tests.parley.fake_server import DONE, job
from tests.parley.terminal import Terminal

PROGRAM = [sys.executable, "-W", "error", "-m", "parley"]
ROOT = Path(__file__).parents[2]


def environ(terminal: Terminal) -> dict[str, str]:
    ours = {name: value for name, value in terminal.environ.items() if value is not None}
    return os.environ | ours | {"TERM": "xterm-256color", "COLUMNS": "100", "PYTHONPATH": str(ROOT)}


class Screen:
    """What a person sees and types."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.text = ""

    def wait_for(self, text: str) -> None:
        seen = len(self.text)
        while text not in self.text[seen:]:
            assert self._read(), f"{text!r} never came: {self.text!r}"

    def read_to_the_end(self) -> str:
        while self._read():
            pass
        return self.text

    def type(self, text: str) -> None:
        os.write(self._descriptor, text.encode())

    def _read(self) -> bool:
        ready, _, _ = select.select([self._descriptor], [], [], 30)
        if not ready:
            return False
        try:
            got = os.read(self._descriptor, 65536)
        except OSError:  # Linux: the other side is closed
            return False
        self.text += got.decode("utf-8", "replace")
        return bool(got)


@contextmanager
def screen() -> Iterator[tuple[Screen, int]]:
    ours, theirs = pty.openpty()
    try:
        yield Screen(ours), theirs
    finally:
        os.close(ours)


def test_passwords_are_asked_for_twice_and_never_shown(stranger: Terminal) -> None:
    with screen() as (person, side):
        process = subprocess.Popen(
            [*PROGRAM, "register", "--username", "bob", "--email", "bob@example.org"],
            stdin=side, stdout=side, stderr=side, env=environ(stranger), start_new_session=True,
        )  # fmt: skip
        os.close(side)
        for question, answer in [("Password: ", PASSWORD), ("sure: ", "typo"), ("Password: ", PASSWORD)]:
            person.wait_for(question)
            person.type(f"{answer}\n")
        person.wait_for("sure: ")
        person.type(f"{PASSWORD}\n")
        text = person.read_to_the_end()
        assert process.wait() == 0, text
    assert PASSWORD not in text
    assert "Signed in to" in text


def test_bars_are_drawn_for_a_person_and_stay_out_of_the_result(terminal: Terminal, audio: Path) -> None:
    terminal.state.script = [
        {"status": "uploaded", "jobs": [job("transcribe", "running", 0.5), job("summarise", "queued")]},
        {"jobs": DONE},
    ]
    with screen() as (person, side):
        process = subprocess.Popen(
            [*PROGRAM, "upload", "--watch", audio], stdin=side, stdout=subprocess.PIPE, stderr=side,
            env=environ(terminal),
        )  # fmt: skip
        os.close(side)
        assert process.stdout
        with process.stdout as pipe:
            text = person.read_to_the_end()
            result = pipe.read().decode()
        assert process.wait() == 0, text
    assert "━" in text
    assert "transcribe" in text
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h")  # the cursor is back
    assert result.startswith("# meeting.mp3\n")
    assert "\x1b" not in result


def test_a_list_on_a_terminal_is_a_table_whose_columns_stand_in_line(terminal: Terminal) -> None:
    terminal.state.accounts.change("anna", role="admin", email=None)  # else it would go on in the next line
    terminal.state.accounts.add(username="wide", name="李小龙", phone="+491713920012")
    with screen() as (person, side):
        process = subprocess.Popen(
            [*PROGRAM, "admin", "users"], stdin=side, stdout=side, stderr=side, env=environ(terminal)
        )
        os.close(side)
        text = person.read_to_the_end()
        assert process.wait() == 0, text
    header, rule, wide, _ = re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()
    assert set(rule.strip()) == {"─"}
    assert wide.index("+49") + len("李小龙") == header.index("PHONE")  # each of these is two columns wide


def test_ctrl_c_ends_with_130_and_without_a_traceback(terminal: Terminal, audio: Path) -> None:
    terminal.type("upload", str(audio))
    terminal.state.script = [{"status": "awaiting_upload"}]
    process = subprocess.Popen(
        [*PROGRAM, "watch", f"rec_{0:026}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environ(terminal),
        # A shell's background jobs are born deaf to Ctrl-C, and so would be whatever the tests start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - nothing but this, no locks
    )
    try:
        assert process.stderr
        seen = process.stderr.readline()
        assert "arriving" in seen
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130
    assert out == ""
    assert "The work goes on. Look again with: parley watch rec_" in err
    assert "Interrupted." in err
    assert "Traceback" not in err


def test_the_whole_way_in_a_pipe(stranger: Terminal, audio: Path) -> None:
    login = subprocess.run(
        [*PROGRAM, "login", "--user", "anna"], input=f"{PASSWORD}\n", text=True, capture_output=True,
        env=environ(stranger), check=False,
    )  # fmt: skip
    assert login.returncode == 0, login.stderr
    upload = subprocess.run([*PROGRAM, "upload", audio], capture_output=True, env=environ(stranger), check=False)
    assert upload.returncode == 0, upload.stderr
    recording_id = upload.stdout.split()[0].decode()
    read = subprocess.run([*PROGRAM, "summary", recording_id], capture_output=True, env=environ(stranger), check=False)
    assert read.stdout.startswith(b"The release is on Friday.\n")
