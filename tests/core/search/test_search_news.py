from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from functions.core.aws import client
from functions.core.changes import Change
from functions.core.errors import Unavailable
from functions.core.search.news import DETAIL_TYPE, SOURCE, EventBridgeIndexers, SearchNews

RECORDING = {"owner_id": "usr_1", "title": "one", "job_ids": ["job_1"], "version": 1}
JOB = {"owner_id": "usr_1", "recording_id": "rec_1", "kind": "transcribe", "status": "running"}


class Told:
    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def tell(self, owner_id: str, recording_id: str) -> None:
        self.told.append((owner_id, recording_id))


def told(*changes: Change) -> list[tuple[str, str]]:
    indexers = Told()
    SearchNews(indexers).react(changes)
    return indexers.told


@pytest.mark.parametrize(
    "new",
    [
        RECORDING | {"location_id": "loc_1"},
        RECORDING | {"recorded_at": "2026-11-21T12:00:00Z"},
        RECORDING | {"corrections": {"job_1": "results/job_1/corrections/1/"}},
        RECORDING | {"job_ids": []},
        None,
    ],
)
def test_the_index_hears_of_what_recordings_are_found_by(new: dict[str, Any] | None) -> None:
    assert told(Change(pk="RECORDING#rec_1", old=RECORDING, new=new)) == [("usr_1", "rec_1")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (None, RECORDING),
        (RECORDING, RECORDING | {"title": "two", "version": 2}),
        (RECORDING, RECORDING | {"job_ids": ["job_1", "job_2"]}),
        (RECORDING, RECORDING | {"deleted_at": "2026-11-21T12:00:00Z"}),
        (RECORDING | {"deleted_at": "2026-11-21T12:00:00Z"}, None),
    ],
)
def test_the_index_does_not_hear_of_anything_else(old: dict[str, Any] | None, new: dict[str, Any] | None) -> None:
    assert told(Change(pk="RECORDING#rec_1", old=old, new=new)) == []


def test_the_index_hears_of_each_transcription_that_succeeds_and_of_a_recording_once() -> None:
    done = Change(pk="JOB#job_1", old=JOB, new=JOB | {"status": "succeeded"})

    assert told(done, done, Change(pk="JOB#job_2", old=None, new=JOB | {"status": "succeeded"})) == [("usr_1", "rec_1")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (JOB, JOB | {"status": "failed"}),
        (JOB | {"status": "succeeded"}, JOB | {"status": "succeeded", "version": 9}),
        (JOB, JOB | {"kind": "summarise", "status": "succeeded"}),
        (JOB | {"status": "succeeded"}, None),
    ],
)
def test_other_work_makes_nothing_findable(old: dict[str, Any], new: dict[str, Any] | None) -> None:
    assert told(Change(pk="JOB#job_1", old=old, new=new)) == []


def test_a_recording_is_handed_over_to_its_installation() -> None:
    entry = {
        "Source": SOURCE,
        "DetailType": DETAIL_TYPE,
        "Detail": '{"owner_id": "usr_1", "recording_id": "rec_1"}',
        "Resources": ["prod"],
    }
    with Stubber(client("events")) as events:
        events.add_response("put_events", {"FailedEntryCount": 0, "Entries": [{}]}, {"Entries": [entry]})
        EventBridgeIndexers(installation="prod").tell("usr_1", "rec_1")
        events.assert_no_pending_responses()


def test_an_event_that_nobody_took_makes_the_changes_come_again() -> None:
    refused = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "no"}]}
    with Stubber(client("events")) as events:
        events.add_response("put_events", refused, {"Entries": ANY})
        with pytest.raises(Unavailable, match="ThrottlingException"):
            SearchNews(EventBridgeIndexers()).react([Change(pk="RECORDING#rec_1", old=RECORDING, new=None)])
