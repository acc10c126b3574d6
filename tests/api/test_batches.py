"""Many recordings, one kind of work."""

from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.core.accounts.model import Role, User
from functions.core.errors import Unavailable
from functions.core.jobs.model import Failure, Job, Kind, Lane, Status
from functions.core.jobs.results import transcript_to_json
from functions.core.recordings.media import source_key
from functions.core.recordings.model import Recording, RecordingStatus
from functions.core.table import Changed, Delete, Put, Unchanged
from tests.api.test_recordings import finish
from tests.builders import a_job, a_recording, a_transcript
from tests.fakes.clock import FakeClock
from tests.fakes.table import FakeTable
from tests.house import House

KEY = {"Idempotency-Key": "nightly"}
COMING = {"filename": "звонок.wav", "size": 100, "content_type": "audio/wav"}


@pytest.fixture
def house(clock: FakeClock) -> House:
    return House(clock=clock)


def there(house: House, owner: User, count: int, **changes: Any) -> list[Recording]:
    uploaded: dict[str, Any] = {"stored_status": RecordingStatus.UPLOADED, "owner_id": owner.id}
    return [house.recordings.add(a_recording(**uploaded | changes)) for _ in range(count)]


def start(client: TestClient, ids: list[str], kind: str = "transcribe", **more: Any) -> Any:
    headers = more.pop("headers", {})
    return client.post("/v1/batches", json={"recording_ids": ids, "kind": kind} | more, headers=headers)


def ids_of(recordings: list[Recording]) -> list[str]:
    return [recording.id for recording in recordings]


def counts(batch: dict[str, Any]) -> tuple[int, int, int, int]:
    return batch["total"], batch["completed"], batch["failed"], batch["cancelled"]


def read(client: TestClient, batch: dict[str, Any]) -> Any:
    return client.get(f"/v1/batches/{batch['id']}").json()


def end(house: House, job_id: str, status: Status = Status.SUCCEEDED) -> Job:
    if status is Status.FAILED:
        held = house.jobs.claim(job_id, by="test", lease=timedelta(seconds=30))
        return house.jobs.fail(held, Failure("not-media", "No sound."))
    return finish(house, job_id, transcript_to_json(a_transcript("Well.")))


def test_each_recording_gets_a_job_and_the_batch_counts_how_they_end(house: House, anna: User) -> None:
    client = house.client(anna)
    recordings = there(house, anna, 3)

    answer = start(client, ids_of(recordings), options={"model": "small"})
    batch = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (202, f"/v1/batches/{batch['id']}")
    assert (batch["status"], batch["progress"], counts(batch)) == ("running", 0, (3, 0, 0, 0))
    jobs = house.jobs.get_many(batch["job_ids"])
    assert [(job.recording_id, job.options, job.batch_id) for job in jobs] == [
        (one.id, {"model": "small"}, batch["id"]) for one in recordings
    ]
    assert sorted(house.queues.waiting()) == batch["job_ids"]

    end(house, jobs[0].id)
    end(house, jobs[1].id, Status.FAILED)
    house.settle()
    assert counts(read(client, batch)) == (3, 1, 1, 0)
    client.delete(f"/v1/jobs/{jobs[2].id}")
    house.settle()
    after = read(client, batch)
    assert (after["status"], after["progress"], counts(after)) == ("failed", 1, (3, 1, 1, 1))


@pytest.mark.parametrize(
    ("ends", "status"),
    [
        ([Status.SUCCEEDED, Status.SUCCEEDED], "succeeded"),
        ([Status.SUCCEEDED, Status.FAILED], "failed"),
        ([Status.SUCCEEDED, Status.CANCELLED], "cancelled"),
        ([Status.SUCCEEDED, None], "running"),
    ],
)
def test_a_batch_is_as_its_worst_recording(house: House, anna: User, ends: list[Status | None], status: str) -> None:
    client = house.client(anna)
    batch = start(client, ids_of(there(house, anna, 2))).json()
    for job_id, how in zip(batch["job_ids"], ends, strict=True):
        if how is Status.CANCELLED:
            client.post(f"/v1/jobs/{job_id}/cancel")
        elif how is not None:
            end(house, job_id, how)
    house.settle()

    assert read(client, batch)["status"] == status
    assert [one["status"] for one in client.get("/v1/batches").json()["items"]] == [status]


def test_what_can_get_no_job_is_said_and_holds_up_no_other(house: House, anna: User) -> None:
    client = house.client(anna)
    [fine] = there(house, anna, 1)
    [full] = there(house, anna, 1, job_ids=tuple(f"job_{number}" for number in range(100)))
    [strangers] = there(house, house.a_known_user(), 1)
    awaited = house.recordings.add(a_recording(owner_id=anna.id))

    batch = start(client, ["rec_x", fine.id, strangers.id, awaited.id, full.id, fine.id]).json()

    assert {one["recording_id"]: one["code"] for one in batch["refused"]} == {
        "rec_x": "not-found",
        strangers.id: "not-found",
        awaited.id: "not-uploaded",
        full.id: "too-many-jobs",
    }
    assert (len(batch["job_ids"]), counts(batch)) == (1, (5, 0, 4, 0))
    assert house.recordings.get(strangers.id).job_ids == ()


def test_summaries_of_a_batch_need_a_transcript_or_wait_for_one(house: House, anna: User) -> None:
    client = house.client(anna)
    ready, coming, without = there(house, anna, 3)
    for recording, status in ((ready, Status.SUCCEEDED), (coming, Status.QUEUED)):
        job = a_job(owner_id=anna.id, recording_id=recording.id, status=status, result_key="results/x")
        house.recordings.add_job(recording, job.id, lambda _, job=job: job)  # type: ignore[misc]

    batch = start(client, ids_of([ready, coming, without]), "summarise", preset="sales").json()

    assert [(one["recording_id"], one["code"]) for one in batch["refused"]] == [(without.id, "no-transcript")]
    first, second = house.jobs.get_many(batch["job_ids"])
    assert (first.after, second.after) == (None, house.recordings.get(coming.id).job_ids[0])
    assert (batch["preset"], first.preset, first.options["template"]) == ("sales", "sales", "sales")
    assert house.queues.waiting() == [first.id]


def test_an_admin_may_name_recordings_of_others_whose_jobs_are_theirs(house: House, anna: User) -> None:
    [recording] = there(house, anna, 1)

    batch = start(house.client(house.a_known_user(role=Role.ADMIN)), [recording.id]).json()

    assert [job.owner_id for job in house.jobs.get_many(batch["job_ids"])] == [anna.id]


@pytest.mark.parametrize(
    "body",
    [
        {"recording_ids": [], "kind": "transcribe"},
        {"recording_ids": [f"rec_{number}" for number in range(1001)], "kind": "transcribe"},
        {"uploads": [], "kind": "transcribe"},
        {"uploads": [COMING] * 101, "kind": "transcribe"},
        {"kind": "transcribe"},
        {"recording_ids": ["rec_1"], "uploads": [COMING], "kind": "transcribe"},
        {"recording_ids": ["rec_1"], "kind": "dance"},
        {"recording_ids": ["rec_1"], "kind": "summarise", "options": {"model": "small"}},
        {"uploads": [COMING | {"size": 0}], "kind": "transcribe"},
    ],
    ids=str,
)
def test_a_bad_batch_is_refused_as_a_whole(house: House, anna: User, body: dict[str, Any]) -> None:
    client = house.client(anna)

    assert client.post("/v1/batches", json=body).status_code == 422
    assert client.get("/v1/batches").json()["items"] == []


def test_a_thousand_recordings_cost_two_calls_for_each_twenty(house: House, anna: User) -> None:
    client = house.client(anna)
    ids = ids_of(there(house, anna, 1000))
    house.library_table.calls.clear()

    batch = start(client, ids).json()

    assert (len(batch["job_ids"]), len(set(house.queues.waiting())), batch["refused"]) == (1000, 1000, [])
    # Of each part its recordings, then all its jobs; the batch, and that it is made.
    assert dict(house.library_table.calls) == {"get_many": 50, "write": 50 + 2}
    house.library_table.calls.clear()
    assert len(read(client, batch)["job_ids"]) == 1000
    assert dict(house.library_table.calls) == {"get_many": 1}


def test_the_same_idempotency_key_answers_the_same_batch(house: House, anna: User) -> None:
    client = house.client(anna)
    ids = ids_of(there(house, anna, 2))

    first, again = (start(client, ids, headers=KEY).json() for _ in range(2))
    others = [
        start(client, ids[:1], headers=KEY),
        start(client, ids, headers=KEY, options={"model": "small"}),
        start(client, ids, headers=KEY, preset="fast"),
    ]

    assert (first["id"], first["job_ids"]) == (again["id"], again["job_ids"])
    assert {one.json()["code"] for one in others} == {"idempotency-key-reused"}
    assert [len(house.recordings.get(one).job_ids) for one in ids] == [1, 1]


class Dying(FakeTable):
    """Breaks at a write; whoever wrote is gone."""

    def __init__(self) -> None:
        super().__init__()
        self.left: int | None = None

    def write(self, *writes: Put | Delete | Unchanged) -> None:
        if self.left is not None and any("JOB#" in write.pk for write in writes):
            if self.left == 0:
                raise Unavailable("The power is gone.")
            self.left -= 1
        super().write(*writes)


@pytest.mark.parametrize("heal", ["repeat", "look"])
@pytest.mark.parametrize("left", [0, 2])
def test_a_batch_whose_maker_died_is_completed(clock: FakeClock, heal: str, left: int) -> None:
    table = Dying()
    house = House(clock=clock, library_table=table)
    anna = house.a_known_user()
    client, ids = house.client(anna), ids_of(there(house, anna, 50))
    table.left = left
    assert start(client, ids, headers=KEY).status_code == 503
    table.left = None
    [begun] = client.get("/v1/batches").json()["items"]

    if heal == "look":
        assert len([one for one in ids if house.recordings.get(one).job_ids]) < 50
        clock.pass_time(timedelta(minutes=1))
        batch = read(client, begun)
    else:
        batch = start(client, ids, headers=KEY).json()

    assert (batch["id"], len(batch["job_ids"]), batch["failed"]) == (begun["id"], 50, 0)
    assert {job.id for job in house.jobs.get_many(batch["job_ids"])} <= set(house.queues.waiting())


def test_a_recording_that_changes_meanwhile_gets_its_job_all_the_same(house: House, anna: User) -> None:
    class Racing(FakeTable):
        """Somebody else renames each recording right before the jobs are written."""

        raced = 0

        def write(self, *writes: Put | Delete | Unchanged) -> None:
            if any("JOB#" in write.pk for write in writes) and self.raced < 1:
                self.raced += 1
                raise Changed
            super().write(*writes)

    house = House(library_table=Racing())
    anna = house.a_known_user()
    recordings = there(house, anna, 3)

    batch = start(house.client(anna), ids_of(recordings)).json()

    assert (len(batch["job_ids"]), batch["refused"]) == (3, [])
    assert [house.recordings.get(one.id).job_ids for one in recordings] == [(one,) for one in batch["job_ids"]]


def test_a_cancelled_batch_ends_what_has_not_ended_and_what_waits_for_it(house: House, anna: User) -> None:
    client = house.client(anna)
    recordings = there(house, anna, 3)
    batch = start(client, ids_of(recordings)).json()
    done, running, _ = batch["job_ids"]
    summary = client.post("/v1/jobs", json={"recording_id": recordings[1].id, "kind": "summarise"}).json()["id"]
    end(house, done)
    house.jobs.claim(running, by="a worker", lease=timedelta(seconds=30))

    answers = [client.post(f"/v1/batches/{batch['id']}/cancel") for _ in range(2)]
    house.settle()

    assert [(one.status_code, counts(one.json())) for one in answers] == [(200, (3, 1, 0, 2))] * 2
    assert counts(read(client, batch)) == (3, 1, 0, 2)
    assert house.jobs.get(summary).status is Status.CANCELLED
    assert [house.recordings.get(one.id).work for one in recordings] == ["done", "none", "none"]


def test_a_batch_that_is_just_being_made_is_not_cancelled(house: House, anna: User, clock: FakeClock) -> None:
    table = Dying()
    house = House(clock=clock, library_table=table)
    anna = house.a_known_user()
    client, ids = house.client(anna), ids_of(there(house, anna, 30))
    table.left = 1
    assert start(client, ids).status_code == 503
    table.left = None
    [begun] = client.get("/v1/batches").json()["items"]

    early = client.post(f"/v1/batches/{begun['id']}/cancel")
    clock.pass_time(timedelta(minutes=1))
    late = client.post(f"/v1/batches/{begun['id']}/cancel")

    assert (early.status_code, early.json()["code"]) == (409, "busy")
    assert (late.status_code, counts(late.json())) == (200, (30, 0, 0, 30))
    assert {job.status for job in house.jobs.get_many(late.json()["job_ids"])} == {Status.CANCELLED}


def test_a_batch_of_somebody_else_is_not_there(house: House, anna: User) -> None:
    batch = start(house.client(anna), ["rec_x"]).json()
    stranger = house.client(house.a_known_user())

    assert stranger.get(f"/v1/batches/{batch['id']}").status_code == 404
    assert stranger.post(f"/v1/batches/{batch['id']}/cancel").status_code == 404
    assert stranger.get("/v1/batches").json()["items"] == []


# Recordings to come


def announce(client: TestClient, count: int, **more: Any) -> Any:
    headers, kind = more.pop("headers", {}), more.pop("kind", "transcribe")
    uploads = [COMING | {"title": f"№ {number}"} | more for number in range(count)]
    return client.post("/v1/batches", json={"uploads": uploads, "kind": kind}, headers=headers)


def arrive(house: House, recording_id: str, body: bytes = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(84)) -> Recording:
    recording = house.recordings.get(recording_id)
    house.media.write(source_key(recording), body, content_type=recording.content_type)
    house.arrivals.take_in(source_key(recording))
    house.settle()
    return house.recordings.get(recording_id)


def test_recordings_to_come_get_forms_and_with_their_bytes_their_jobs(house: House, anna: User) -> None:
    client = house.client(anna)

    answer = announce(client, 3, language="ru")
    batch = answer.json()
    ids = [one["recording_id"] for one in batch["uploads"]]
    assert (answer.status_code, answer.headers["location"]) == (201, f"/v1/batches/{batch['id']}")
    assert [house.recordings.get(one).title for one in ids] == ["№ 0", "№ 1", "№ 2"]
    assert [one["upload"]["fields"]["key"].split("/")[2] for one in batch["uploads"]] == ids
    assert (batch["status"], batch["job_ids"], counts(batch)) == ("running", [], (3, 0, 0, 0))

    [job_id] = arrive(house, ids[1]).job_ids
    job = house.jobs.get(job_id)
    assert (job.batch_id, job.kind, job.options) == (batch["id"], Kind.TRANSCRIBE, {"language": "ru"})
    assert read(client, batch)["job_ids"] == [job_id]
    end(house, job_id)
    house.settle()
    assert counts(read(client, batch)) == (3, 1, 0, 0)


def test_what_never_comes_is_refused_or_deleted_before_counts_as_failed(
    house: House, anna: User, clock: FakeClock
) -> None:
    client = house.client(anna)
    batch = announce(client, 4).json()
    never, refused, deleted, fine = (one["recording_id"] for one in batch["uploads"])
    arrive(house, refused, b"a text\n" * 14 + b"..")
    client.delete(f"/v1/recordings/{deleted}")
    end(house, arrive(house, fine).job_ids[0])
    house.settle()
    assert (read(client, batch)["status"], counts(read(client, batch))) == ("running", (4, 1, 2, 0))

    clock.pass_time(timedelta(hours=1))

    client = house.client(anna)
    after = read(client, batch)
    assert (after["status"], counts(after)) == ("failed", (4, 1, 3, 0))
    assert client.get("/v1/batches").json()["items"][0]["status"] == "failed"
    assert {one["recording_id"]: one["code"] for one in after["refused"]} == {
        refused: "not-media",
        deleted: "recording-deleted",
    }
    assert house.recordings.find(never) is not None


def test_the_same_announcement_again_signs_the_forms_anew_and_completes_what_is_missing(clock: FakeClock) -> None:
    house = House(clock=clock)
    anna = house.a_known_user()
    client = house.client(anna)
    first = announce(client, 3, headers=KEY).json()
    gone, come, awaited = (one["recording_id"] for one in first["uploads"])
    house.library_table.documents.pop(f"RECORDING#{gone}")
    arrive(house, come)
    clock.pass_time(timedelta(minutes=30))

    again = announce(house.client(anna), 3, headers=KEY).json()
    other = announce(house.client(anna), 2, headers=KEY)

    assert [one["recording_id"] for one in again["uploads"]] == [gone, come, awaited]
    assert [one["upload"] is not None for one in again["uploads"]] == [True, False, True]
    assert house.recordings.get(awaited).upload_until == clock() + timedelta(hours=1)
    assert again["upload_until"] == (clock() + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    assert (again["id"], other.json()["code"]) == (first["id"], "idempotency-key-reused")


def test_nothing_is_done_any_more_with_uploads_of_a_cancelled_batch(house: House, anna: User) -> None:
    client = house.client(anna)
    batch = announce(client, 2).json()
    there, coming = (one["recording_id"] for one in batch["uploads"])
    arrive(house, there)

    cancelled = client.post(f"/v1/batches/{batch['id']}/cancel").json()
    late = arrive(house, coming)

    assert (cancelled["status"], counts(cancelled)) == ("cancelled", (2, 0, 0, 2))
    assert (late.stored_status, late.job_ids) == (RecordingStatus.UPLOADED, ())
    assert read(client, batch) == cancelled


@pytest.mark.parametrize(
    ("upload", "status", "code"),
    [
        ({"size": 5 * 1024**3 + 1}, 413, "too-large"),
        ({"content_type": "text/plain"}, 422, "unsupported-media-type"),
        ({"location_id": "loc_x"}, 422, "unknown-location"),
    ],
)
def test_one_wrong_upload_refuses_all_and_leaves_nothing(
    house: House, anna: User, upload: dict[str, Any], status: int, code: str
) -> None:
    client = house.client(anna)

    answer = client.post("/v1/batches", json={"uploads": [COMING, COMING | upload], "kind": "transcribe"})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json().get("upload") == (None if code == "unknown-location" else 1)
    assert client.get("/v1/recordings").json()["items"] == client.get("/v1/batches").json()["items"] == []


def test_a_key_that_may_announce_nothing_starts_no_batch_of_uploads(house: House, anna: User) -> None:
    made = house.client(anna).post("/v1/api-keys", json={"name": "one", "scopes": ["account:write", "jobs:write"]})

    answer = announce(house.client(bearer=made.json()["secret"]), 1)

    assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")


def test_a_hundred_uploads_are_announced_in_a_handful_of_calls(house: House, anna: User) -> None:
    client = house.client(anna)
    house.library_table.calls.clear()

    batch = announce(client, 100).json()

    assert len({one["upload"]["fields"]["key"] for one in batch["uploads"]}) == 100
    # The batch, five parts of twenty, and that it is made.
    assert house.library_table.calls["write"] == 7


def test_ended_jobs_of_a_batch_are_noted_in_one_write_for_all_that_come_together(house: House, anna: User) -> None:
    batch = start(house.client(anna), ids_of(there(house, anna, 40))).json()
    house.settle()
    for job_id in batch["job_ids"]:
        end(house, job_id)
    before = house.library_table.documents[f"BATCH_ENTRIES#{batch['id']}"]["version"]

    house.settle()

    assert house.library_table.documents[f"BATCH_ENTRIES#{batch['id']}"]["version"] == before + 1
    assert counts(read(house.client(anna), batch)) == (40, 40, 0, 0)


def test_the_batches_of_an_owner_are_forgotten_with_them(house: House, anna: User) -> None:
    batches = [start(house.client(one), ["rec_x"]).json()["id"] for one in (anna, anna, house.a_known_user())]

    house.batches.forget_owner(anna.id)

    left = {pk for pk in house.library_table.documents if pk.startswith("BATCH")}
    assert left == {f"BATCH#{batches[2]}", f"BATCH_ENTRIES#{batches[2]}"}


def test_lanes_are_told_in_their_own_queues(house: House, anna: User) -> None:
    start(house.client(anna), ids_of(there(house, anna, 25)))

    waiting = {lane: depth.waiting for lane, depth in house.queues.lanes().items()}
    assert waiting == {Lane.SPEECH: 25, Lane.LANGUAGE: 0, Lane.PICTURES: 0}
