"""Which speech model to use: how a setting or an option becomes a folder on disk."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import huggingface_hub.constants

from functions.core.errors import Unavailable
from functions.core.languages import LANGUAGES
from functions.core.observability import log
from functions.core.speech_models import MODELS
from gpu_worker.speech import model_hub

DEMO_FOLDER: Final = Path(__file__).parent / "demo_model"
_WHISPER_WINDOW: Final = 30.0

# How much room the encoder gives to a recording that is shorter than a window. Whisper learned on windows of 30 s and
# bears down to about 10 s, with silence to spare at the end (whisper.cpp #1855, transcribe.cpp PR #149).
_ROOMS: Final = (10.0, 15.0, 20.0)
_SPARE_ROOM: Final = 2.0
_MELS: Final = 80
_LARGE: Final = 200 * 1024**2
_ENGLISH_ONLY: Final = ("en",)


class ModelUnavailable(Unavailable):
    """The model that was asked for is not here and cannot be had."""

    code = "model-unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechModel:
    """A model that is on disk. `languages` None means all that Whisper knows; `notes` go into every transcript."""

    name: str
    folder: Path
    window_seconds: float = _WHISPER_WINDOW
    languages: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()
    translates: bool = True
    mels: int = _MELS
    rooms: tuple[float, ...] = _ROOMS
    spare_room: float = _SPARE_ROOM
    writes_times: bool = False
    """Whether it does better if it writes down times between the words, even where nobody needs them."""
    cuts_every_window: bool = False
    """Whether it learned on short windows, and not only whole recordings may be given less than full room."""

    @property
    def is_large(self) -> bool:
        """Whether a window may take it many seconds on a CPU."""
        weights = self.folder / "model.bin"
        return weights.is_file() and weights.stat().st_size > _LARGE

    @property
    def known_languages(self) -> frozenset[str]:
        """Codes of the languages that it knows."""
        return frozenset(self.languages) if self.languages else LANGUAGES

    @property
    def longest_seconds(self) -> float:
        """The most that the encoder takes."""
        return _WHISPER_WINDOW

    def room_for(self, seconds: float, *, is_whole: bool) -> float:
        """Return the seconds that the encoder is given for a window so long: less room is less work."""
        if not (is_whole or self.cuts_every_window):
            return self.longest_seconds
        return next((room for room in self.rooms if room >= seconds + self.spare_room), self.longest_seconds)


# What `auto` takes when several are on disk: the best that is still quick on the device. English-only ones never.
_PREFERRED: Final = {
    "cpu": ("small", "large-v3-turbo", "medium", "base", "tiny", "large-v3", "large-v2"),
    "cuda": ("large-v3-turbo", "large-v3", "large-v2", "medium", "small", "base", "tiny"),
}
_DOWNLOADED_BY_AUTO: Final = "small"
_DEMO: Final = "demo"


def resolve(
    setting: str,
    *,
    device: str = "cpu",
    model_dir: Path | None = None,
    hub: str = huggingface_hub.constants.ENDPOINT,
) -> SpeechModel:
    """Turn `WHISPER_MODEL` into a model on disk: `auto`, a name of the table, a repository of the hub, or a folder.

    `model_dir` is a model, a folder of models, or where the hub's cache is kept; None is the hub's usual cache.

    Raises:
        ModelUnavailable: a model that was named cannot be had. `auto` always finds one.
    """
    if setting == "auto":
        return _automatic(device, model_dir, hub)
    if setting == _DEMO:
        return demo_model()
    named_folder = Path(setting).expanduser()
    if _is_model(named_folder):
        return _described(named_folder.resolve().name, named_folder)
    if setting not in MODELS and (named_folder.is_absolute() or setting.startswith((".", "~")) or "/" not in setting):
        raise ModelUnavailable(
            f"{setting!r} is neither a folder with a CTranslate2 model nor one of: auto, {_names()}."
        )
    folder = _on_disk(setting, model_dir) or _downloaded(setting, model_dir, hub)
    if folder is None:
        raise ModelUnavailable(f"The model {setting!r} is not on this machine and {hub} did not deliver it.")
    return _described(setting, folder)


def demo_model() -> SpeechModel:
    """Return the model that comes with Parley."""
    return _described(_DEMO, DEMO_FOLDER)


def on_disk(model_dir: Path | None = None) -> list[str]:
    """Name the models of the table that need no download; `model_dir` as for `resolve`."""
    return [name for name in MODELS if name == _DEMO or _on_disk(name, model_dir)]


def _automatic(device: str, model_dir: Path | None, hub: str) -> SpeechModel:
    if model_dir is not None and _is_model(model_dir):
        return _described(model_dir.resolve().name, model_dir)
    for name in _PREFERRED["cuda" if device == "cuda" else "cpu"]:
        if folder := _on_disk(name, model_dir):
            return _described(name, folder)
    if folder := _downloaded(_DOWNLOADED_BY_AUTO, model_dir, hub):
        return _described(_DOWNLOADED_BY_AUTO, folder)
    log.warning("no speech model on disk and none from the hub: using the demo model", hub=hub)
    return demo_model()


def _on_disk(name: str, model_dir: Path | None) -> Path | None:
    repository = _repository(name)
    places = [model_dir / name, model_dir / repository.rpartition("/")[2]] if model_dir is not None else []
    if cached := model_hub.cached(repository, model_dir):
        places.append(cached)
    return next((place for place in places if _is_model(place)), None)


def _downloaded(name: str, model_dir: Path | None, hub: str) -> Path | None:
    folder = model_hub.download(_repository(name), model_dir, hub) if model_hub.answers(hub) else None
    return folder if folder is not None and _is_model(folder) else None


def _repository(name: str) -> str:
    return (MODELS[name].repository if name in MODELS else None) or name


def _is_model(folder: Path) -> bool:
    return (folder / "model.bin").is_file() and (folder / "tokenizer.json").is_file()


def _described(name: str, folder: Path) -> SpeechModel:
    """Add what the folder says about itself in `parley.json`, which only models with limits of their own have."""
    description = folder / "parley.json"
    if not description.is_file():
        english_only = name.endswith(".en") or "distil" in name
        return SpeechModel(
            name=name,
            folder=folder,
            languages=_ENGLISH_ONLY if english_only else _languages_of(name),
            translates=MODELS[name].translates if name in MODELS else not english_only,
            mels=_mels(folder),
        )
    facts = json.loads(description.read_text(encoding="utf-8"))
    return SpeechModel(
        name=facts["name"],
        folder=folder,
        window_seconds=facts["window_seconds"],
        languages=tuple(facts["languages"]),
        notes=tuple(facts["notes"]),
        translates=facts["translates"],
        mels=_mels(folder),
        rooms=tuple(facts["rooms"]),
        spare_room=facts["spare_room"],
        writes_times=facts["writes_times"],
        cuts_every_window=True,
    )


def _languages_of(name: str) -> tuple[str, ...] | None:
    """Whisper before large-v3 has no token for Cantonese."""
    is_older = name in MODELS and MODELS[name].languages < len(LANGUAGES)
    return tuple(sorted(LANGUAGES - {"yue"})) if is_older else None


def _mels(folder: Path) -> int:
    described = folder / "preprocessor_config.json"
    if not described.is_file():
        return _MELS
    return int(json.loads(described.read_text(encoding="utf-8")).get("feature_size", _MELS))


def _names() -> str:
    return ", ".join(MODELS)
