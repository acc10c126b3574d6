from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from functions.core.jobs.ascii_options import Engine
from functions.core.jobs.ascii_video import File
from gpu_worker.pictures.sinks.choose import sinks_for
from tests.gpu_worker.pictures.sinks import scenes

_NOTHING = dict.fromkeys(scenes.EVERYTHING, False)
_FILE_OF = {
    "save_mp4": File.VIDEO,
    "save_txt": File.TXT,
    "save_png": File.PNG,
    "save_gif": File.GIF,
    "save_cast": File.CAST,
}


def _written(scratch: Path, engine: Engine = Engine.X264, **options: Any) -> scenes.Outputs:
    outputs = scenes.Outputs()
    where = scenes.layout([16] * 12, [32] * 4, engine=engine)
    frames = scenes.grids(where, [Fraction(number, 25) for number in range(5)])
    sinks = sinks_for(scenes.scene(where, outputs=outputs, scratch=scratch, **options), None)
    for one in frames:
        for sink in sinks:
            sink.take(one)
    for sink in sinks:
        sink.finish(Fraction(1))
    return outputs


@pytest.mark.parametrize("wanted", list(_FILE_OF))
def test_what_is_asked_for_is_made_and_nothing_else(tmp_path: Path, wanted: str) -> None:
    outputs = _written(tmp_path, **(_NOTHING | {wanted: True}))
    assert list(outputs.opened) == [_FILE_OF[wanted]]
    assert outputs[_FILE_OF[wanted]]


def test_all_can_be_made_at_once(tmp_path: Path) -> None:
    assert set(_written(tmp_path).opened) == set(File)


def test_the_layout_says_which_engine_writes_the_video(tmp_path: Path) -> None:
    assert b"x264 - core" in _written(tmp_path)[File.VIDEO]
    assert b"x264 - core" not in _written(tmp_path, Engine.DIRECT)[File.VIDEO]
