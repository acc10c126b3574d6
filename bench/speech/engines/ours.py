"""Parley's speech lane as the worker runs it: recordings side by side, their windows in common batches.

Forced as the others: the prompt forbids timestamps, everything but text is suppressed, and CTranslate2's `max_length`,
of which it uses half, ends a window after N tokens. Its guards are off, since the text is noise; the detector of
speech, which decides where windows are cut, is on and counted.

Who is heard next is decided as in the worker. What the queue hands out is modelled on SQS's fair queues: once 30
messages are in flight and more than a tenth of them are one owner's, other owners' come first.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
"""

import queue
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from bench.speech.engines.engine import LANGUAGE, Done, Engine, Orders
from bench.speech.recordings import Recording
from gpu_worker.fair_order import FairOrder
from gpu_worker.speech.excerpt import Excerpt, Language, Manner
from gpu_worker.speech.front_end import Place
from gpu_worker.speech.listener import ROWS, Listener
from gpu_worker.speech.loaded_models import LoadedModels
from gpu_worker.speech.models import SpeechModel
from gpu_worker.speech.transcription import Wanted, transcribe
from gpu_worker.speech.whisper import HeardWindow, SpeechEngine
from gpu_worker.waiting_room import SEATS

_FAIRNESS_BEGINS: Final = 30
_NOISY: Final = 0.1
_MANNER: Final = Manner(beam_size=1, with_words=False)


def missing() -> str:
    """Say why Parley's engine cannot be measured: for no reason."""
    return ""


def load(orders: Orders) -> Engine:
    """Load the model, as a worker does at its start."""
    model = SpeechModel(name="bench", folder=orders.model)
    engine = _Forced(model, orders)
    listener = Listener(LoadedModels(lambda _: engine, most=1), model, rows=ROWS["cpu"])
    listener.start()
    return _Ours(listener)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted(HeardWindow):
    tokens: int


class _Forced(SpeechEngine):
    """Says exactly so many tokens in each window, whatever it hears."""

    def __init__(self, model: SpeechModel, orders: Orders) -> None:
        super().__init__(model, device="cpu", cpu_threads=orders.threads)
        self._orders = orders

    def hear(self, excerpts: Sequence[Excerpt], manner: Manner) -> list[HeardWindow]:
        encodings = self._encode(excerpts)
        languages = self._languages_of(excerpts, encodings)
        heard = self._read(excerpts, encodings, languages, manner, max_length=2 * self._orders.tokens)
        return [
            _Counted(
                start=reading.excerpt.window.start,
                end=reading.excerpt.window.end,
                language=reading.language,
                segments=(),
                likelihood=None,
                tokens=len(reading.tokens),
            )
            for reading in heard
        ]

    @cached_property
    def _suppressed(self) -> list[int]:
        return self._orders.unsaid

    def _prompt(self, language: str, manner: Manner) -> list[int]:
        return [*super()._prompt(language, manner), self._tokenizer(language).no_timestamps]


class _Count:
    """A checkpoint that only counts."""

    def __init__(self) -> None:
        self.language: Language | None = None
        self.tokens = 0

    def recall(self, _: Place) -> HeardWindow | None:
        return None

    def keep(self, _: Place, window: HeardWindow) -> None:
        assert isinstance(window, _Counted)
        self.tokens += window.tokens


class _Ours(Engine):
    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def transcribe(self, recordings: Sequence[Recording]) -> Iterator[Done]:
        line = _Line(recordings)
        finished: queue.SimpleQueue[Done] = queue.SimpleQueue()
        threads = [
            threading.Thread(target=self._work, args=(line, finished), daemon=True) for _ in range(self._listener.rows)
        ]
        for thread in threads:
            thread.start()
        for _ in recordings:
            yield finished.get()

    def _work(self, line: "_Line", finished: "queue.SimpleQueue[Done]") -> None:
        while (taken := line.take()) is not None:
            place, recording = taken
            finished.put(Done(place, self._transcribe(place, recording)))
            line.done(recording)

    def _transcribe(self, place: int, recording: Recording) -> int:
        wanted = Wanted(
            model=self._listener.default, manner=_MANNER, language=LANGUAGE, owner=recording.user, order=place
        )
        count = _Count()
        with recording.path.open("rb") as file:
            transcribe(file, self._listener, wanted, checkpoint=count, on_progress=lambda _: None)
        return count.tokens


class _Line:
    """The queue as SQS hands it out, and the worker's waiting room before it."""

    def __init__(self, recordings: Sequence[Recording]) -> None:
        self._queued: list[tuple[int, Recording]] = list(enumerate(recordings))
        self._in_flight: Counter[str] = Counter()
        self._room: FairOrder[tuple[int, Recording]] = FairOrder()
        self._lock = threading.Lock()

    def take(self) -> tuple[int, Recording] | None:
        with self._lock:
            while self._queued and len(self._room) < SEATS:
                self._seat()
            return self._room.take()

    def done(self, recording: Recording) -> None:
        with self._lock:
            self._in_flight[recording.user] -= 1

    def _seat(self) -> None:
        flying = self._in_flight.total()
        noisy = {
            user for user, count in self._in_flight.items() if flying >= _FAIRNESS_BEGINS and count > _NOISY * flying
        }
        chosen: Any = next((one for one in self._queued if one[1].user not in noisy), self._queued[0])
        self._queued.remove(chosen)
        self._in_flight[chosen[1].user] += 1
        self._room.add(chosen[1].user, chosen)
