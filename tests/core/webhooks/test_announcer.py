"""What happens to recordings and jobs, as webhooks are told of it."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.core.accounts.model import User
from functions.core.jobs.followers import settle_followers
from functions.core.jobs.model import Failure
from functions.core.webhooks.announcer import Announcer
from functions.core.webhooks.model import Endpoint, EventType, Trouble
from tests.builders import NOON, a_recording, a_transcript
from tests.fakes.clock import FakeClock
from tests.house import WAV, House
from tests.webhook_builders import a_webhook

MINUTE = timedelta(minutes=1)


@pytest.fixture
def house(clock: FakeClock) -> House:
    return House(clock=clock)


@pytest.fixture
def anna(house: House) -> User:
    return house.a_known_user()


def registered(house: House, owner: User, **changes: Any) -> Endpoint:
    return house.registry.add(a_webhook(**changes), owner_id=owner.id, idempotency_key=None).webhook


def told(house: House, webhook: Endpoint) -> list[dict[str, Any]]:
    """All that is on its way to a webhook, in the order in which it was written down."""
    house.settle()
    documents = [one for pk, one in house.library_table.documents.items() if pk.startswith("DELIVERY#")]
    return [json.loads(one["payload"]) for one in documents if one["webhook_id"] == webhook.id]


def types(messages: list[dict[str, Any]]) -> list[str]:
    return [message["type"] for message in messages]


def test_from_an_upload_to_its_summary_everything_is_told_once_and_no_word_that_was_said(
    house: House, anna: User
) -> None:
    webhook = registered(house, anna)
    recording = house.a_transcribed_recording(anna, a_transcript("A secret word."), title="встреча")
    summary = house.jobs.claim(recording.job_ids[1], by="w", lease=MINUTE)
    done = house.jobs.finish(summary, result_key="results/x", timings={})
    settle_followers(done, jobs=house.jobs, recordings=house.recordings, queues=house.queues)

    messages = told(house, webhook)

    assert types(messages) == [
        "recording.uploaded",
        "job.started",
        "job.succeeded",
        "job.started",
        "job.succeeded",
        "recording.ready",
    ]
    assert "secret word" not in repr(messages)
    assert messages[-1]["data"] == {
        "id": recording.id,
        "title": "встреча",
        "status": "uploaded",
        "work": "done",
        "duration": None,
        "language": None,
        "location_id": None,
        "error": None,
        "links": {
            "recording": f"/v1/recordings/{recording.id}",
            "transcript": f"/v1/recordings/{recording.id}/transcript",
            "summary": f"/v1/recordings/{recording.id}/summary",
        },
    }
    assert messages[2] == {
        "type": "job.succeeded",
        "timestamp": NOON.isoformat().replace("+00:00", "Z"),
        "data": {
            "id": recording.job_ids[0],
            "kind": "transcribe",
            "status": "succeeded",
            "recording_id": recording.id,
            "error": None,
            "links": {
                "job": f"/v1/jobs/{recording.job_ids[0]}",
                "result": f"/v1/jobs/{recording.job_ids[0]}/result",
                "recording": f"/v1/recordings/{recording.id}",
            },
        },
    }


def test_what_people_change_what_is_refused_and_what_is_deleted_is_told(house: House, anna: User) -> None:
    webhook = registered(house, anna)
    recording = house.recordings.add(a_recording(owner_id=anna.id))
    refused = house.uploaded(house.recordings.add(a_recording(owner_id=anna.id)), b"a text\n" * 20)
    changed = house.recordings.change(recording, lambda fresh: replace(fresh, title="новое", location_id="loc_1"))
    house.settle()
    house.recordings.delete(changed)

    messages = told(house, webhook)

    # The form takes no other size than was announced, and whoever writes that changes nothing that people do.
    assert types(messages) == ["recording.refused", "recording.updated", "recording.deleted"]
    assert (messages[0]["data"]["id"], messages[0]["data"]["error"]["code"]) == (refused.id, "not-media")
    assert messages[1]["data"]["changed"] == ["title", "location_id"]
    assert messages[2]["data"] == {"id": recording.id, "title": "новое", "status": "deleted"}


def test_a_job_that_fails_or_is_cancelled_is_told_and_its_second_attempt_is_no_start(house: House, anna: User) -> None:
    webhook = registered(house, anna)
    recording = house.uploaded(house.recordings.add(a_recording(owner_id=anna.id)), WAV)
    first, second = recording.job_ids
    for _ in range(2):
        held = house.jobs.claim(first, by="w", lease=MINUTE)
        house.jobs.release(held, reason=Failure("attempt-failed", "It broke."))
    house.jobs.bury(first, Failure("attempts-exhausted", "It broke too often."))
    house.jobs.cancel(house.jobs.get(second))

    messages = told(house, webhook)

    assert types(messages)[1:] == ["job.started", "job.failed", "job.cancelled"]
    assert messages[2]["data"]["error"] == {"code": "attempts-exhausted", "detail": "It broke too often."}


def test_a_webhook_is_told_what_it_wants_and_one_that_is_disabled_nothing(house: House, anna: User) -> None:
    chosen = registered(house, anna, events=(EventType.RECORDING_UPLOADED,))
    off = registered(house, anna, disabled=Trouble(code="gone", detail="Gone.", at=NOON))
    everything = registered(house, anna)
    others = registered(house, house.a_known_user())
    recording = house.uploaded(house.recordings.add(a_recording(owner_id=anna.id)), WAV)
    house.jobs.cancel(house.jobs.get(recording.job_ids[1]))

    assert types(told(house, chosen)) == ["recording.uploaded"]
    assert types(told(house, everything)) == ["recording.uploaded", "job.cancelled"]
    assert told(house, off) == told(house, others) == []


def test_the_same_change_told_twice_is_the_same_messages_and_those_nobody_has_tried_are_queued_again(
    house: House, anna: User
) -> None:
    one, other = registered(house, anna), registered(house, anna)
    house.uploaded(house.recordings.add(a_recording(owner_id=anna.id)), WAV)
    changes = list(house.library_table.changes)
    before = [told(house, one), told(house, other)]
    messages = {document["message_id"] for document in house.library_table.documents.values() if "payload" in document}
    queued = len(house.delivery_queue.waiting)

    for reaction in house.reactions:
        reaction.react(changes)

    assert [told(house, one), told(house, other)] == before
    assert len(messages) == len(before[0]) == 1
    assert len(house.delivery_queue.waiting) == 2 * queued == 4


def test_that_nobody_wants_to_know_anything_costs_one_read_for_all_changes(house: House) -> None:
    for _ in range(20):
        house.uploaded(house.recordings.add(a_recording(owner_id=house.a_known_user().id)), WAV)
    (announcer,) = [one for one in house.reactions if isinstance(one, Announcer)]
    before = house.library_table.calls.copy()

    announcer.react(house.library_table.changes)
    announcer.react([one for one in house.library_table.changes if one.new and "stored_status" not in one.new])

    assert house.library_table.calls - before == {"get_many": 1}
    assert house.delivery_queue.waiting == []


def test_a_change_that_is_no_recordings_and_no_jobs_says_nothing(house: House, anna: User) -> None:
    webhook = registered(house, anna)
    house.webhooks.remove(anna.id, webhook.id)

    assert told(house, webhook) == []
