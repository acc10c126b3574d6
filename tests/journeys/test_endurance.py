"""What breaks, mends itself: a worker that is killed, a message that cannot be read, one that comes twice."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.journeys.caller import Caller
from tests.journeys.conftest import watched_system
from tests.local_system import LocalSystem, eventually
from tests.speech_synthesis import SAMPLE_RATE, conversation, encode

pytestmark = pytest.mark.journey

SENTENCES = ["Send the invoice to Anna by Friday.", "The meeting is on Tuesday at ten."] * 30


@pytest.fixture(scope="module")
def own_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    with watched_system(tmp_path_factory.mktemp("broken")) as running:
        yield running


@pytest.fixture
def bert(own_system: LocalSystem) -> Iterator[Caller]:
    with Caller.registered(own_system.url) as caller:
        yield caller


@pytest.fixture(scope="module")
def long_talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("talk") / "talk.mp3"
    encode(path, conversation(SENTENCES, "en-us"), SAMPLE_RATE)
    return path


def running_transcription(caller: Caller, recording_id: str) -> dict[str, object]:
    def look() -> dict[str, object] | None:
        jobs = caller.recording(recording_id)["jobs"]
        is_at_it = jobs and jobs[0]["status"] == "running" and jobs[0]["stage"] == "transcribing"
        return jobs[0] if is_at_it else None

    return eventually(look, within=60)  # type: ignore[no-any-return]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_job_whose_worker_dies_is_finished_by_the_next_one_once(
    own_system: LocalSystem, bert: Caller, long_talk: Path, how: signal.Signals
) -> None:
    recording_id = bert.upload(long_talk, process=[{"kind": "transcribe"}])
    running_transcription(bert, recording_id)

    os.kill(own_system.worker, how)
    job = bert.settled(recording_id)["jobs"][0]

    assert (job["status"], job["attempts"]) == ("succeeded", 2)
    assert bert.transcript(recording_id).json()["text"].count("invoice") == 30


def sqs(system: LocalSystem) -> Any:
    return boto3.client("sqs", endpoint_url=system.aws_url, region_name="eu-central-1", **system.root_credentials())


def speech_queue(system: LocalSystem) -> str:
    urls = sqs(system).list_queues()["QueueUrls"]
    return next(url for url in urls if "SpeechQueue" in url)


def test_a_message_that_cannot_be_read_ends_its_job_with_a_reason(
    own_system: LocalSystem, bert: Caller, long_talk: Path
) -> None:
    # No worker may be quicker than we are.
    first = bert.upload(long_talk, process=[{"kind": "transcribe"}])
    running_transcription(bert, first)
    recording_id = bert.upload(long_talk, process=[{"kind": "transcribe"}])
    job = eventually(lambda: bert.recording(recording_id)["jobs"], within=30)[0]
    url = speech_queue(own_system)
    message = eventually(
        lambda: sqs(own_system).receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"), within=30
    )[0]
    sqs(own_system).delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    sqs(own_system).send_message(
        QueueUrl=url,
        MessageBody="{not json",
        MessageAttributes={"job_id": {"DataType": "String", "StringValue": job["id"]}},
    )

    dead = bert.settled(recording_id)["jobs"][0]

    assert (dead["status"], dead["error"]["code"]) == ("failed", "message-unreadable")


def test_the_same_upload_reported_twice_makes_one_set_of_jobs(bert: Caller, long_talk: Path) -> None:
    announced = bert.announce(long_talk, process=[{"kind": "transcribe"}])
    body = long_talk.read_bytes()

    bert.send(announced["upload"], body).raise_for_status()
    bert.send(announced["upload"], body).raise_for_status()
    recording = bert.settled(announced["recording"]["id"])

    assert len(recording["jobs"]) == 1
    assert recording["jobs"][0]["status"] == "succeeded"


def test_a_request_id_follows_a_recording_from_the_api_to_the_worker(
    own_system: LocalSystem, bert: Caller, long_talk: Path
) -> None:
    bert.http.headers["X-Request-Id"] = "phone-4711"
    bert.settled(bert.upload(long_talk))

    lines = [line for line in own_system.log.splitlines() if "phone-4711" in line]

    for process in ("recordings", "uploaded", "worker"):
        assert any(f"process={process}" in line for line in lines), process
