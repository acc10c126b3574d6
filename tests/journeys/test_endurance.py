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


@pytest.fixture(scope="module")
def hours(long_talk: Path) -> Path:
    # Frames of mp3 can be strung together.
    path = long_talk.with_name("hours.mp3")
    path.write_bytes(long_talk.read_bytes() * 12)
    return path


def test_a_cancelled_job_stops_in_the_middle_and_leaves_nothing(
    own_system: LocalSystem, bert: Caller, hours: Path
) -> None:
    recording_id = bert.upload(hours)
    job = running_transcription(bert, recording_id)

    answer = bert.http.post(f"/v1/jobs/{job['id']}/cancel")
    jobs = bert.settled(recording_id)["jobs"]
    eventually(lambda: "job lost" in own_system.log, within=10)

    assert answer.status_code == 200
    assert [one["status"] for one in jobs] == ["cancelled", "cancelled"]
    assert bert.transcript(recording_id).json()["code"] == "transcript-failed"
    assert eventually(lambda: not results_of(own_system, str(job["id"])) or None, within=20)


def results_of(system: LocalSystem, job_id: str) -> list[str]:
    client = boto3.client("s3", endpoint_url=system.aws_url, region_name="eu-central-1", **system.root_credentials())
    (bucket,) = [one["Name"] for one in client.list_buckets()["Buckets"] if "media" in one["Name"].lower()]
    listed = client.list_object_versions(Bucket=bucket, Prefix=f"results/{job_id}/")
    return [one["Key"] for one in listed.get("Versions", [])]


def sqs(system: LocalSystem) -> Any:
    return boto3.client("sqs", endpoint_url=system.aws_url, region_name="eu-central-1", **system.root_credentials())


def language_queue(system: LocalSystem) -> str:
    urls = sqs(system).list_queues()["QueueUrls"]
    return next(url for url in urls if "LanguageQueue" in url)


def test_a_message_that_cannot_be_read_ends_its_job_with_a_reason(
    own_system: LocalSystem, bert: Caller, hours: Path
) -> None:
    # The summary waits for the transcript: no message of its own can be quicker than ours.
    recording_id = bert.upload(hours)
    running_transcription(bert, recording_id)
    transcribe, summarise = bert.recording(recording_id)["jobs"]

    sqs(own_system).send_message(
        QueueUrl=language_queue(own_system),
        MessageBody="{not json",
        MessageAttributes={"job_id": {"DataType": "String", "StringValue": summarise["id"]}},
    )
    dead = eventually(lambda: (job := bert.recording(recording_id)["jobs"][1])["status"] == "failed" and job, within=60)
    bert.http.post(f"/v1/jobs/{transcribe['id']}/cancel")

    assert dead["error"]["code"] == "message-unreadable"


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
