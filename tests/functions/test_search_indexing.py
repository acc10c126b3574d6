"""What EventBridge starts, on moto."""

import importlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from functions.core.recordings.media import S3Media
from functions.core.table import DynamoTable
from tests.builders import a_recording
from tests.moto_stack import moto_stack
from tests.search_library import Library

EVENT = Path(__file__).parent.parent / "events" / "eventbridge_transcript_changed.json"


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 300_000


@pytest.fixture
def names() -> Iterator[Mapping[str, str]]:
    with moto_stack() as names:
        yield names


@pytest.fixture
def handler(names: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("LIBRARY_TABLE", names["LibraryTable"])
    monkeypatch.setenv("MEDIA_BUCKET", names["MediaBucket"])
    yield importlib.import_module("functions.search.indexing").handler
    sys.modules.pop("functions.search.indexing", None)


def test_a_transcript_is_found_once_its_event_has_come_and_its_deletion_too(
    names: Mapping[str, str], handler: Any
) -> None:
    library = Library(table=DynamoTable(names["LibraryTable"]), media=S3Media(names["MediaBucket"]))
    recording = library.recordings.add(a_recording(owner_id=library.owner))
    library.say(recording.id, "the annual budget")
    event = json.loads(EVENT.read_text())
    event["detail"] = {"owner_id": library.owner, "recording_id": recording.id}

    for _ in range(2):
        handler(event, Context())
    library.check("budgets")
    assert library.find("budgets").total == 1

    library.delete(recording.id)
    handler(event, Context())
    library.check("budgets")
    assert library.manifest().packs == ()
