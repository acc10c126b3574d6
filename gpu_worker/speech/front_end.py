"""From a file to windows of speech, ahead of the model: decode, find speech, cut. Memory does not grow with length."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from functions.core.jobs.options import VoiceActivity
from gpu_worker.speech.audio import AudioFile, TrackBlock
from gpu_worker.speech.crosstalk import CrosstalkGate
from gpu_worker.speech.models import SpeechModel
from gpu_worker.speech.voice_activity import SpeechDetector
from gpu_worker.speech.windows import Window, WindowCutter


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a window belongs: its track, and which of the track's windows it is."""

    track: int
    number: int


@dataclass(frozen=True, slots=True)
class Cut:
    """A window and its place."""

    place: Place
    window: Window


class FrontEnd:
    """Cuts one recording. The same file gives the same windows, whoever asks and however often."""

    def __init__(
        self, audio: AudioFile, model: SpeechModel, vad: VoiceActivity, *, by_track: bool, mixed: bool = False
    ) -> None:
        """`by_track` hears every channel for itself; `mixed` all as one, otherwise only the first stream counts."""
        self.seconds_spent = 0.0
        self._audio = audio
        self._by_track = by_track
        self._mixed = mixed
        self._cutters = [
            WindowCutter(SpeechDetector(vad), model.window_seconds, padding_ms=vad.padding_ms)
            for _ in range(audio.facts.channels if by_track else 1)
        ]
        self._numbers = [0] * len(self._cutters)
        self._held: dict[int, Cut] = {}

    @property
    def stated_seconds(self) -> float | None:
        """How long the file says that it is."""
        return self._audio.facts.duration

    @property
    def tracks(self) -> int:
        """How many there are."""
        return len(self._cutters)

    def settled_seconds(self, track: int) -> float:
        """Up to here, everything in a track is silence or in a window that was handed out."""
        held = self._held.get(track)
        return held.window.start if held else self._cutters[track].settled_seconds

    def cuts(self) -> Iterator[Cut | None]:
        """Yield windows as they come, and None now and then where none does: hours may hold no speech."""
        source = self._cuts()
        while True:
            began = time.perf_counter()
            try:
                cut = next(source)
            except StopIteration:
                return
            finally:
                self.seconds_spent += time.perf_counter() - began
            yield cut

    def _cuts(self) -> Iterator[Cut | None]:
        for block in self._blocks():
            for window in self._cutters[block.track].add(block.samples):
                yield from self._placed(block.track, window)
            yield None
        for track, cutter in enumerate(self._cutters):
            for window in cutter.finish():
                yield from self._placed(track, window)
        for track in sorted(self._held):
            only = self._held.pop(track)
            yield replace(only, window=replace(only.window, is_whole=True))

    def _blocks(self) -> Iterator[TrackBlock]:
        if self._by_track:
            gate = CrosstalkGate(self.tracks)
            for blocks in self._audio.side_by_side():
                yield from (TrackBlock(track, samples) for track, samples in enumerate(gate.clean(blocks)))
            return
        for samples in self._audio.mixed() if self._mixed else self._audio.blocks():
            yield TrackBlock(0, samples)

    def _placed(self, track: int, window: Window) -> Iterator[Cut]:
        """Hold the first window back until there is a second: only then it is known not to be all there is."""
        cut = Cut(Place(track, self._numbers[track]), window)
        self._numbers[track] += 1
        if cut.place.number == 0:
            self._held[track] = cut
            return
        if track in self._held:
            first, self._held[track] = self._held[track], cut
            yield first
            del self._held[track]
        yield cut
