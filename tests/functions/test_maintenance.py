"""What keeps the house, as AWS calls it, on moto."""

import importlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from functions.core.accounts.model import User
from functions.core.accounts.store import Accounts
from functions.core.clock import utc_now
from functions.core.keys.ring import KeyRing
from functions.core.keys.secret_provider import SecretProvider
from functions.core.recordings.media import S3Media, source_key
from functions.core.recordings.store import Recordings
from functions.core.table import DynamoTable, Put
from tests.builders import a_recording, a_user
from tests.house import PASSWORD_HASH, SECRET
from tests.moto_stack import moto_stack

EVENTS = Path(__file__).parent.parent / "events"
MINUTE = 60_000


class Context:
    def __init__(self, milliseconds: int) -> None:
        self._milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


@pytest.fixture
def names() -> Iterator[Mapping[str, str]]:
    with moto_stack() as names:
        yield names


@pytest.fixture
def handlers(names: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Import a function's module as Lambda does, with its settings."""
    for variable, resource in {
        "ACCOUNTS_TABLE": "AccountsTable",
        "LIBRARY_TABLE": "LibraryTable",
        "PRESENCE_TABLE": "PresenceTable",
        "MEDIA_BUCKET": "MediaBucket",
        "SPEECH_QUEUE_URL": "SpeechQueue",
        "LANGUAGE_QUEUE_URL": "LanguageQueue",
        "PICTURES_QUEUE_URL": "PicturesQueue",
    }.items():
        monkeypatch.setenv(variable, names[resource])
    monkeypatch.setenv("KEY_SECRET", SECRET)
    monkeypatch.setenv("MESSAGE_SENDER", "log")
    yield importlib.import_module
    for module in ("functions.maintenance.erase", "functions.maintenance.housekeeping", "functions.maintenance.remove"):
        sys.modules.pop(module, None)


@pytest.fixture
def accounts(names: Mapping[str, str]) -> Accounts:
    table = DynamoTable(names["AccountsTable"])
    return Accounts(table, KeyRing(table, SecretProvider(SECRET), clock=utc_now), clock=utc_now)


@pytest.fixture
def leaver(names: Mapping[str, str], accounts: Accounts) -> User:
    user = accounts.add(a_user(), PASSWORD_HASH)
    recording = Recordings(DynamoTable(names["LibraryTable"]), clock=utc_now).add(a_recording(owner_id=user.id))
    S3Media(names["MediaBucket"]).write(source_key(recording), b"x", content_type="audio/wav")
    return accounts.change(user.id, lambda fresh: replace(fresh, is_leaving=True))


def event(name: str) -> Any:
    return json.loads((EVENTS / f"{name}.json").read_text())


def left_of(user: User, names: Mapping[str, str]) -> list[str]:
    tables = [names["AccountsTable"], names["LibraryTable"]]
    items = [item for table in tables for item in boto3.client("dynamodb").scan(TableName=table)["Items"]]
    versions = boto3.client("s3").list_object_versions(Bucket=names["MediaBucket"]).get("Versions", [])
    return [one for one in map(repr, [*items, *versions]) if user.id in one]


def test_who_is_leaving_is_erased_when_the_event_comes(handlers: Any, names: Mapping[str, str], leaver: User) -> None:
    leaving = event("eventbridge_account_leaving")
    leaving["detail"]["user_id"] = leaver.id
    assert left_of(leaver, names) != []

    for _ in range(2):
        handlers("functions.maintenance.erase").handler(leaving, Context(MINUTE))

    assert left_of(leaver, names) == []


def test_a_deleted_recording_is_removed_when_the_event_comes(
    handlers: Any, names: Mapping[str, str], leaver: User
) -> None:
    recordings = Recordings(DynamoTable(names["LibraryTable"]), clock=utc_now)
    (recording,) = recordings.of_owner(leaver.id, before=None, limit=2)
    other = recordings.add(a_recording(owner_id="usr_boris"))
    recordings.delete(recording)
    deleted = event("eventbridge_recording_deleted")
    deleted["detail"]["recording_id"] = recording.id

    for _ in range(2):
        handlers("functions.maintenance.remove").handler(deleted, Context(MINUTE))

    assert [one for one in left_of(leaver, names) if recording.id in one] == []
    assert recordings.get(other.id) == other


def test_housekeeping_goes_through_and_says_what_it_did(handlers: Any, names: Mapping[str, str], leaver: User) -> None:
    DynamoTable(names["LibraryTable"]).write(Put(pk="OVER", document={}, expires_at=utc_now() - timedelta(days=1)))

    report = handlers("functions.maintenance.housekeeping").handler(event("eventbridge_schedule"), Context(15 * MINUTE))

    assert (report["finished_leavers"], report["expired"], report["failed"]) == (1, 1, 0)
    assert left_of(leaver, names) == []


def test_housekeeping_begins_nothing_in_its_last_minute(handlers: Any, names: Mapping[str, str], leaver: User) -> None:
    report = handlers("functions.maintenance.housekeeping").handler(event("eventbridge_schedule"), Context(MINUTE))

    assert report["finished_leavers"] == 0
    assert left_of(leaver, names) != []


def test_housekeeping_that_needs_somebody_is_an_error_to_lambda(
    handlers: Any, leaver: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = handlers("functions.maintenance.housekeeping")
    monkeypatch.setattr(module.parts.erasure, "erase", lambda _: 1 / 0)

    with pytest.raises(module.NeedsSomebody):
        module.handler(event("eventbridge_schedule"), Context(15 * MINUTE))


def test_a_dry_run_is_told_by_its_setting(handlers: Any, leaver: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOUSEKEEPING_DRY_RUN", "true")

    report = handlers("functions.maintenance.housekeeping").handler(event("eventbridge_schedule"), Context(15 * MINUTE))

    assert (report["dry_run"], report["finished_leavers"]) == (True, 1)
