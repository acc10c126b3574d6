import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gpu_worker.speech.models import DEMO_FOLDER, MODELS, ModelUnavailable, demo_model, resolve
from tests.gpu_worker.speech.hub import running_hub

NOTHING_LISTENS_HERE = "http://127.0.0.1:9"


def put_model(folder: Path, *, described: bool = False) -> Path:
    folder.mkdir(parents=True)
    for path in DEMO_FOLDER.iterdir():
        if path.name != "parley.json" or described:
            shutil.copy(path, folder)
    return folder


@pytest.fixture
def hub_that_never_answers() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_the_table_holds_the_models_that_were_asked_for() -> None:
    names = "tiny base small medium large-v2 large-v3 large-v3-turbo distil-large-v3 demo"
    assert list(MODELS) == names.split()


def test_auto_without_a_hub_is_the_demo_model(tmp_path: Path) -> None:
    assert resolve("auto", model_dir=tmp_path, hub=NOTHING_LISTENS_HERE) == demo_model()


def test_auto_does_not_wait_for_ever_for_a_hub_that_never_answers(tmp_path: Path, hub_that_never_answers: str) -> None:
    assert resolve("auto", model_dir=tmp_path, hub=hub_that_never_answers) == demo_model()


def test_auto_does_not_fail_on_a_host_name_that_is_unknown(tmp_path: Path) -> None:
    assert resolve("auto", model_dir=tmp_path, hub="http://hub.invalid").name == "demo"


def test_auto_takes_the_best_model_on_disk_for_the_device(tmp_path: Path) -> None:
    for name in ("tiny", "faster-whisper-small", "faster-whisper-large-v3"):
        put_model(tmp_path / name)
    assert resolve("auto", model_dir=tmp_path, hub=NOTHING_LISTENS_HERE).name == "small"
    assert resolve("auto", device="cuda", model_dir=tmp_path, hub=NOTHING_LISTENS_HERE).name == "large-v3"


def test_auto_takes_a_model_folder_itself(tmp_path: Path) -> None:
    folder = put_model(tmp_path / "our-own")
    model = resolve("auto", model_dir=folder, hub=NOTHING_LISTENS_HERE)
    assert (model.name, model.folder) == ("our-own", folder)


def test_auto_downloads_small_where_the_hub_answers_and_finds_it_again(tmp_path: Path) -> None:
    with running_hub() as hub:
        model = resolve("auto", model_dir=tmp_path, hub=hub)
    assert model.name == "small"
    assert (model.folder / "model.bin").read_bytes() == (DEMO_FOLDER / "model.bin").read_bytes()
    assert resolve("auto", model_dir=tmp_path, hub=NOTHING_LISTENS_HERE) == model
    assert resolve("small", model_dir=tmp_path, hub=NOTHING_LISTENS_HERE) == model


def test_a_repository_of_the_hub_can_be_named(tmp_path: Path) -> None:
    with running_hub() as hub:
        assert resolve("somebody/whisper-ours", model_dir=tmp_path, hub=hub).name == "somebody/whisper-ours"


def test_a_stock_model_takes_whispers_windows_and_all_languages(tmp_path: Path) -> None:
    put_model(tmp_path / "small")
    model = resolve("small", model_dir=tmp_path, hub=NOTHING_LISTENS_HERE)
    assert (model.window_seconds, model.languages, model.notes) == (30.0, None, ())


def test_the_distilled_model_knows_english_only(tmp_path: Path) -> None:
    put_model(tmp_path / "distil-large-v3")
    assert resolve("distil-large-v3", model_dir=tmp_path, hub=NOTHING_LISTENS_HERE).languages == ("en",)


def test_a_folder_can_be_named_and_describes_itself(tmp_path: Path) -> None:
    folder = put_model(tmp_path / "mine", described=True)
    model = resolve(str(folder))
    assert model.folder == folder
    assert model.window_seconds == demo_model().window_seconds
    assert model.notes


def test_a_named_model_that_cannot_be_had_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="'small' is not on this machine"):
        resolve("small", model_dir=tmp_path, hub=NOTHING_LISTENS_HERE)


@pytest.mark.parametrize("setting", ["huge", "./nothing/here", "/nothing/here", ""])
def test_a_name_that_nobody_knows_is_an_error(setting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelUnavailable, match="neither a folder"):
        resolve(setting, model_dir=tmp_path, hub=NOTHING_LISTENS_HERE)


def test_the_demo_model_says_what_it_cannot_do() -> None:
    facts = json.loads((DEMO_FOLDER / "parley.json").read_text(encoding="utf-8"))
    assert {"invoice", "friday"} <= set(facts["vocabulary"]["en"])
    assert {"встреча", "договор"} <= set(facts["vocabulary"]["ru"])
    assert demo_model().languages == ("en", "ru")
    assert "human voices" in " ".join(demo_model().notes)
