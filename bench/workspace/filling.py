"""A table with the recordings of many people, each with a finished job."""

import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple

from functions.core.accounts.model import User
from functions.core.aws import client
from functions.core.clock import utc_now
from functions.core.jobs.model import Job, Kind, Status
from functions.core.jobs.store import Jobs
from functions.core.recordings.model import Process, Recording, RecordingStatus, Work
from functions.core.recordings.store import Recordings
from functions.core.table import dump
from tests.builders import a_job, a_recording
from tests.fakes.table import FakeTable

TITLES: Final = ("Встреча с клиентом", "Call with Anna", "Звонок", "Follow-up", "Договор №{}")
LOCATIONS: Final = 20
BATCH: Final = 25
"""Documents in a request: what BatchWriteItem takes."""


class Filled(NamedTuple):
    """A recording that is in the table now."""

    owner: User
    recording_id: str
    job_id: str


def fill(table: str, owners: Sequence[User], each: int) -> list[Filled]:
    """Put `each` recordings of each owner into the table, 25 documents in a request."""
    filled = list[Filled]()
    with ThreadPoolExecutor(4) as pool:
        for number in range(each):
            made = [(owner, *_a_recording_with_its_job(owner, number)) for owner in owners]
            filled += [Filled(owner, recording.id, job.id) for owner, recording, job in made]
            items = list(_items([(recording, job) for _, recording, job in made]))
            requests = [items[start : start + BATCH] for start in range(0, len(items), BATCH)]
            list(pool.map(lambda request: _write(table, request), requests))
    return filled


def _a_recording_with_its_job(owner: User, number: int) -> tuple[Recording, Job]:
    job = a_job(owner_id=owner.id, status=Status.SUCCEEDED, result_key="results/x")
    recording = a_recording(
        owner_id=owner.id,
        title=random.choice(TITLES).format(number),  # noqa: S311
        stored_status=RecordingStatus.UPLOADED,
        work=Work.DONE,
        location_id=f"loc_{number % LOCATIONS}",
        job_ids=(job.id,),
        process=(Process(Kind.TRANSCRIBE),),
    )
    return recording, job


def _items(made: Sequence[tuple[Recording, Job]]) -> Iterator[dict[str, Any]]:
    """Yield what the stores would write."""
    table = FakeTable()
    recordings, jobs = Recordings(table, clock=utc_now), Jobs(table, clock=utc_now)
    for recording, job in made:
        recordings.add_many([recording])
        table.write(jobs.put(job))
    yield from map(dump, table.documents.values())


def _write(table: str, items: Sequence[dict[str, Any]]) -> None:
    left = client("dynamodb").batch_write_item(
        RequestItems={table: [{"PutRequest": {"Item": item}} for item in items]}
    )["UnprocessedItems"]
    if left:
        raise SystemExit("The emulator left items unwritten.")
