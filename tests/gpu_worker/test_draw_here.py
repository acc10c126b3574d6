"""`python -m gpu_worker.pictures`, with a renderer that does what its source says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gpu_worker.pictures.__main__ import main
from gpu_worker.pictures.sandbox import Bounds, Sandbox
from tests.gpu_worker.fake_renderer import NAME

pytestmark = pytest.mark.enable_socket

Run = Callable[..., int]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "праздник.mov"
    path.write_text("copy 1000")
    return path


@pytest.fixture
def run() -> Run:
    sandbox = Sandbox(Bounds(timeout_seconds=60, memory_mb=256), renderer=NAME)
    return lambda *arguments: main([str(one) for one in arguments], sandbox=sandbox)


def said(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_film_is_drawn_beside_itself(run: Run, film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(film, "--json") == 0

    progress, made = said(capsys)
    assert progress == {"done": 1.5, "total": 1.5, "frames": 3}
    assert made["made"]["paths"] == {
        "video": str(film.with_name("праздник.ascii.mp4")),
        "txt": str(film.with_name("праздник.ascii.txt.zip")),
    }
    assert made["made"]["result"]["files"] == {"video": {"bytes": 1000}, "txt": {"bytes": 8}}
    assert film.with_name("праздник.ascii.mp4").read_bytes() == b"v" * 1000


def test_options_and_folder_are_as_asked_for(
    run: Run, film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "new").mkdir()

    assert run(film, "--into", tmp_path / "new", "--options", '{"width": 33}', "--json") == 0

    assert said(capsys)[-1]["made"]["result"]["columns"] == 33
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"праздник.ascii.mp4", "праздник.ascii.txt.zip"}


@pytest.mark.parametrize(
    ("act", "options", "status", "code"),
    [
        ("refuse", "{}", 1, "no-video-stream"),
        ("segfault", "{}", 1, "render-crashed"),
        ("be-killed", "{}", 1, "out-of-memory"),
        ("copy", '{"width": 1}', 2, "invalid"),
        ("copy", "{", 2, "invalid"),
    ],
)
def test_what_goes_wrong_is_told_and_leaves_no_file(  # noqa: PLR0917
    run: Run, film: Path, capsys: pytest.CaptureFixture[str], act: str, options: str, status: int, code: str
) -> None:
    film.write_text(act)

    assert run(film, "--json", "--options", options) == status

    assert said(capsys)[-1]["error"]["code"] == code
    assert [path.name for path in film.parent.iterdir()] == [film.name]


def test_a_person_reads_sentences(run: Run, film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(film) == 0
    assert capsys.readouterr().out.splitlines()[0] == str(film.with_name("праздник.ascii.mp4"))

    assert run(film.with_name("none.mp4")) == 1
    assert "none.mp4: No such file or directory. (failed)" in capsys.readouterr().err
