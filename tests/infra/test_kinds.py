"""A kind of job is whole only when it has a lane, a task, a name for its result and options that can be asked for.

What the house does by itself has the first two, and can be asked for nowhere.
"""

import threading
from typing import Any, get_args

import pytest

from functions.core.jobs.model import INTERNAL, LANE_OF, Kind
from functions.core.jobs.options import OPTIONS_OF, Wanted
from functions.core.recordings.outcomes import NAME_OF
from functions.jobs.batch_schemas import BatchRequest
from functions.jobs.preset_schemas import PresetChange, PresetRequest
from functions.jobs.schemas import JobRequest
from gpu_worker.settings import WorkerSettings
from gpu_worker.worker import Worker
from tests.house import House

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


def kinds_of(union: Any) -> set[Kind]:
    """The kinds that a union of requests takes, which is told by `kind`."""
    return {get_args(one.model_fields["kind"].annotation)[0] for one in get_args(get_args(union)[0])}


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_lane_and_a_task(kind: Kind, worker: Worker) -> None:
    assert kind in LANE_OF
    assert kind in worker._tasks


@pytest.mark.parametrize("kind", sorted(set(Kind) - INTERNAL))
def test_every_kind_that_can_be_asked_for_has_a_name_and_options(kind: Kind) -> None:
    assert kind in NAME_OF
    assert kind in OPTIONS_OF
    assert kind in kinds_of(Wanted)


@pytest.mark.parametrize("kind", sorted(INTERNAL))
@pytest.mark.parametrize(
    "union",
    [Wanted, JobRequest, PresetRequest, PresetChange, BatchRequest],
    ids=["process", "job", "preset", "change of a preset", "batch"],
)
def test_what_the_house_does_by_itself_cannot_be_asked_for(kind: Kind, union: Any) -> None:
    assert kind not in kinds_of(union)
    assert kind not in OPTIONS_OF


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/presets", "/v1/recordings", "/v1/batches"])
def test_who_asks_for_it_all_the_same_is_told_that_it_is_not_valid(path: str) -> None:
    house = House()
    wish = {"kind": "join"}
    body = {
        "/v1/jobs": wish | {"recording_id": "rec_1"},
        "/v1/presets": wish | {"name": "calls"},
        "/v1/recordings": {"filename": "a.ogg", "size": 1, "content_type": "audio/ogg", "process": [wish]},
        "/v1/batches": wish | {"recording_ids": ["rec_1"]},
    }[path]

    answer = house.client(house.a_known_user()).post(path, json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
