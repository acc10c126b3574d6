import importlib.util
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gpu_worker.speech import sherpa
from gpu_worker.speech.audio import SAMPLE_RATE, Samples
from gpu_worker.speech.diarization import Diarizer, SpeakersUnknown, Turn
from gpu_worker.speech.models import ModelUnavailable
from gpu_worker.speech.sherpa import EMBEDDING, MOST_HOURS, SEGMENTATION, find_diarizer
from tests.speech_synthesis import silence

library = pytest.importorskip("sherpa_onnx", reason="sherpa-onnx, which is optional, is not installed")

LOW, HIGH = 200, 2000


def field(number: int, value: int | str | bytes) -> bytes:
    """One field in the wire format of protocol buffers, which is all that a model file is."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    body = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(body)) + body


def varint(number: int) -> bytes:
    lowest, rest = number & 0x7F, number >> 7
    return bytes([lowest | 0x80]) + varint(rest) if rest else bytes([lowest])


def weights(name: str, values: Any) -> bytes:
    array = np.asarray(values, np.float32)
    shape = b"".join(field(1, length) for length in array.shape)
    return shape + field(2, 1) + field(8, name) + field(9, array.tobytes())


def node(operator: str, inputs: list[str], output: str, **attributes: int | list[int]) -> bytes:
    described = b""
    for name, value in attributes.items():
        body = b"".join(field(8, item) for item in value) + field(20, 7) if isinstance(value, list) else b""
        body = field(3, value) + field(20, 2) if isinstance(value, int) else body
        described += field(5, field(1, name) + body)
    return b"".join(field(1, name) for name in inputs) + field(2, output) + field(4, operator) + described


def tensor(name: str, shape: list[int | str]) -> bytes:
    lengths = b"".join(field(1, field(1 if isinstance(length, int) else 2, length)) for length in shape)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, lengths)))


def onnx(nodes: list[bytes], parameters: list[bytes], takes: bytes, gives: bytes, **facts: int | str) -> bytes:
    parts = [(1, nodes), (2, [b"graph"]), (5, parameters), (11, [takes]), (12, [gives])]
    graph = b"".join(field(number, body) for number, bodies in parts for body in bodies)
    metadata = b"".join(field(14, field(1, key) + field(2, str(value))) for key, value in facts.items())
    return field(1, 8) + field(8, field(1, b"") + field(2, 13)) + field(7, graph) + metadata


def segmentation(*, powerset_max_classes: int = 2) -> bytes:
    """In the shape of pyannote's: what is loud and smooth is its first speaker, what is loud and sharp its second."""
    classes = [[0, 0], [1, -2.5], [-0.5, 2.5], *[[0, 0]] * 4]
    return onnx(
        [
            node("Conv", ["sound", "difference"], "slope", pads=[1, 0]),
            node("Abs", ["sound"], "loudness"),
            node("Abs", ["slope"], "steepness"),
            node("AveragePool", ["loudness"], "loud", kernel_shape=[991], strides=[270]),
            node("AveragePool", ["steepness"], "sharp", kernel_shape=[991], strides=[270]),
            node("Concat", ["loud", "sharp"], "both", axis=1),
            node("Conv", ["both", "classes", "bias"], "chances"),
            node("Transpose", ["chances"], "frames", perm=[0, 2, 1]),
        ],
        [
            weights("difference", [[[-1, 1]]]),
            weights("classes", np.array(classes)[:, :, None]),
            weights("bias", [0.01, 0, 0, -1, -1, -1, -1]),
        ],
        tensor("sound", ["batch", 1, "samples"]),
        tensor("frames", ["batch", "length", 7]),
        sample_rate=SAMPLE_RATE,
        window_size=10 * SAMPLE_RATE,
        receptive_field_size=991,
        receptive_field_shift=270,
        num_speakers=3,
        powerset_max_classes=powerset_max_classes,
        num_classes=7,
    )


def embedding(*, framework: str = "wespeaker") -> bytes:
    """In the shape of wespeaker's: a voice is its mean spectrum."""
    return onnx(
        [
            node("ReduceMean", ["spectra"], "mean", axes=[1], keepdims=0),
            node("ReduceMean", ["mean"], "level", axes=[1], keepdims=1),
            node("Sub", ["mean", "level"], "voice"),
        ],
        [],
        tensor("spectra", [1, "frames", 80]),
        tensor("voice", [1, 80]),
        framework=framework,
        language="English",
        output_dim=80,
        sample_rate=SAMPLE_RATE,
        normalize_samples=1,
    )


def put_models(folder: Path, *, who_speaks: bytes | None = None, whose_voice: bytes | None = None) -> str:
    (folder / SEGMENTATION).write_bytes(who_speaks or segmentation())
    (folder / EMBEDDING).write_bytes(whose_voice or embedding())
    return str(folder)


def voice(pitch: int, seconds: float) -> Samples:
    return (0.3 * np.sin(2 * np.pi * pitch * np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE)).astype(np.float32)


CONVERSATION = [voice(LOW, 6), silence(1), voice(HIGH, 7), silence(1), voice(LOW, 8), silence(2)]
CONVERSATION_SECONDS = 25.0


def ignore(done: float, total: float | None) -> None: ...


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return put_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def diarizer(folder: str) -> Diarizer:
    found = find_diarizer(folder)
    assert found is not None
    return found


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    started: list[subprocess.Popen[bytes]] = []

    class Watched(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.given = kwargs
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Watched)
    return started


def assert_turn(turn: Turn, start: float, end: float) -> None:
    assert (turn.start, turn.end) == pytest.approx((start, end), abs=0.1)


def test_two_voices_are_told_apart_and_known_again(diarizer: Diarizer) -> None:
    first, second, third = diarizer.turns(CONVERSATION, on_progress=ignore)
    assert_turn(first, 0, 6)
    assert_turn(second, 7, 14)
    assert_turn(third, 15, 23)
    assert first.speaker == third.speaker != second.speaker


def test_the_result_does_not_depend_on_how_the_sound_is_split(diarizer: Diarizer) -> None:
    blocks = np.array_split(np.concatenate(CONVERSATION), 7)
    assert diarizer.turns(blocks, on_progress=ignore) == diarizer.turns(CONVERSATION, on_progress=ignore)


def test_turns_stay_within_the_sound(diarizer: Diarizer) -> None:
    for seconds in (0.5, 10, 11.3):
        turns = diarizer.turns([voice(LOW, seconds)], on_progress=ignore)
        assert turns
        assert all(0 <= turn.start < turn.end <= seconds for turn in turns)


@pytest.mark.parametrize("sound", [[], [silence(0.01)], [silence(3)], [silence(30)]])
def test_where_nobody_speaks_there_are_no_turns(sound: list[Samples], diarizer: Diarizer) -> None:
    assert diarizer.turns(sound, on_progress=ignore) == []


def test_a_known_number_of_speakers_counts_more_than_the_voices(diarizer: Diarizer) -> None:
    turns = diarizer.turns(CONVERSATION, speakers=1, on_progress=ignore)
    assert {turn.speaker for turn in turns} == {0}


def test_the_threshold_says_how_unlike_two_voices_must_be(folder: str) -> None:
    lenient = find_diarizer(folder, threshold=2.0)
    assert lenient is not None
    assert {turn.speaker for turn in lenient.turns(CONVERSATION, on_progress=ignore)} == {0}


def test_progress_rises_to_the_length_of_the_recording(diarizer: Diarizer) -> None:
    told: list[tuple[float, float | None]] = []
    diarizer.turns(CONVERSATION, on_progress=lambda done, total: told.append((done, total)))
    done = [seconds for seconds, _ in told]
    assert done == sorted(done)
    assert told[0] == (0.0, None)
    assert told[-1] == (CONVERSATION_SECONDS, CONVERSATION_SECONDS)


@pytest.mark.parametrize("moment", [0.0, 5.0])
def test_work_that_is_stopped_leaves_no_process_behind(
    moment: float, diarizer: Diarizer, children: list[subprocess.Popen[bytes]]
) -> None:
    def stop(done: float, total: float | None) -> None:
        if done >= moment:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        diarizer.turns(CONVERSATION, on_progress=stop)
    assert [child.returncode for child in children] == [-9]


def test_somebody_can_stop_the_work_while_the_library_says_nothing(
    diarizer: Diarizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sherpa, "_LONGEST_SILENCE", 0.0)
    told: list[float] = []
    diarizer.turns([silence(3)], on_progress=lambda done, total: told.append(done))
    assert len(told) > 10


def test_a_recording_that_is_too_long_is_declined_and_not_read_to_its_end(
    diarizer: Diarizer, monkeypatch: pytest.MonkeyPatch, children: list[subprocess.Popen[bytes]]
) -> None:
    read = 0

    def endless() -> Iterator[Samples]:
        nonlocal read
        while True:
            read += 1
            yield silence(1)

    monkeypatch.setattr(sherpa, "MOST_HOURS", 10 / 3600)
    with pytest.raises(SpeakersUnknown, match="up to") as declined:
        diarizer.turns(endless(), on_progress=ignore)
    assert declined.value.detail.startswith("The speakers are not told apart")
    assert read == 11
    assert [child.returncode for child in children] == [-9]


def test_longer_recordings_are_stepped_through_in_longer_steps(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[float] = []
    real = library.OfflineSpeakerSegmentationPyannoteModelConfig

    def watched(*, model: str, window_shift_ratio: float) -> Any:
        steps.append(window_shift_ratio)
        return real(model=model, window_shift_ratio=window_shift_ratio)

    monkeypatch.setattr(library, "OfflineSpeakerSegmentationPyannoteModelConfig", watched)
    for hours in (0.1, 2.0, MOST_HOURS):
        sherpa._loaded(Path(folder), 0.5, 1, -1, hours)
    assert steps == pytest.approx([0.1, 0.1, 0.2])


def test_the_child_is_given_no_secrets(
    diarizer: Diarizer, monkeypatch: pytest.MonkeyPatch, children: list[Any]
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    diarizer.turns([silence(1)], on_progress=ignore)
    assert sorted(children[0].given["env"]) == ["PATH", "PYTHONPATH"]


def test_a_child_that_crashes_is_a_sentence_for_the_transcript(tmp_path: Path) -> None:
    diarizer = find_diarizer(put_models(tmp_path))
    assert diarizer is not None
    put_models(tmp_path, whose_voice=embedding(framework="unheard-of"))
    with pytest.raises(SpeakersUnknown, match="broke off"):
        diarizer.turns(CONVERSATION, on_progress=ignore)


def test_a_child_that_dies_while_it_listens_is_one_too(
    diarizer: Diarizer, children: list[subprocess.Popen[bytes]]
) -> None:
    def kill(done: float, total: float | None) -> None:
        children[0].kill()
        children[0].wait()

    with pytest.raises(SpeakersUnknown, match="broke off"):
        diarizer.turns(CONVERSATION, on_progress=kill)


def test_without_a_folder_there_is_no_diarizer() -> None:
    assert find_diarizer("") is None


def test_an_incomplete_folder_is_an_error_that_names_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"no segmentation\.onnx and no embedding\.onnx in .*DIARIZATION"):
        find_diarizer(str(tmp_path / "nothing"))
    (tmp_path / SEGMENTATION).write_bytes(segmentation())
    with pytest.raises(ModelUnavailable, match=r"There is no embedding\.onnx in"):
        find_diarizer(str(tmp_path))


def test_a_missing_package_is_an_error(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelUnavailable, match="sherpa-onnx is not installed"):
        find_diarizer(folder)


@pytest.mark.parametrize(
    ("models", "reason"),
    [
        ({"who_speaks": b"nonsense"}, "segmentation.onnx failed"),
        ({"whose_voice": b"nonsense"}, "embedding.onnx failed"),
        ({"who_speaks": embedding()}, "does not exist in the metadata"),
        ({"whose_voice": segmentation()}, "Unknown model type"),
        ({"whose_voice": embedding(framework="unheard-of")}, "Unknown model type"),
        ({"who_speaks": segmentation(powerset_max_classes=3)}, "powerset_max_classes"),
    ],
    ids=[
        "no segmentation",
        "no embedding",
        "an embedding instead",
        "a segmentation instead",
        "no framework",
        "classes",
    ],
)
def test_models_that_cannot_be_used_are_an_error_at_the_start(
    models: dict[str, bytes], reason: str, tmp_path: Path
) -> None:
    with pytest.raises(ModelUnavailable, match="cannot be used") as unusable:
        find_diarizer(put_models(tmp_path, **models))
    assert reason in unusable.value.detail
