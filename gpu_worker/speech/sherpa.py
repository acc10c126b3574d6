"""Telling speakers apart with sherpa-onnx: one model finds who speaks when in ten seconds, another whose voice it is.

The models are two files in one folder, 35 MB, both from https://github.com/k2-fsa/sherpa-onnx/releases:
- `segmentation.onnx`: `model.onnx` of sherpa-onnx-pyannote-segmentation-3-0 (6 MB, MIT).
- `embedding.onnx`: any of its speaker models, such as wespeaker_en_voxceleb_CAM++ (29 MB, CC BY 4.0). Each wants a
  threshold of its own.

The work is done by a child process, `python -m gpu_worker.speech.sherpa`: the library keeps Python's lock for minutes,
in which no heartbeat would beat; it ends or crashes its process over models that it does not like; and its memory
grows with the recording. The child is given the sound and no secrets, and can be stopped at any time.

Memory of the child, beside the models: 0.8 GB for one hour of two people, 1.9 GB for two hours, 2.8 GB for four; up to
1 GB more where three speak all the time, and 30 MB for each voice too many that a low threshold makes up.
"""

import contextlib
import importlib.util
import json
import os
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np

from functions.core.observability import log
from gpu_worker.speech.audio import SAMPLE_RATE, Samples
from gpu_worker.speech.diarization import Diarizer, SpeakersUnknown, Turn
from gpu_worker.speech.models import ModelUnavailable

MOST_HOURS: Final = 4.0
SEGMENTATION: Final = "segmentation.onnx"
EMBEDDING: Final = "embedding.onnx"
DEFAULT_THRESHOLD: Final = 0.5
"""The library's: the distance of two voices (0 to 2) from which on they are two people. More makes fewer speakers."""

# The library steps through the recording by a tenth of its window and compares all that it finds with each other.
# From here on the steps get longer, so that there are no more of them.
_STEP: Final = 0.1
_HOURS_IN_SHORT_STEPS: Final = 2.0

_ROOT: Final = Path(__file__).parents[2]
_LONGEST_SILENCE: Final = 1.0
_HOUR: Final = 3600 * SAMPLE_RATE


def find_diarizer(folder: str, *, threshold: float = DEFAULT_THRESHOLD, cpu_threads: int = 1) -> Diarizer | None:
    """Return the diarizer whose models lie in `folder`; None when there is no folder.

    Raises:
        ModelUnavailable: the folder is not complete, its models cannot be used, or sherpa-onnx is not installed.
    """
    if not folder:
        return None
    models = Path(folder).expanduser().resolve()
    if missing := [name for name in (SEGMENTATION, EMBEDDING) if not (models / name).is_file()]:
        raise ModelUnavailable(f"There is no {' and no '.join(missing)} in {folder!r} (DIARIZATION_MODEL_DIR).")
    if importlib.util.find_spec("sherpa_onnx") is None:
        raise ModelUnavailable("DIARIZATION_MODEL_DIR is set, but the package sherpa-onnx is not installed.")
    diarizer = SherpaDiarizer(models, threshold=threshold, cpu_threads=cpu_threads)
    diarizer.check()
    return diarizer


@dataclass(frozen=True, slots=True)
class SherpaDiarizer:
    """Models in a folder. Any number of threads may use it: each recording gets a process of its own."""

    folder: Path
    threshold: float = DEFAULT_THRESHOLD
    cpu_threads: int = 1

    @property
    def name(self) -> str:
        """What the transcript calls it."""
        return "sherpa-onnx"

    def check(self) -> None:
        """Load the models once.

        Raises:
            ModelUnavailable: they cannot be used.
        """
        try:
            self._run([], None, _ignore)
        except _BrokeOff as error:
            raise ModelUnavailable(f"The models in {str(self.folder)!r} cannot be used: {error}") from error

    def turns(
        self,
        sound: Iterable[Samples],
        *,
        speakers: int | None = None,
        on_progress: Callable[[float, float | None], None],
    ) -> list[Turn]:
        """Return who speaks when. Recordings of up to ten seconds have as many speakers as there are heard.

        Raises:
            SpeakersUnknown: the recording is longer than `MOST_HOURS`, or the library broke off.
        """
        try:
            return self._run(sound, speakers, on_progress)
        except _BrokeOff as error:
            log.warning("the speakers could not be told apart", reason=str(error))
            raise SpeakersUnknown("The speakers could not be told apart: the work on it broke off.") from error

    def _run(
        self, sound: Iterable[Samples], speakers: int | None, on_progress: Callable[[float, float | None], None]
    ) -> list[Turn]:
        settings = (str(self.folder), str(self.threshold), str(self.cpu_threads), str(speakers or -1))
        with tempfile.TemporaryFile() as errors, _child(settings, errors) as child:
            seconds = _feed(child, sound, on_progress)
            done = 0.0
            found: list[Any] | None = None
            for said in _said(child):
                if isinstance(said, list):
                    found = said
                elif said is not None:
                    done = said * seconds
                on_progress(done, seconds)
            if child.wait() or found is None:
                raise _BrokeOff(_last_line(errors) or f"it ended with {child.returncode}")
        return [Turn(start=start, end=end, speaker=speaker) for start, end, speaker in found]


class _BrokeOff(Exception):
    """The child ended without a result."""


def _ignore(done: float, total: float | None) -> None: ...


@contextmanager
def _child(settings: Iterable[str], errors: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """Run the other half of this module, and end it with the block."""
    child = subprocess.Popen(  # noqa: S603 (our own module)
        [sys.executable, "-m", "gpu_worker.speech.sherpa", *settings],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env={"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(_ROOT)},
        cwd=_ROOT,
        # A ctrl-C is for the worker, which first finishes what it does.
        start_new_session=True,
    )
    try:
        yield child
    finally:
        child.kill()
        for pipe in (child.stdin, child.stdout):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()  # type: ignore[union-attr]
        child.wait()


def _feed(
    child: subprocess.Popen[bytes], sound: Iterable[Samples], on_progress: Callable[[float, float | None], None]
) -> float:
    """Hand over all of the sound; return its seconds. A child that ends early has said why."""
    samples = 0
    for block in sound:
        samples += len(block)
        if samples > MOST_HOURS * _HOUR:
            raise SpeakersUnknown(f"The speakers are not told apart: that is done for up to {MOST_HOURS:g} hours.")
        with contextlib.suppress(BrokenPipeError):
            child.stdin.write(np.asarray(block, np.float32).tobytes())  # type: ignore[union-attr]
        on_progress(0.0, None)
    with contextlib.suppress(BrokenPipeError):
        child.stdin.close()  # type: ignore[union-attr]
    return samples / SAMPLE_RATE


def _said(child: subprocess.Popen[bytes]) -> Iterator[Any]:
    """Yield what the child says, and None whenever it is silent for long, so that somebody can still stop the work."""
    rest = b""
    with selectors.DefaultSelector() as waiting:
        waiting.register(child.stdout, selectors.EVENT_READ)  # type: ignore[arg-type]
        while True:
            if not waiting.select(_LONGEST_SILENCE):
                yield None
                continue
            read = os.read(child.stdout.fileno(), 1 << 16)  # type: ignore[union-attr]
            if not read:
                return
            *lines, rest = (rest + read).split(b"\n")
            yield from map(json.loads, lines)


def _last_line(errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = errors.read().decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def main() -> None:
    """Be the child: sound on stdin; on stdout the share that is done, line by line, and at last the turns."""
    folder, threshold, cpu_threads, speakers = sys.argv[1:]
    _offer_to_the_oom_killer()
    sound = np.frombuffer(sys.stdin.buffer.read(), np.float32)
    diarization = _loaded(Path(folder), float(threshold), int(cpu_threads), int(speakers), len(sound) / _HOUR)
    found = diarization.process(sound, _Progress()).sort_by_start_time() if len(sound) else []
    _say([turn for turn in map(_turn_within(len(sound) / SAMPLE_RATE), found) if turn[0] < turn[1]])


def _loaded(folder: Path, threshold: float, cpu_threads: int, speakers: int, hours: float) -> Any:
    import sherpa_onnx  # noqa: PLC0415 (an optional package)

    pyannote = sherpa_onnx.OfflineSpeakerSegmentationPyannoteModelConfig(
        model=str(folder / SEGMENTATION), window_shift_ratio=_STEP * max(1.0, hours / _HOURS_IN_SHORT_STEPS)
    )
    embedding = sherpa_onnx.SpeakerEmbeddingExtractorConfig(model=str(folder / EMBEDDING), num_threads=cpu_threads)
    # Asked for by itself, because the whole notices an unsuitable one only in the middle of the work.
    _ = sherpa_onnx.SpeakerEmbeddingExtractor(embedding).dim
    return sherpa_onnx.OfflineSpeakerDiarization(
        sherpa_onnx.OfflineSpeakerDiarizationConfig(
            segmentation=sherpa_onnx.OfflineSpeakerSegmentationModelConfig(pyannote=pyannote, num_threads=cpu_threads),
            embedding=embedding,
            clustering=sherpa_onnx.FastClusteringConfig(num_clusters=speakers, threshold=threshold),
        )
    )


def _turn_within(seconds: float) -> Callable[[Any], tuple[float, float, int]]:
    def turn(found: Any) -> tuple[float, float, int]:
        start, end = (round(min(max(time, 0.0), seconds), 3) for time in (found.start, found.end))
        return start, end, found.speaker

    return turn


class _Progress:
    """Says each hundredth once."""

    def __init__(self) -> None:
        self._said = 0.0

    def __call__(self, done: int, total: int) -> int:
        share = done * 100 // total / 100
        if share > self._said:
            self._said = share
            _say(share)
        return 0


def _say(message: object) -> None:
    print(json.dumps(message), flush=True)  # noqa: T201 (stdout is how the child answers)


def _offer_to_the_oom_killer() -> None:
    """Where memory runs out, a recording without speakers is better than a dead worker."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


if __name__ == "__main__":
    main()
