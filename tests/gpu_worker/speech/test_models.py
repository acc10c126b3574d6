import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.core.languages import LANGUAGES
from functions.core.speech_models import MODELS
from gpu_worker.speech.models import DEMO_FOLDER, ModelUnavailable, SpeechModel, demo_model, on_disk, resolve
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


def test_a_stock_model_takes_whispers_windows_and_has_no_notes(tmp_path: Path) -> None:
    put_model(tmp_path / "small")
    model = resolve("small", model_dir=tmp_path, hub=NOTHING_LISTENS_HERE)
    assert (model.window_seconds, model.mels, model.notes, model.translates) == (30.0, 80, (), True)
    assert not model.writes_times
    assert not model.cuts_every_window


def test_models_know_the_languages_that_their_vocabulary_has(tmp_path: Path) -> None:
    for name in ("small", "large-v3", "our-own"):
        put_model(tmp_path / name)
    older, newer, own = (
        resolve(setting, model_dir=tmp_path, hub=NOTHING_LISTENS_HERE)
        for setting in ("small", "large-v3", str(tmp_path / "our-own"))
    )
    assert older.known_languages == LANGUAGES - {"yue"}
    assert newer.known_languages == own.known_languages == LANGUAGES


@pytest.mark.parametrize(("name", "able"), [("large-v3", True), ("large-v3-turbo", False), ("distil-large-v3", False)])
def test_models_tell_whether_they_translate(name: str, able: bool, tmp_path: Path) -> None:
    put_model(tmp_path / name)
    assert resolve(name, model_dir=tmp_path, hub=NOTHING_LISTENS_HERE).translates is able


def test_a_folder_may_tell_how_many_bands_its_model_wants(tmp_path: Path) -> None:
    folder = put_model(tmp_path / "large-v3")
    (folder / "preprocessor_config.json").write_text('{"feature_size": 128}', encoding="utf-8")
    assert resolve("large-v3", model_dir=tmp_path, hub=NOTHING_LISTENS_HERE).mels == 128


@pytest.mark.parametrize(
    ("seconds", "is_whole", "room"),
    [(3.0, True, 10.0), (8.0, True, 10.0), (8.1, True, 15.0), (18.1, True, 30.0), (3.0, False, 30.0)],
)
def test_only_a_whole_recording_gets_less_than_full_room(seconds: float, is_whole: bool, room: float) -> None:
    model = SpeechModel(name="small", folder=DEMO_FOLDER)
    assert model.room_for(seconds, is_whole=is_whole) == room


@pytest.mark.parametrize(("seconds", "room"), [(0.4, 3.0), (3.0, 4.0), (6.0, 7.0)])
def test_the_demo_model_takes_all_windows_short(seconds: float, room: float) -> None:
    assert demo_model().room_for(seconds, is_whole=False) == room


@given(seconds=st.floats(0, 30), is_whole=st.booleans())
def test_a_window_always_fits_into_its_room(seconds: float, is_whole: bool) -> None:
    for model in (demo_model(), SpeechModel(name="small", folder=DEMO_FOLDER)):
        assert min(seconds, model.window_seconds) <= model.room_for(seconds, is_whole=is_whole) <= model.longest_seconds


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


def test_models_on_disk_are_named_in_the_order_of_the_table(tmp_path: Path) -> None:
    for name in ("faster-whisper-large-v3", "tiny", "our-own"):
        put_model(tmp_path / name)
    (tmp_path / "small").mkdir()
    assert on_disk(tmp_path) == ["tiny", "large-v3", "demo"]


def test_the_demo_model_is_always_on_disk(tmp_path: Path) -> None:
    assert on_disk(tmp_path / "nowhere") == ["demo"]


def test_a_model_that_was_downloaded_is_on_disk(tmp_path: Path) -> None:
    with running_hub() as hub:
        resolve("base", model_dir=tmp_path, hub=hub)
    assert on_disk(tmp_path) == ["base", "demo"]
