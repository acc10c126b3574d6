"""A recorded call is transcribed with the names of its two people, over fakes and the real demo model."""

import io
from dataclasses import replace
from typing import Any

import av
import numpy as np
import pytest

from functions.core.jobs.corrections import Corrections, corrected
from functions.core.jobs.results import Transcript, transcript_from_json
from functions.core.recordings.media import source_key
from gpu_worker.calls.two_channels import write_two_channels
from gpu_worker.speech.listener import Listener
from tests.core.calls.recorded_calls import a_recorded_call
from tests.fakes.clock import FakeClock
from tests.gpu_worker.test_tasks import Bench
from tests.speech_synthesis import conversation

RATE = 48_000
NAMES = ("Анна 安娜", "Борис «Боб» O'Neil")


@pytest.fixture(scope="module")
def sound() -> bytes:
    first = conversation(["Send the invoice to Anna by Friday."], sample_rate=RATE)
    second = conversation(["The meeting is on Monday."], "en-us+f2", sample_rate=RATE)
    pair = np.zeros((2, len(first) + len(second)), np.float32)
    pair[0, : len(first)], pair[1, len(first) :] = first, second
    body = bytearray()
    write_two_channels(iter([pair]), body.extend)
    return bytes(body)


@pytest.fixture
def bench(clock: FakeClock, listener: Listener, sound: bytes) -> Bench:
    bench = Bench(clock, listener)
    bench.recordings.change(
        bench.recordings.get(bench.recording.id),
        lambda fresh: replace(fresh, call=a_recorded_call(names=NAMES)),
    )
    bench.media.write(source_key(bench.recording), sound, content_type="audio/ogg")
    return bench


def transcript(bench: Bench, **options: Any) -> Transcript:
    outcome = bench.transcriber().run(bench.work(bench.job(options=options)))
    return transcript_from_json(bench.media.read(outcome.result_key))


@pytest.mark.parametrize("options", [{}, {"speakers": "channels"}], ids=["as usual", "by channels"])
def test_both_people_speak_under_their_names(bench: Bench, options: dict[str, Any]) -> None:
    found = transcript(bench, **options)

    assert [segment.speaker for segment in found.segments] == list(NAMES)
    assert "invoice" in found.segments[0].text


def test_who_is_silent_says_nothing_and_the_other_one_keeps_their_name(bench: Bench, sound: bytes) -> None:
    with av.open(io.BytesIO(sound), mode="r") as container:
        left = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    body = bytearray()
    write_two_channels(iter([np.stack([np.zeros_like(left), left]).astype(np.float32)]), body.extend)
    bench.media.write(source_key(bench.recording), bytes(body), content_type="audio/ogg")

    found = transcript(bench)

    assert {segment.speaker for segment in found.segments} == {NAMES[1]}


def test_who_wants_no_speakers_gets_none(bench: Bench) -> None:
    assert {segment.speaker for segment in transcript(bench, speakers="none").segments} == {None}


def test_names_of_a_call_are_corrected_like_any(bench: Bench) -> None:
    renamed = corrected(transcript(bench), Corrections(names={NAMES[1]: "Борис"}))

    assert [segment.speaker for segment in renamed.segments] == [NAMES[0], "Борис"]
