import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from functions.core.jobs.ascii_options import AsciiVideoOptions, CellColours, Engine, Style
from functions.core.jobs.ascii_video import ENDINGS as SERVER_ENDINGS
from parley import local_ascii
from parley.ascii_calls import ENDINGS
from parley.cast_player import BEGIN, END, Cast, open_cast, play, refuse_small_terminal
from parley.commands import ascii_options
from parley.commands.ascii import ascii_video
from parley.errors import Failure
from tests.parley.fake_server import job
from tests.parley.terminal import Terminal
from tests.parley.test_real_terminal import PROGRAM, environ, screen

FIRST = f"rec_{0:026}"
JOB = "job_03"
MP4 = b"\x00\x00\x00 ftyp" + bytes(range(256)) * 4000
CAST = b"""{"version":2,"width":10,"height":2}
[0.0,"o","\\u001b[?25l\\u001b[1;1H\\u001b[38;2;255;255;255m@@@@@"]
[0.5,"o","\\u001b[2;1H####\\u001b]0;owned\\u0007"]
"""
RESULT: dict[str, Any] = {
    "frames": 25,
    "columns": 120,
    "rows": 34,
    "engine": "direct",
    "files": {"video": {"bytes": len(MP4)}, "cast": {"bytes": len(CAST)}, "hologram": {"bytes": 1}},
    "warnings": ["The sound was \x1b[31mleft out."],
    "expires_at": "2026-11-22T12:00:00Z",
}
RUNNING = job("ascii_video", "running", 0.4, id=JOB, message="0:01 of 0:03, 30 frames", eta_seconds=4.0)
DONE = job("ascii_video", "succeeded", 1.0, id=JOB)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "films" / "праздник.mov"
    path.parent.mkdir()
    path.write_bytes(b"film" * 1000)
    return path


@pytest.fixture
def cinema(terminal: Terminal) -> Terminal:
    """A terminal whose server makes one video of everything."""
    terminal.state.script = [
        {"status": "awaiting_upload"},
        {"status": "uploaded", "jobs": [job("ascii_video", "queued", id=JOB)]},
        {"jobs": [RUNNING]},
        {"jobs": [DONE]},
    ]
    terminal.state.results[JOB] = RESULT
    terminal.state.files = {"video": MP4, "cast": CAST}
    return terminal


def test_a_video_is_sent_drawn_and_fetched_beside_itself(cinema: Terminal, film: Path) -> None:
    result = cinema.type("ascii", str(film))

    assert result.exit_code == 0, result.output
    made = film.with_name("праздник.ascii.mp4")
    assert made.read_bytes() == MP4
    assert film.with_name("праздник.ascii.cast").read_bytes() == CAST
    assert [line.split("  ")[0] for line in result.stdout.splitlines()] == [
        str(made),
        str(film.with_name("праздник.ascii.cast")),
    ]
    assert "0:01 of 0:03, 30 frames · 0:04 left" in result.stderr
    assert "25 frames of 120x34 characters, written by direct" in result.stderr
    assert "Note: The sound was [31mleft out." in result.stderr
    assert cinema.state.announced[FIRST]["process"] == [{"kind": "ascii_video", "options": {}}]
    assert sorted(path.name for path in film.parent.iterdir()) == sorted([film.name, made.name, "праздник.ascii.cast"])


def test_each_option_of_the_api_is_a_flag(cinema: Terminal, film: Path) -> None:
    flags = (
        "--width 80 --style braille --brightness 1.2 --contrast 0.8 --gamma 1.5 --text-color 33FF66 --bg-color #000001 "
        "--colors text --random-colors --transparent --fps 12.5 --crf 18 --engine x264 "
        "--txt --png --gif --cast --no-mp4"
    )

    assert cinema.type("ascii", str(film), *flags.split(), "--preset", "matrix").exit_code == 0

    [process] = cinema.state.announced[FIRST]["process"]
    assert process["preset"] == "matrix"
    assert process["options"].keys() == AsciiVideoOptions.model_fields.keys()
    assert (process["options"]["text_color"], process["options"]["save_mp4"]) == ("#33ff66", False)


def test_choices_and_names_are_those_of_the_server() -> None:
    assert tuple(Style) == ascii_options.STYLES
    assert tuple(Engine) == ascii_options.ENGINES
    assert tuple(CellColours) == ascii_options.COLOURS
    assert {str(file): ending for file, ending in SERVER_ENDINGS.items()} == ENDINGS


@pytest.mark.parametrize(
    "flags",
    [
        ["--width", "9"],
        ["--width", "241"],
        ["--style", "cubist"],
        ["--gamma", "3"],
        ["--text-color", "green"],
        ["--fps", "0"],
        ["--crf", "52"],
        ["--local", "--preset", "matrix"],
        ["--play"],
    ],
)
def test_what_makes_no_sense_is_wrong_usage(cinema: Terminal, film: Path, flags: list[str]) -> None:
    assert cinema.type("ascii", str(film), *flags).exit_code == 2


def test_playing_without_a_terminal_says_so(cinema: Terminal, film: Path) -> None:
    assert "standard output is none" in cinema.type("ascii", str(film), "--play").stderr


def test_everything_goes_into_another_folder(cinema: Terminal, film: Path, tmp_path: Path) -> None:
    assert cinema.type("ascii", str(film), "-o", str(tmp_path / "new" / "folder")).exit_code == 0

    assert (tmp_path / "new" / "folder" / "праздник.ascii.mp4").read_bytes() == MP4


def test_json_names_the_files(cinema: Terminal, film: Path) -> None:
    found = cinema.type_for_json("ascii", "--json", str(film))

    assert found["result"]["expires_at"] == "2026-11-22T12:00:00Z"
    assert found["files"]["video"] == str(film.with_name("праздник.ascii.mp4"))
    assert found["job"]["id"] == JOB


def test_a_video_that_is_there_is_not_sent_again(cinema: Terminal, film: Path) -> None:
    cinema.type("ascii", str(film))
    cinema.state.script = [{"jobs": [DONE, job("ascii_video", "succeeded", id="job_04")]}]
    cinema.state.results = dict.fromkeys((JOB, "job_03", "job_04"), RESULT)

    result = cinema.type("ascii", str(film), "--style", "dots")

    assert result.exit_code == 0, result.output
    assert "already there as rec_" in result.stderr
    assert cinema.state.started == [{"recording_id": FIRST, "kind": "ascii_video", "options": {"style": "dots"}}]


def test_a_recording_that_is_there_is_drawn_and_a_job_that_is_done_fetched(
    cinema: Terminal, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cinema.type("ascii", str(film))
    cinema.state.script = [{"jobs": [DONE]}]
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    assert cinema.type("ascii", FIRST).exit_code == 0
    assert cinema.state.started == [{"recording_id": FIRST, "kind": "ascii_video", "options": {}}]
    Path("праздник.ascii.mp4").unlink()
    assert cinema.type("ascii", JOB).exit_code == 0

    assert Path("праздник.ascii.mp4").read_bytes() == MP4
    assert len(cinema.state.started) == 1
    assert cinema.type("ascii", JOB, "--style", "dots").exit_code == 2


def test_the_servers_names_lead_nowhere_else(cinema: Terminal, film: Path) -> None:
    cinema.state.script = [{**step, "filename": "..\\../../etc/\x1bpasswd.mp4"} for step in cinema.state.script]

    assert cinema.type("ascii", str(film)).exit_code == 0

    assert (film.parent / "passwd.ascii.mp4").read_bytes() == MP4


def test_a_download_that_breaks_goes_on_where_it_was(cinema: Terminal, film: Path) -> None:
    cinema.state.broken_downloads = 1

    assert cinema.type("ascii", str(film)).exit_code == 0

    assert film.with_name("праздник.ascii.mp4").read_bytes() == MP4
    ranges = [one.headers["Range"] for one in cinema.state.requests if one.path == "/storage/files/video"]
    assert ranges == [None, f"bytes={len(MP4) // 2}-"]


def test_a_download_that_always_breaks_is_a_failure_and_leaves_nothing(cinema: Terminal, film: Path) -> None:
    cinema.state.broken_downloads = 99

    result = cinema.type("ascii", str(film))

    assert result.exit_code == 1
    assert "The download broke off 5 times" in result.stderr
    assert [path.name for path in film.parent.iterdir()] == [film.name]


def test_a_job_that_failed_is_a_failure_with_its_reason(cinema: Terminal, film: Path) -> None:
    why = {"code": "no-video-stream", "detail": "There is no video in it."}
    cinema.state.script = [{"status": "uploaded", "jobs": [job("ascii_video", "failed", id=JOB, error=why)]}]

    result = cinema.type("ascii", str(film))

    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "parley: ascii_video: There is no video in it. (no-video-stream)"


def test_ctrl_c_says_how_to_go_on(cinema: Terminal, film: Path) -> None:
    cinema.state.script = [{"status": "uploaded", "jobs": [RUNNING]}]

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    cinema.pauses = SimpleNamespace(append=interrupt)  # type: ignore[assignment]
    result = cinema.type("ascii", str(film))

    assert result.exit_code == 130
    assert f"The work goes on. Look again with: parley ascii {JOB}" in result.stderr


def test_a_missing_file_is_a_failure(cinema: Terminal) -> None:
    result = cinema.type("ascii", "no such file.mp4")

    assert (result.exit_code, result.stderr) == (1, "parley: No such file or directory.\n")


# Playing


class Stage:
    """A terminal and a clock of its own."""

    def __init__(self) -> None:
        self.text = ""
        self.time = 100.0
        self.shown: list[tuple[float, str]] = []

    def write(self, text: str) -> None:
        self.text += text
        self.shown.append((round(self.time - 100, 3), text))

    def flush(self) -> None:
        pass

    def sleep(self, seconds: float) -> None:
        self.time += seconds


def a_cast(folder: Path, content: bytes = CAST) -> Cast:
    path = folder / "x.cast"
    path.write_bytes(content)
    return open_cast(path)


def test_a_cast_is_played_in_its_time_on_a_screen_of_its_own(tmp_path: Path) -> None:
    stage: Any = Stage()

    play(a_cast(tmp_path), stage, sleep=stage.sleep, now=lambda: stage.time)

    first, second = "\x1b[1;1H\x1b[38;2;255;255;255m@@@@@", "\x1b[2;1H####"
    assert stage.shown == [(0.0, BEGIN), (0.0, first), (0.5, second), (0.5, END)]


def test_times_may_count_from_the_event_before(tmp_path: Path) -> None:
    stage: Any = Stage()
    cast = a_cast(
        tmp_path, b'{"version":3,"term":{"cols":4,"rows":2}}\n# mark\n[1.0,"o","a"]\n[0.5,"o","b"]\n[9,"i","no"]\n'
    )

    play(cast, stage, sleep=stage.sleep, now=lambda: stage.time)

    assert stage.shown[1:-1] == [(1.0, "a"), (1.5, "b")]


def test_ctrl_c_ends_the_play_and_the_cursor_is_back(tmp_path: Path) -> None:
    stage: Any = Stage()

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    play(a_cast(tmp_path), stage, sleep=interrupt, now=lambda: stage.time)

    assert stage.text.endswith(END)


@pytest.mark.parametrize("content", [b"", b"{}", b"GIF89a", b'{"version":2}', b"\xff\xfe"])
def test_what_is_no_cast_is_a_failure(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Failure, match="no asciicast"):
        a_cast(tmp_path, content)


def test_a_damaged_cast_gives_the_screen_back(tmp_path: Path) -> None:
    stage: Any = Stage()

    with pytest.raises(Failure, match="damaged"):
        play(a_cast(tmp_path, CAST + b"[1.0,"), stage, sleep=stage.sleep, now=lambda: stage.time)

    assert stage.text.endswith(END)


def test_a_terminal_that_is_too_small_is_told_the_size(tmp_path: Path) -> None:
    cast = a_cast(tmp_path)
    refuse_small_terminal(cast, os.terminal_size((10, 2)))

    with pytest.raises(Failure, match="it has 80x1 characters, and 10x2 are needed"):
        refuse_small_terminal(cast, os.terminal_size((80, 1)))


def test_a_person_sees_it_played(cinema: Terminal, film: Path) -> None:
    with screen() as (person, side):
        process = subprocess.Popen(
            [*PROGRAM, "ascii", str(film), "--play"], stdin=side, stdout=side, stderr=side, env=environ(cinema)
        )
        # A new pseudo-terminal has no size, which counts as too small.
        subprocess.run(["stty", "cols", "80", "rows", "24"], stdin=side, check=True)
        os.close(side)
        text = person.read_to_the_end()
        assert process.wait() == 0, text
    played = text.split(BEGIN)[1]
    assert "@@@@@" in played
    assert "owned" not in played
    assert played.endswith(END)
    assert cinema.state.announced[FIRST]["process"][0]["options"] == {"save_cast": True}


# On this machine


def test_a_machine_without_the_renderer_says_what_it_needs(
    cinema: Terminal, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_ascii, "NEEDED", ("gpu_worker", "no_such_codec"))

    result = cinema.type("ascii", "--local", str(film))

    assert result.exit_code == 1
    assert "here is no no_such_codec" in result.stderr


def renderer(monkeypatch: pytest.MonkeyPatch, folder: Path, program: str) -> None:
    (folder / "renderer.py").write_text(program)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setattr(local_ascii, "MODULE", "renderer")


def test_a_renderer_here_is_told_what_to_make_and_heard(
    cinema: Terminal, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = {"made": {"result": RESULT, "paths": {"video": str(tmp_path / "x.mp4")}}}
    renderer(
        monkeypatch,
        tmp_path,
        "import json, sys\n"
        "assert sys.argv[1:] == "
        + repr([str(film), "--into", str(tmp_path), "--options", '{"width": 80}', "--json"])
        + "\n"
        'print(json.dumps({"done": 0.5, "total": None, "frames": 3}))\n'
        f"print({json.dumps(made)!r})\n",
    )

    found = cinema.type_for_json("ascii", "--json", "--local", str(film), "--width", "80", "-o", str(tmp_path))

    assert found["files"] == made["made"]["paths"]
    assert (found["recording"], found["job"]) == (None, None)
    assert cinema.state.announced == {}


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        (
            'print(\'{"error": {"code": "no-video-stream", "detail": "There is no video in it."}}\')',
            "parley: There is no video in it. (no-video-stream)",
        ),
        ("raise SystemExit(3)", "parley: The renderer ended without a word; what it wrote stands above."),
    ],
)
def test_a_renderer_here_that_fails_is_a_failure(  # noqa: PLR0917
    cinema: Terminal, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, sentence: str
) -> None:
    renderer(monkeypatch, tmp_path, program)

    result = cinema.type("ascii", "--local", str(film))

    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == sentence


def test_a_way_to_draw_can_be_named(cinema: Terminal) -> None:
    result = cinema.type("presets", "ascii", "film", "--style", "dots")

    assert result.exit_code == 0, result.output
    assert result.stdout == "film  ascii_video\n"


def test_help_says_what_each_flag_is_for() -> None:
    assert all(one.help for one in ascii_video.params if isinstance(one, click.Option))
    assert sys.modules["parley.local_ascii"] is local_ascii
