"""Work that is started and cancelled by its owner."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.core.accounts.model import User
from functions.core.jobs.model import Failure, Job, Kind, Status
from functions.core.jobs.results import Summary, summary_to_json, transcript_to_json
from functions.core.recordings.model import Recording
from functions.core.recordings.orders import MOST_JOBS
from functions.core.table import Delete, Put
from tests.api.test_recordings import announce, arrive, finish
from tests.builders import a_recording, a_transcript
from tests.fakes.clock import FakeClock
from tests.fakes.table import FakeTable
from tests.house import House

KEY = {"Idempotency-Key": "phone-1"}


class Overtaken(FakeTable):
    """Something happens right after the next write, before its writer gets on."""

    def __init__(self) -> None:
        super().__init__()
        self.overtake: Callable[[], object] | None = None

    def write(self, *writes: Put | Delete) -> None:
        super().write(*writes)
        if (overtake := self.overtake) is not None:
            self.overtake = None
            overtake()


def start(client: TestClient, recording: Recording, kind: str = "transcribe", **more: Any) -> Any:
    headers = more.pop("headers", {})
    return client.post("/v1/jobs", json={"recording_id": recording.id, "kind": kind} | more, headers=headers)


def transcribed(house: House, client: TestClient, **changes: Any) -> Recording:
    """A recording whose transcript is there, and whose queues are empty."""
    recording = arrive(house, client, process=[{"kind": "transcribe"}], **changes)
    finish(house, recording.job_ids[0], transcript_to_json(a_transcript("First.")))
    forget(house)
    return house.recordings.get(recording.id)


def forget(house: House) -> None:
    for inbox in house.queues.inboxes.values():
        inbox.messages.clear()


def a_summary(text: str) -> bytes:
    return summary_to_json(
        Summary(text=text, bullets=(), action_items=(), coverage=1.0, engine="extractive", language="en")
    )


def test_a_summary_is_made_again_without_transcribing_again(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = transcribed(house, client)

    answer = start(client, recording, "summarise", options={"template": "sales", "questions": ["Сколько?"]})

    body = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (202, f"/v1/jobs/{body['id']}")
    assert (body["kind"], body["status"], body["after"]) == ("summarise", "queued", None)
    assert body["options"] == {"template": "sales", "questions": ["Сколько?"]}
    assert house.queues.waiting() == [body["id"]]
    assert house.recordings.get(recording.id).job_ids == (*recording.job_ids, body["id"])


def test_transcribing_again_keeps_the_recordings_language_and_says_who_asked(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = transcribed(house, client, language="ru")

    first = start(client, recording, options={"model": "small"}, headers={"X-Request-Id": "phone-42"}).json()
    second = start(client, recording, options={"language": "en"}).json()

    assert first["options"] == {"model": "small", "language": "ru"}
    assert second["options"] == {"language": "en"}
    assert house.jobs.get(first["id"]).request_id == "phone-42"


def test_the_newest_result_of_each_kind_is_the_recordings(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = transcribed(house, client)
    old = start(client, recording, "summarise").json()["id"]
    finish(house, old, a_summary("Old."))
    summary, transcript, failed = (
        start(client, recording, kind).json()["id"] for kind in ("summarise", "transcribe", "transcribe")
    )
    finish(house, summary, a_summary("New."))
    finish(house, transcript, transcript_to_json(a_transcript("Second.")))
    house.jobs.bury(failed, Failure("not-media", "No sound."))

    shown = {kind: client.get(f"/v1/recordings/{recording.id}/{kind}").json() for kind in ("transcript", "summary")}

    assert (shown["transcript"]["text"], shown["summary"]["text"]) == ("Second.", "New.")
    assert client.get(f"/v1/jobs/{old}/result").json()["text"] == "Old."


def test_a_summary_waits_for_the_transcript_in_the_making(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = transcribed(house, client)
    transcript = start(client, recording).json()["id"]
    forget(house)

    summary = start(client, recording, "summarise").json()

    assert (summary["after"], house.queues.waiting()) == (transcript, [])


@pytest.mark.parametrize(
    ("end", "status", "waiting"),
    [
        (lambda house, job_id: finish(house, job_id, transcript_to_json(a_transcript("First."))), "queued", 1),
        (lambda house, job_id: house.jobs.bury(job_id, Failure("not-media", "No sound.")), "failed", 0),
        (lambda house, job_id: house.jobs.cancel(house.jobs.get(job_id)), "cancelled", 0),
    ],
)
def test_a_summary_whose_transcript_ends_in_the_same_moment_is_not_forgotten(
    end: Callable[[House, str], Job], status: str, waiting: int
) -> None:
    table = Overtaken()
    house = House(library_table=table)
    client = house.client(house.a_known_user())
    recording = arrive(house, client, process=[{"kind": "transcribe"}])
    forget(house)
    table.overtake = lambda: end(house, recording.job_ids[0])

    summary = start(client, recording, "summarise").json()

    assert (summary["after"], summary["status"]) == (recording.job_ids[0], status)
    assert len(house.queues.waiting()) == waiting


def test_nothing_can_be_summarised_where_nothing_is_or_will_be_transcribed(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = arrive(house, client)
    house.jobs.bury(recording.job_ids[0], Failure("not-media", "No sound."))

    answer = start(client, recording, "summarise")

    assert (answer.status_code, answer.json()["code"]) == (409, "no-transcript")
    assert house.recordings.get(recording.id).job_ids == recording.job_ids


def test_only_what_was_uploaded_can_be_worked_on(clock: FakeClock) -> None:
    house = House(clock=clock)
    anna = house.a_known_user()
    client = house.client(anna)
    refused = arrive(house, client, b"a text\n" * 20)
    awaited = house.recordings.get(announce(client).json()["recording"]["id"])
    expired = house.recordings.add(a_recording(owner_id=anna.id, upload_until=clock()))

    answers = [start(client, one) for one in (refused, awaited, expired)]

    assert [one.json()["code"] for one in answers] == ["upload-refused", "not-uploaded", "upload-expired"]
    assert {one.status_code for one in answers} == {409}


def test_a_recording_of_somebody_else_or_of_nobody_is_not_there(house: House, anna: User) -> None:
    recording = transcribed(house, house.client(anna))
    stranger = house.client(house.a_known_user())

    assert start(stranger, recording).status_code == 404
    assert stranger.post("/v1/jobs", json={"recording_id": "rec_x", "kind": "transcribe"}).status_code == 404


def test_a_recording_has_so_many_jobs_and_no_more(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = transcribed(house, client)
    for _ in range(MOST_JOBS - 1):
        assert start(client, recording).status_code == 202

    answer = start(client, recording)

    assert (answer.status_code, answer.json()["code"], answer.json()["limit"]) == (409, "too-many-jobs", MOST_JOBS)
    assert len(client.get(f"/v1/recordings/{recording.id}").json()["jobs"]) == MOST_JOBS


@pytest.mark.parametrize(
    "bad",
    [
        {"kind": "dance"},
        {"kind": None},
        {"recording_id": ""},
        {"recording_id": "r" * 65},
        {"options": {"speed": 1}},
        {"options": {"model": "gigantic"}},
        {"options": {"vad": {"threshold": 2}}},
        {"kind": "summarise", "options": {"model": "small"}},
        {"kind": "summarise", "options": {"questions": ["?"]}},
        {"kind": "summarise", "options": {"prompt": "a\x00b"}},
    ],
)
def test_a_bad_request_is_refused_and_leaves_nothing(house: House, anna: User, bad: dict[str, Any]) -> None:
    client = house.client(anna)
    recording = transcribed(house, client)

    answer = client.post("/v1/jobs", json={"recording_id": recording.id, "kind": "transcribe"} | bad)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert house.recordings.get(recording.id).job_ids == recording.job_ids


def test_the_same_idempotency_key_answers_the_same_job(house: House, anna: User) -> None:
    client = house.client(anna)
    recording, other = transcribed(house, client), transcribed(house, client)

    first = start(client, recording, headers=KEY).json()
    again = start(client, recording, headers=KEY).json()
    without = start(client, recording).json()
    reused = [
        start(client, recording, headers=KEY, options={"model": "small"}),
        start(client, recording, "summarise", headers=KEY),
        start(client, other, headers=KEY),
        client.post("/v1/recordings", json={"filename": "a.mp3", "size": 1, "content_type": "audio/mpeg"}, headers=KEY),
    ]

    assert first["id"] == again["id"] != without["id"]
    assert {(one.status_code, one.json()["code"]) for one in reused} == {(422, "idempotency-key-reused")}
    assert len(house.recordings.get(recording.id).job_ids) == 3


def test_one_key_at_once_from_many_sides_makes_one_job(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = transcribed(house, client)

    with ThreadPoolExecutor(8) as pool:
        same = [pool.submit(start, client, recording, headers=KEY) for _ in range(8)]
        others = [pool.submit(start, client, recording) for _ in range(4)]
        answers = [one.result() for one in same + others]

    assert {one.status_code for one in answers} == {202}
    assert len({one.json()["id"] for one in answers[:8]}) == 1
    assert len(house.recordings.get(recording.id).job_ids) == 1 + 1 + 4


def test_a_request_that_died_before_the_queue_knew_is_made_good_by_its_repetition(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = transcribed(house, client)
    job_id = start(client, recording, headers=KEY).json()["id"]
    forget(house)

    start(client, recording, headers=KEY)

    assert house.queues.waiting() == [job_id]


def test_a_repeated_request_for_a_job_under_way_enqueues_nothing(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = transcribed(house, client)
    job_id = start(client, recording, headers=KEY).json()["id"]
    forget(house)
    house.jobs.claim(job_id, by="a worker", lease=timedelta(seconds=30))

    assert start(client, recording, headers=KEY).json()["status"] == "running"
    assert house.queues.waiting() == []


def test_a_job_that_nobody_starts_is_enqueued_again_when_somebody_looks_but_seldom(clock: FakeClock) -> None:
    house = House(clock=clock)
    client = house.client(house.a_known_user())
    recording = transcribed(house, client)
    job_id = start(client, recording).json()["id"]
    forget(house)
    told = []
    for _ in range(9):
        clock.pass_time(timedelta(seconds=30))
        assert client.get(f"/v1/jobs/{job_id}").json()["status"] == "queued"
        told.append(len(house.queues.waiting()))

    assert told == [0, 1, 1, 2, 2, 2, 2, 3, 3]


def test_a_job_that_waits_for_another_one_is_not_enqueued_by_looking(clock: FakeClock) -> None:
    house = House(clock=clock)
    anna = house.a_known_user()
    recording = arrive(house, house.client(anna))
    forget(house)
    clock.pass_time(timedelta(minutes=5))

    house.client(anna).get(f"/v1/jobs/{recording.job_ids[1]}")

    assert house.queues.waiting() == []


def test_a_cancelled_transcript_takes_the_summary_that_waits_for_it_along(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = arrive(house, client)
    transcribe, summarise = recording.job_ids

    answers = [client.post(f"/v1/jobs/{transcribe}/cancel") for _ in range(2)]

    assert [(one.status_code, one.json()["status"]) for one in answers] == [(200, "cancelled")] * 2
    assert house.jobs.get(summarise).status is Status.CANCELLED


def test_a_cancelled_summary_leaves_its_transcript_alone(house: House, anna: User) -> None:
    client = house.client(anna)
    transcribe, summarise = arrive(house, client).job_ids

    client.post(f"/v1/jobs/{summarise}/cancel")

    assert (house.jobs.get(transcribe).kind, house.jobs.get(transcribe).status) == (Kind.TRANSCRIBE, Status.QUEUED)


def test_a_running_job_can_be_cancelled_and_a_finished_one_cannot(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = transcribed(house, client)
    running = start(client, recording).json()["id"]
    house.jobs.claim(running, by="a worker", lease=timedelta(seconds=30))

    cancelled = client.post(f"/v1/jobs/{running}/cancel").json()
    late = client.post(f"/v1/jobs/{recording.job_ids[0]}/cancel")

    assert (cancelled["status"], cancelled["attempts"]) == ("cancelled", 1)
    assert (late.status_code, late.json()["code"]) == (409, "job-already-finished")


def test_nobody_cancels_the_job_of_somebody_else(house: House, anna: User) -> None:
    recording = arrive(house, house.client(anna))

    answer = house.client(house.a_known_user()).post(f"/v1/jobs/{recording.job_ids[0]}/cancel")

    assert (answer.status_code, house.jobs.get(recording.job_ids[0]).status) == (404, Status.QUEUED)
