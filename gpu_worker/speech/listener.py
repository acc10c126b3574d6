"""The one thread that owns the models. It hears excerpts of many recordings in batches, fairly between owners."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from functions.core.observability import log
from gpu_worker.fair_order import FairOrder
from gpu_worker.speech.excerpt import Excerpt, Manner
from gpu_worker.speech.loaded_models import LoadedModels
from gpu_worker.speech.models import SpeechModel
from gpu_worker.speech.whisper import HeardWindow, Listened, SpeechEngine

# Decoding eight windows together costs a CPU 1.3 times less than one by one with one thread and 2.7 times with two, and
# sixteen no less than eight; a GPU should go on gaining.
ROWS: Final = {"cpu": 8, "cuda": 16}
_LONGEST_REST: Final = 60.0
# A large model on a CPU takes minutes for eight windows: nobody's progress and no short recording should wait for that.
_LONGEST_BATCH: Final = 20.0

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Answer(Generic[Result]):
    """What came of an excerpt, and the model's time that it took: its share of the batch."""

    value: Result
    seconds: float


@dataclass(eq=False, slots=True)
class _Ask:
    model: SpeechModel
    excerpt: Excerpt
    manner: Manner | None
    """None: only find out what is spoken."""
    answer: Future[Any]

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for what may share a batch."""
        return (str(self.model.folder), self.excerpt.frames, self.manner, self.excerpt.encoded is None)

    @property
    def pace(self) -> tuple[object, ...]:
        """Equal for what takes about the same time."""
        return (str(self.model.folder), self.excerpt.frames, self.manner and self.manner.beam_size)


class Listener:
    """Hears for all recordings that are being transcribed."""

    def __init__(self, models: LoadedModels, default: SpeechModel, *, rows: int) -> None:
        self.default: Final = default
        self.rows: Final = rows
        self._models = models
        self._waiting: FairOrder[_Ask] = FairOrder()
        self._changed = threading.Condition()
        self._closed = False
        self._guests = 0
        self._busy_since: float | None = None
        self._seconds_per_row: dict[tuple[object, ...], float] = {}
        self._ready: Future[SpeechEngine] = Future()
        self._thread = threading.Thread(target=self._run, name="model", daemon=True)

    def start(self) -> SpeechEngine:
        """Load the house's own model and start hearing; raises ModelUnavailable."""
        self._thread.start()
        return self._ready.result()

    def stop(self) -> None:
        """Finish the batch in hand, and hear nothing more."""
        with self._changed:
            self._closed = True
            for ask in self._waiting.remove(lambda _: True):
                ask.answer.cancel()
                # Who waits for an answer is woken by this only.
                ask.answer.set_running_or_notify_cancel()
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def room(self) -> int:
        """How many windows one recording may have waiting here: ahead of the model, and no hours of sound in memory."""
        return max(2, 2 * self.rows // max(1, self._guests))

    @contextmanager
    def guest(self) -> Iterator[None]:
        """Count a recording as being heard inside the block."""
        with self._changed:
            self._guests += 1
        try:
            yield
        finally:
            with self._changed:
                self._guests -= 1

    @property
    def busy_seconds(self) -> float:
        """How long the batch in hand has taken; minutes mean that the device hangs."""
        since = self._busy_since
        return 0.0 if since is None else time.monotonic() - since

    def listen(self, excerpt: Excerpt, *, model: SpeechModel, owner: str, order: int) -> Future[Answer[Listened]]:
        """Ask what is spoken in an excerpt."""
        return self._ask(_Ask(model, excerpt, None, Future()), owner, order)

    def hear(
        self, excerpt: Excerpt, manner: Manner, *, model: SpeechModel, owner: str, order: int
    ) -> Future[Answer[HeardWindow]]:
        """Ask what is said in an excerpt. Lower `order` comes first among an owner's own: the job that began first."""
        return self._ask(_Ask(model, excerpt, manner, Future()), owner, order)

    def _ask(self, ask: _Ask, owner: str, order: int) -> Future[Any]:
        with self._changed:
            if self._closed:
                raise CancelledError
            self._waiting.add(owner, ask, cost=ask.excerpt.frames, order=order)
            self._changed.notify_all()
        return ask.answer

    def _run(self) -> None:
        try:
            self._ready.set_result(self._models.get(self.default))
        except Exception as error:  # noqa: BLE001 (whoever started us decides)
            self._ready.set_exception(error)
            return
        while (batch := self._next_batch()) is not None:
            if not batch:
                self._models.let_idle_go(keep=self.default)
                continue
            self._busy_since = time.monotonic()
            try:
                self._answer(batch)
            except Exception as error:  # noqa: BLE001 (whoever asked decides what it means; the thread lives on)
                log.error("the model failed", rows=len(batch))
                for ask in batch:
                    ask.answer.set_exception(error)
            finally:
                self._busy_since = None

    def _next_batch(self) -> list[_Ask] | None:
        """Wait for asks that may share a batch; an empty one after a long rest, None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._waiting), timeout=_LONGEST_REST)
            if self._closed:
                return None
            batch: list[_Ask] = []
            while len(batch) < self._rows_for(batch) and (ask := self._take(batch)) is not None:
                # Whoever has given up meanwhile gets no answer.
                if ask.answer.set_running_or_notify_cancel():
                    batch.append(ask)
            return batch

    def _rows_for(self, batch: list[_Ask]) -> int:
        """How many rows a batch of this kind may have; of a large model the first one is a try."""
        if not batch:
            return 1
        seconds = self._seconds_per_row.get(batch[0].pace)
        if seconds is None:
            return 1 if batch[0].model.is_large else self.rows
        return max(1, min(self.rows, int(_LONGEST_BATCH / max(seconds, 1e-3))))

    def _take(self, batch: list[_Ask]) -> _Ask | None:
        if not batch:
            return self._waiting.take()
        key = batch[0].key
        return self._waiting.take(lambda ask: ask.key == key)

    def _answer(self, batch: list[_Ask]) -> None:
        engine = self._models.get(batch[0].model)
        began = time.monotonic()
        manner = batch[0].manner
        excerpts = [ask.excerpt for ask in batch]
        found: Sequence[object] = engine.listen(excerpts) if manner is None else engine.hear(excerpts, manner)
        share = (time.monotonic() - began) / len(batch)
        self._seconds_per_row[batch[0].pace] = share
        # All or nothing: an error after the first answer would find it given.
        answered = list(zip(batch, found, strict=True))
        for ask, value in answered:
            ask.answer.set_result(Answer(value, share))
