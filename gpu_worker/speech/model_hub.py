"""The Hugging Face hub, asked so that a machine without a network is not kept waiting."""

import threading
import time
from pathlib import Path
from typing import Any, Final

import httpx
import huggingface_hub
import huggingface_hub.constants
import huggingface_hub.errors
from tqdm.auto import tqdm  # type: ignore[import-untyped]

from functions.core.observability import log

_FILES: Final = ("config.json", "preprocessor_config.json", "model.bin", "tokenizer.json", "vocabulary.*")
_PATIENCE: Final = 3.0
_SECONDS_BETWEEN_LINES: Final = 5.0


def cached(repository: str, cache: Path | None) -> Path | None:
    """Return where an earlier download lies."""
    try:
        folder = huggingface_hub.snapshot_download(
            repository, cache_dir=cache, local_files_only=True, allow_patterns=list(_FILES)
        )
    except (huggingface_hub.errors.LocalEntryNotFoundError, huggingface_hub.errors.HFValidationError):
        return None
    return Path(folder)


def answers(hub: str) -> bool:
    """Whether the hub answers anything at all within a few seconds."""
    if huggingface_hub.constants.is_offline_mode():
        return False
    answered = threading.Event()

    def ask() -> None:
        try:
            httpx.head(hub, timeout=_PATIENCE)
        except httpx.HTTPError:
            return
        answered.set()

    # In a thread, because no timeout of an HTTP client covers the name lookup, the first thing to hang when offline.
    asking = threading.Thread(target=ask, name="model-hub", daemon=True)
    asking.start()
    asking.join(_PATIENCE)
    return answered.is_set()


def download(repository: str, cache: Path | None, hub: str) -> Path | None:
    """Fetch a model into the cache; None, with the reason in the log, when that fails."""
    log.info("downloading the speech model", model=repository, hub=hub)
    try:
        folder = huggingface_hub.snapshot_download(
            repository, cache_dir=cache, endpoint=hub, allow_patterns=list(_FILES), tqdm_class=_LoggedProgress
        )
    except Exception as error:  # noqa: BLE001  # the client's errors change with the HTTP library beneath it
        log.warning("the speech model could not be downloaded", model=repository, hub=hub, reason=str(error))
        return None
    log.info("downloaded the speech model", model=repository, folder=folder)
    return Path(folder)


class _LoggedProgress(tqdm):  # type: ignore[misc]
    """The hub's progress bars as a line of log every few seconds."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.pop("name", None)
        self._logged_at = time.monotonic()
        self._megabytes = kwargs.get("unit") == "B"
        super().__init__(*args, **kwargs | {"disable": True})

    def update(self, n: float | None = 1) -> bool | None:
        """Count on, as a disabled bar would not."""
        self.n += n or 0
        if self._megabytes and time.monotonic() - self._logged_at > _SECONDS_BETWEEN_LINES:
            self._logged_at = time.monotonic()
            log.info("downloading", megabytes=round(self.n / 1e6), of=round((self.total or 0) / 1e6))
        return None
