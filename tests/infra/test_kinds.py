"""A kind of job is whole only when it has a lane, a task, a name for its result and options that can be asked for."""

import threading
from typing import get_args

import pytest

from functions.core.jobs.model import LANE_OF, Kind
from functions.core.jobs.options import Wanted
from functions.core.recordings.outcomes import NAME_OF
from gpu_worker.settings import WorkerSettings
from gpu_worker.worker import Worker

SETTINGS = {
    "LIBRARY_TABLE": "t",
    "MEDIA_BUCKET": "b",
    "SPEECH_QUEUE_URL": "https://sqs.example/s",
    "LANGUAGE_QUEUE_URL": "https://sqs.example/l",
    "PICTURES_QUEUE_URL": "https://sqs.example/p",
}


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    return Worker(WorkerSettings(), threading.Event())  # type: ignore[call-arg]


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_lane_a_task_a_name_and_options(kind: Kind, worker: Worker) -> None:
    requests = [get_args(one.model_fields["kind"].annotation)[0] for one in get_args(get_args(Wanted)[0])]

    assert kind in LANE_OF
    assert kind in worker._tasks
    assert kind in NAME_OF
    assert kind in requests
