from collections.abc import Iterator

import numpy as np
import pytest

from gpu_worker.calls.timeline import SAMPLE_RATE, Samples
from gpu_worker.calls.two_channels import BIT_RATE, write_two_channels
from tests.gpu_worker.calls.tracks import decoded, loud_seconds, quiet, tone
from tests.speech_synthesis import conversation


def in_seconds(pair: Samples) -> Iterator[Samples]:
    for begins in range(0, pair.shape[1], SAMPLE_RATE):
        yield pair[:, begins : begins + SAMPLE_RATE]


def written(pair: Samples) -> bytes:
    body = bytearray()
    assert write_two_channels(in_seconds(pair), body.extend) == pair.shape[1]
    return bytes(body)


def test_each_side_is_in_its_own_channel_at_its_own_time() -> None:
    left = np.concatenate([tone(2), quiet(3)])
    right = np.concatenate([quiet(2.5), tone(1.5, 300), quiet(1)])

    body = written(np.stack([left, right]))

    found = decoded(body)
    assert body.startswith(b"OggS")
    assert found.shape[0] == 2
    assert loud_seconds(found[0]) == [pytest.approx((0, 2), abs=0.06)]
    assert loud_seconds(found[1]) == [pytest.approx((2.5, 4), abs=0.06)]


def test_who_is_silent_is_not_heard_in_the_channel_of_who_speaks() -> None:
    speech = conversation(["Send the invoice to Anna by Friday."], sample_rate=SAMPLE_RATE)

    found = decoded(written(np.stack([speech, np.zeros_like(speech)])))

    loud, silent = (float(np.sqrt(np.mean(np.square(row)))) for row in found)
    assert silent < loud / 1000  # 60 dB


def test_two_who_speak_at_once_stay_apart() -> None:
    first = conversation(["Send the invoice to Anna by Friday."], sample_rate=SAMPLE_RATE)
    second = conversation(["The weather is fine in the north."], "en-us+f2", sample_rate=SAMPLE_RATE)
    length = min(len(first), len(second))

    found = decoded(written(np.stack([first[:length], second[:length]])))[:, :length]

    own = [abs(float(np.corrcoef(found[row], one[:length])[0, 1])) for row, one in enumerate((first, second))]
    others = [abs(float(np.corrcoef(found[row], one[:length])[0, 1])) for row, one in enumerate((second, first))]
    assert min(own) > 0.9
    assert max(others) < 0.1


def test_a_minute_takes_no_more_than_its_share() -> None:
    noise = np.random.default_rng(7).normal(0, 0.1, (2, 60 * SAMPLE_RATE)).astype(np.float32)

    assert len(written(noise)) < 1.2 * 60 * BIT_RATE / 8


def test_of_nothing_there_is_nothing() -> None:
    assert write_two_channels(iter(()), lambda _: None) == 0
