"""Work that is started and cancelled by its owner."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.core.accounts.model import User
from functions.core.errors import Unavailable
from functions.core.jobs.model import ClaimLost, Failure, Job, Kind, Status
from functions.core.jobs.results import Summary, summary_to_json, transcript_to_json
from functions.core.recordings.model import Recording, Work
from functions.core.recordings.orders import MOST_JOBS
from functions.core.table import Delete, Put
from tests.api.test_recordings import announce, arrive, finish
from tests.builders import a_job, a_recording, a_transcript
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


def jobs_of(house: House, owner: User, count: int, **changes: Any) -> list[Job]:
    jobs = sorted((a_job(owner_id=owner.id, **changes) for _ in range(count)), key=lambda job: job.id)
    for job in jobs:
        house.library_table.write(house.jobs.put(job))
    return jobs


def listed(client: TestClient, **filters: Any) -> list[str]:
    return [one["id"] for one in client.get("/v1/jobs", params=filters).json()["items"]]


def calls_of(house: House, act: Callable[[], Any]) -> dict[str, int]:
    house.library_table.calls.clear()
    act()
    return dict(house.library_table.calls)


def test_my_jobs_are_listed_newest_first_also_those_that_have_ended(house: House, anna: User) -> None:
    client = house.client(anna)
    queued, done, other = jobs_of(house, anna, 3)
    finish(house, done.id, b"{}")
    jobs_of(house, house.a_known_user(), 2)

    calls = calls_of(house, lambda: listed(client))

    assert listed(client) == [other.id, done.id, queued.id]
    assert calls == {"look": 1}


def test_jobs_are_found_by_what_they_are_and_what_they_are_about(house: House, anna: User) -> None:
    client = house.client(anna)
    [transcript] = jobs_of(house, anna, 1, recording_id="rec_1", batch_id="bat_1")
    [summary] = jobs_of(house, anna, 1, kind=Kind.SUMMARISE, recording_id="rec_1")
    [cancelled] = jobs_of(house, anna, 1, kind=Kind.SUMMARISE, recording_id="rec_2", status=Status.CANCELLED)

    assert listed(client, kind="summarise") == [cancelled.id, summary.id]
    assert listed(client, status="queued") == [summary.id, transcript.id]
    assert listed(client, recording_id="rec_1", status="queued", kind="summarise") == [summary.id]
    assert listed(client, batch_id="bat_1") == [transcript.id]
    assert listed(client, status="failed") == []
    assert client.get("/v1/jobs", params={"status": "lost"}).status_code == 422


def test_a_list_of_jobs_goes_on_where_it_stopped_and_only_with_the_same_filters(house: House, anna: User) -> None:
    client = house.client(anna)
    jobs = jobs_of(house, anna, 5, kind=Kind.SUMMARISE)
    jobs_of(house, anna, 2)
    asked: dict[str, Any] = {"kind": "summarise", "limit": 2}

    pages = [client.get("/v1/jobs", params=asked).json()]
    while (cursor := pages[-1]["next_cursor"]) is not None:
        pages.append(client.get("/v1/jobs", params=asked | {"cursor": cursor}).json())
    elsewhere = client.get("/v1/jobs", params={"limit": 2, "cursor": pages[0]["next_cursor"]})

    assert [one["id"] for page in pages for one in page["items"]] == [job.id for job in reversed(jobs)]
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (422, "invalid-cursor")


@pytest.mark.parametrize("end", ["failed", "cancelled"])
def test_what_came_to_nothing_is_done_once_more_by_a_new_job(house: House, anna: User, end: str) -> None:
    client = house.client(anna)
    recording = transcribed(house, client)
    old = start(client, recording, options={"model": "small", "language": "ru"}).json()["id"]
    if end == "failed":
        house.jobs.bury(old, Failure("timed-out", "Too long."))
    else:
        client.post(f"/v1/jobs/{old}/cancel")
    forget(house)

    answer = client.post(f"/v1/jobs/{old}/retry")

    body = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (202, f"/v1/jobs/{body['id']}")
    assert (body["retry_of"], body["status"], body["recording_id"]) == (old, "queued", recording.id)
    assert body["options"] == {"model": "small", "language": "ru"}
    assert house.queues.waiting() == [body["id"]]
    assert house.jobs.get(old).status == end


def test_a_retry_costs_two_reads_and_a_write(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = transcribed(house, client)
    old = start(client, recording).json()["id"]
    house.jobs.bury(old, Failure("timed-out", "Too long."))

    calls = calls_of(house, lambda: client.post(f"/v1/jobs/{old}/retry"))

    assert calls == {"get": 2, "write": 1}


def test_a_job_that_may_still_succeed_or_has_is_not_done_once_more(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = transcribed(house, client)
    running = start(client, recording).json()["id"]

    answers = [client.post(f"/v1/jobs/{job_id}/retry") for job_id in (running, recording.job_ids[0])]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [(409, "nothing-to-retry")] * 2
    assert len(house.recordings.get(recording.id).job_ids) == 2


def test_the_same_idempotency_key_retries_once_and_no_other_job(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = transcribed(house, client)
    ended = [start(client, recording).json()["id"] for _ in range(2)]
    for job_id in ended:
        client.post(f"/v1/jobs/{job_id}/cancel")

    first, again = (client.post(f"/v1/jobs/{ended[0]}/retry", headers=KEY).json() for _ in range(2))
    other = client.post(f"/v1/jobs/{ended[1]}/retry", headers=KEY)

    assert first["id"] == again["id"]
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert len(house.recordings.get(recording.id).job_ids) == 4


def test_a_summary_that_is_retried_waits_for_the_transcript_that_comes_now(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = transcribed(house, client)
    old = start(client, recording, "summarise").json()["id"]
    client.post(f"/v1/jobs/{old}/cancel")
    transcript = start(client, recording).json()["id"]

    assert client.post(f"/v1/jobs/{old}/retry").json()["after"] == transcript


def test_what_a_deleted_job_made_is_nowhere_any_more(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = transcribed(house, client)
    newer = start(client, recording).json()["id"]
    finish(house, newer, transcript_to_json(a_transcript("Second.")))

    answers = [client.delete(f"/v1/jobs/{newer}").status_code for _ in range(2)]

    assert answers == [204, 404]
    assert not any(newer in key for key in house.media.kept)
    assert house.recordings.get(recording.id).job_ids == recording.job_ids
    assert client.get(f"/v1/recordings/{recording.id}/transcript").json()["text"] == "First."


def test_deleting_a_job_at_work_cancels_it_and_what_waits_for_it(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = arrive(house, client)
    transcribe, summarise = recording.job_ids
    held = house.jobs.claim(transcribe, by="a worker", lease=timedelta(seconds=30))

    assert client.delete(f"/v1/jobs/{transcribe}").status_code == 204

    with pytest.raises(ClaimLost):
        house.jobs.finish(held, result_key="results/late", timings={})
    assert house.jobs.get(summarise).status is Status.CANCELLED
    after = house.recordings.get(recording.id)
    assert (after.job_ids, after.work) == ((summarise,), Work.NONE)


def test_what_hangs_on_a_deleted_job_goes_with_it(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = transcribed(house, client)
    [job_id] = recording.job_ids
    client.patch(f"/v1/recordings/{recording.id}/transcript", json={"segments": [{"id": 0, "text": "Once."}]})
    assert house.recordings.get(recording.id).corrections

    client.delete(f"/v1/jobs/{job_id}")

    after = house.recordings.get(recording.id)
    assert (after.corrections, after.job_ids, after.work) == ({}, (), Work.NONE)
    assert not any(job_id in key for key in house.media.kept)


@pytest.mark.parametrize("step", ["write", "remove_all"])
def test_a_deletion_that_breaks_off_is_finished_by_the_next_one(
    house: House, anna: User, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = house.client(anna)
    recording = transcribed(house, client)
    [job_id] = recording.job_ids
    broken: Any = house.library_table if step == "write" else house.media

    def break_off(*_: object) -> None:
        raise Unavailable("The power is gone.")

    with monkeypatch.context() as breaking:
        breaking.setattr(broken, step, break_off)
        assert client.delete(f"/v1/jobs/{job_id}").status_code == 503

    assert client.delete(f"/v1/jobs/{job_id}").status_code == 204
    assert house.jobs.find(job_id) is None
    assert house.recordings.get(recording.id).job_ids == ()


def test_a_job_whose_recording_is_gone_can_be_deleted(house: House, anna: User) -> None:
    [job] = jobs_of(house, anna, 1)

    assert house.client(anna).delete(f"/v1/jobs/{job.id}").status_code == 204
    assert house.jobs.find(job.id) is None
