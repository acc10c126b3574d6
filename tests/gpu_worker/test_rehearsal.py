import pytest

from functions.core.jobs.ascii_options import CellColours, Style
from functions.core.jobs.ascii_video import File
from gpu_worker.pictures import child_rehearsal
from gpu_worker.pictures.child_rehearsal import PROGRAMME, rehearse


def test_everything_that_may_be_asked_for_is_rehearsed(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[File] = []
    into_nothing = child_rehearsal._into_nothing

    def note(file: File) -> object:
        opened.append(file)
        return into_nothing(file)

    monkeypatch.setattr(child_rehearsal, "_into_nothing", note)

    rehearse()

    assert set(opened) == set(File)
    assert {one.colors for one in PROGRAMME} == set(CellColours)
    assert {one.style for one in PROGRAMME} >= {Style.NORMAL, Style.BLOCKS, Style.BRAILLE, Style.STRUCTURAL}
