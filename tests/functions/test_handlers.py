"""The very handlers that AWS calls, with events as AWS sends them, on moto."""

import base64
import gzip
import importlib
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.api.lambda_handler import handler_for
from functions.core.clock import utc_now
from functions.core.jobs.model import Failure, Status
from functions.core.jobs.store import Jobs
from functions.core.recordings.media import S3Media, source_key
from functions.core.recordings.store import Recordings
from functions.core.table import DynamoTable
from tests.builders import a_job, a_recording
from tests.house import House
from tests.moto_stack import moto_stack

EVENTS = Path(__file__).parent.parent / "events"
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\x00" * 100


def event(name: str) -> Any:
    return json.loads((EVENTS / f"{name}.json").read_text())


@pytest.fixture(scope="module")
def names() -> Iterator[Mapping[str, str]]:
    with moto_stack() as names:
        yield names


@pytest.fixture
def handlers(names: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Import a function's module as Lambda does, with its settings."""
    for variable, resource in {
        "LIBRARY_TABLE": "LibraryTable",
        "MEDIA_BUCKET": "MediaBucket",
        "SPEECH_QUEUE_URL": "SpeechQueue",
        "LANGUAGE_QUEUE_URL": "LanguageQueue",
        "PICTURES_QUEUE_URL": "PicturesQueue",
    }.items():
        monkeypatch.setenv(variable, names[resource])
    yield importlib.import_module
    for module in ("functions.uploaded.app", "functions.maintenance.dead_jobs"):
        sys.modules.pop(module, None)


def test_an_uploaded_object_gets_its_jobs(handlers: Any, names: Mapping[str, str]) -> None:
    recordings = Recordings(DynamoTable(names["LibraryTable"]), clock=utc_now)
    recording = recordings.add(a_recording(request_id="phone-42", size=len(WAV)))
    S3Media(names["MediaBucket"]).write(source_key(recording), WAV, content_type="audio/wav")
    created = event("eventbridge_object_created")
    created["detail"]["object"]["key"] = source_key(recording)

    for _ in range(2):
        handlers("functions.uploaded.app").handler(created, None)

    assert len(recordings.get(recording.id).job_ids) == 2


def test_an_object_that_is_gone_again_changes_nothing(handlers: Any, names: Mapping[str, str]) -> None:
    recordings = Recordings(DynamoTable(names["LibraryTable"]), clock=utc_now)
    recording = recordings.add(a_recording())
    created = event("eventbridge_object_created")
    created["detail"]["object"]["key"] = source_key(recording)

    handlers("functions.uploaded.app").handler(created, None)

    assert recordings.get(recording.id) == recording


def test_a_dead_letter_ends_its_job_with_what_broke_last(handlers: Any, names: Mapping[str, str]) -> None:
    table = DynamoTable(names["LibraryTable"])
    jobs = Jobs(table, clock=utc_now)
    job = a_job(error=Failure("attempt-failed", "Attempt 5 broke (OSError)."))
    table.write(jobs.put(job))
    letter = event("sqs_dead_letter")
    letter["Records"][0]["body"] = json.dumps(json.loads(letter["Records"][0]["body"]) | {"job_id": job.id})

    answer = handlers("functions.maintenance.dead_jobs").handler(letter, None)

    dead = jobs.get(job.id)
    assert answer == {"batchItemFailures": []}
    assert (dead.status, dead.error and dead.error.code) == (Status.FAILED, "attempts-exhausted")
    assert dead.error is not None
    assert "OSError" in dead.error.detail


def test_a_dead_letter_that_cannot_be_settled_stays_in_the_queue_and_the_rest_goes(
    handlers: Any, names: Mapping[str, str]
) -> None:
    table = DynamoTable(names["LibraryTable"])
    jobs = Jobs(table, clock=utc_now)
    alive, lost = a_job(), a_job()
    for job in (alive, lost):
        table.write(jobs.put(job))
    jobs.claim(alive.id, by="a worker", lease=timedelta(hours=1))
    template = event("sqs_dead_letter")["Records"][0]
    records = [
        template | {"messageId": job.id, "body": "{", "messageAttributes": {"job_id": {"stringValue": job.id}}}
        for job in (alive, lost)
    ]

    answer = handlers("functions.maintenance.dead_jobs").handler({"Records": records}, None)

    assert answer == {"batchItemFailures": [{"itemIdentifier": alive.id}]}
    assert jobs.get(lost.id).status is Status.FAILED


def test_a_problem_leaves_lambda_as_text_with_the_callers_request_id() -> None:
    answer = handler_for(House().app)(event("http_api_v2"), None)

    assert (answer["statusCode"], answer["isBase64Encoded"]) == (401, False)
    assert answer["headers"]["content-type"] == "application/problem+json"
    assert answer["headers"]["x-request-id"] == "phone-42"
    assert json.loads(answer["body"])["request_id"] == "phone-42"


def test_a_packed_script_leaves_lambda_as_it_is_kept() -> None:
    request = event("http_api_v2")
    request["rawPath"] = request["requestContext"]["http"]["path"] = "/docs/swagger-ui-bundle.js"

    answer = handler_for(House().app)(request, None)

    assert answer["isBase64Encoded"]
    assert answer["headers"]["content-encoding"] == "gzip"
    assert b"SwaggerUIBundle" in gzip.decompress(base64.b64decode(answer["body"]))
