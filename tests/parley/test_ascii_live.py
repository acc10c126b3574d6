"""A video that is watched while the server draws it: frames as they come, and what a person sees of them."""

import asyncio
import base64
import json
import os
import re
import zlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from parley import ascii_live
from parley.ascii_live import LOOK_EVERY, WATCH_EVERY, Picture, look_on
from parley.cast_player import BEGIN, END
from parley.errors import Failure, Unreachable
from parley.live_frames import LiveFrame, NotAFrame, read_frame
from parley.realtime.live import CONNECTED
from tests.loops import run
from tests.parley.fake_server import job
from tests.parley.terminal import Terminal

VECTORS = json.loads((Path(__file__).parents[1] / "live_frames.json").read_text(encoding="utf-8"))
FRAMES = [vector["event"] for vector in VECTORS["frames"]]
JOB = FRAMES[0]["job_id"]
WATCH = {"type": "watch", "job_id": JOB}
# asyncio wakes itself through a pair of sockets.
pytestmark = pytest.mark.enable_socket


@pytest.mark.parametrize("vector", VECTORS["frames"], ids=lambda vector: vector["name"])
def test_frames_of_the_vectors_are_read(vector: dict[str, Any]) -> None:
    frame = read_frame(vector["event"])
    assert "".join(f"{line}\n" for line in frame.lines) == vector["text"]
    assert (frame.number, frame.milliseconds) == (vector["event"]["frame_number"], vector["event"]["milliseconds"])


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: vector["name"])
def test_what_the_vectors_call_no_frame_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(NotAFrame):
        read_frame(vector["event"])


@pytest.mark.parametrize("character", ["\x1b", "\r", "\x9b", "\x00", "\u202e"])
def test_a_frame_that_would_steer_the_terminal_is_refused(character: str) -> None:
    with pytest.raises(NotAFrame):
        read_frame(an_event(f"a{character}\n"))


def an_event(text: str, **changes: Any) -> dict[str, Any]:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = base64.b64encode(packer.compress(text.encode()) + packer.flush()).decode()
    lines = text.split("\n")[:-1]
    size = {"columns": len(lines[0]), "rows": len(lines)}
    return (
        {"type": "ascii.frame", "job_id": JOB, "frame_number": 1, "milliseconds": 61_000, "data": data} | size | changes
    )


class Paper:
    """A screen that keeps what was written on it."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass


def a_picture(columns: int = 80, rows: int = 24) -> tuple[Picture, Any]:
    paper: Any = Paper()
    return Picture(paper, lambda: os.terminal_size((columns, rows))), paper


def test_a_frame_is_shown_with_its_time() -> None:
    picture, paper = a_picture()
    picture.show(LiveFrame(3, 61_000, ("@.", ".@")))
    assert paper.text == "\x1b[2J\x1b[H@.\r\n.@\r\n1:01, frame 3\x1b[K"


def test_the_screen_is_cleared_where_the_picture_has_another_shape_and_else_not() -> None:
    picture, paper = a_picture()
    for lines in (("ab",), ("cd",), ("abc",), ("abd",)):
        picture.show(LiveFrame(0, 0, lines))
    assert [part[:4] == "\x1b[2J" for part in paper.text.split("\x1b[K")[:-1]] == [True, False, True, False]


@pytest.mark.parametrize(
    ("terminal", "shown"),
    [
        ((6, 5), ["abcdef", "ghijkl", "mnopqr", "stuvwx"]),
        ((5, 5), ["ace", "moq"]),
        ((6, 3), ["ace", "moq"]),
        ((2, 1), ["ae"]),
    ],
)
def test_a_picture_that_is_larger_than_the_terminal_is_shown_smaller(
    terminal: tuple[int, int], shown: list[str]
) -> None:
    picture, paper = a_picture(*terminal)
    picture.show(LiveFrame(0, 0, ("abcdef", "ghijkl", "mnopqr", "stuvwx")))
    assert paper.text.removeprefix("\x1b[2J\x1b[H").split("\r\n")[:-1] == shown


class FakeLine:
    """A connection that says what it is given, and then nothing."""

    def __init__(self, *events: Mapping[str, Any] | Failure) -> None:
        self.asked: list[Mapping[str, Any]] = []
        self.refusal: Failure | None = None
        self._events = events

    async def ask(self, frame: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append(frame)
        if self.refusal:
            raise self.refusal
        return {"type": "ack"}

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        for event in self._events:
            if isinstance(event, Failure):
                raise event
            yield dict(event)
            await asyncio.sleep(0)
        await asyncio.Event().wait()


class Time:
    """Passes as fast as it can; the job is over after so many looks."""

    def __init__(self, looks: int) -> None:
        self.pauses: list[float] = []
        self._looks = looks

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        for _ in range(20):
            await asyncio.sleep(0)

    async def is_over(self) -> bool:
        self._looks -= 1
        return self._looks < 0


def looked_on(line: FakeLine, *, looks: int = 3) -> tuple[str, Time]:
    picture, paper = a_picture(200, 60)
    time = Time(looks)
    run(look_on(line, JOB, picture, is_over=time.is_over, pause=time.pause))
    return paper.text, time


def test_the_jobs_frames_are_shown_until_it_is_over() -> None:
    other = {**FRAMES[0], "job_id": "job_other", "frame_number": 999}
    bad, good = {**FRAMES[1], "data": "*"}, {**FRAMES[2], "frame_number": 7}
    line = FakeLine({"type": CONNECTED}, FRAMES[0], other, bad, {"type": "news"}, good)
    text, time = looked_on(line)
    assert re.findall(r", frame (\d+)\x1b", text) == [str(FRAMES[0]["frame_number"]), "7"]
    assert time.pauses.count(LOOK_EVERY) == 3


def test_every_connection_and_then_every_half_a_minute_says_that_somebody_watches() -> None:
    line = FakeLine({"type": CONNECTED}, {"type": CONNECTED})
    _, time = looked_on(line)
    assert line.asked[:2] == [WATCH, WATCH]
    assert len(line.asked) - 2 == time.pauses.count(WATCH_EVERY) - 1


def test_a_job_that_is_not_shown_and_a_connection_that_is_lost_for_good_are_failures() -> None:
    refusing = FakeLine({"type": CONNECTED})
    refusing.refusal = Failure("There is no such job. (not-found)")
    for line in (refusing, FakeLine(Unreachable("gone"))):
        with pytest.raises(Failure):
            looked_on(line, looks=99)


def test_the_terminal_is_as_it_was_afterwards() -> None:
    picture, paper = a_picture()
    with pytest.raises(KeyboardInterrupt), picture:
        raise KeyboardInterrupt
    assert paper.text == BEGIN + END


# The command


@pytest.fixture
def cinema(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    terminal.state.script = [
        {"status": "uploaded", "jobs": [job("ascii_video", "running", 0.4, id="job_03")]},
        {"jobs": [job("ascii_video", "succeeded", 1.0, id="job_03")]},
    ]
    size = {"frames": 1, "columns": 10, "rows": 2, "engine": None, "warnings": []}
    terminal.state.results["job_03"] = size | {"files": {"video": {"bytes": 3}}}
    terminal.state.files = {"video": b"mp4"}
    monkeypatch.setattr("parley.commands.ascii._is_terminal", lambda: True)
    return terminal


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mov"
    path.write_bytes(b"film" * 1000)
    return path


def test_what_is_shown_live_is_fetched_in_the_end(
    cinema: Terminal, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(ascii_live, "show_live", lambda job_id, screen, **more: shown.append(job_id))
    assert cinema.type("ascii", str(film), "--live").exit_code == 0
    assert shown == ["job_03"]
    assert film.with_name("film.ascii.mp4").read_bytes() == b"mp4"


def test_where_it_cannot_be_shown_the_work_goes_on(
    cinema: Terminal, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **more: Any) -> None:
        raise Unreachable("Cannot connect.")

    monkeypatch.setattr(ascii_live, "show_live", fail)
    result = cinema.type("ascii", str(film), "--live")
    assert result.exit_code == 0
    assert "It cannot be shown while it is drawn: Cannot connect." in result.stderr
    assert film.with_name("film.ascii.mp4").read_bytes() == b"mp4"


def test_ctrl_c_while_it_is_shown_says_how_to_go_on(
    cinema: Terminal, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any, **more: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ascii_live, "show_live", interrupt)
    result = cinema.type("ascii", str(film), "--live")
    assert result.exit_code == 130
    assert "The work goes on. Look again with: parley ascii job_03" in result.stderr


@pytest.mark.parametrize("flags", [["--live", "--json"], ["--live", "--local"]])
def test_what_makes_no_sense_is_wrong_usage(cinema: Terminal, film: Path, flags: list[str]) -> None:
    assert cinema.type("ascii", str(film), *flags).exit_code == 2


def test_without_a_terminal_it_says_so(cinema: Terminal, film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.commands.ascii._is_terminal", lambda: False)
    assert "--live needs a terminal" in cinema.type("ascii", str(film), "--live").stderr
