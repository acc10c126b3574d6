"""A batch on the real table is what it is in memory."""

from dataclasses import replace

from functions.core.batches.model import Batch, Entry, Tally
from functions.core.batches.store import Batches
from functions.core.ids import new_id
from functions.core.jobs.model import Failure, Kind, Status
from functions.core.repeats import Once
from functions.core.table import Table
from tests.builders import NOON
from tests.fakes.clock import FakeClock


def test_a_batch_is_kept_noted_listed_and_forgotten(table: Table, clock: FakeClock) -> None:
    batches = Batches(table, clock=clock)
    owner_id = new_id("user")
    new = Batch(id=new_id("batch"), owner_id=owner_id, kind=Kind.TRANSCRIBE, request_id="req_1", created_at=NOON)
    once = Once(owner_id=owner_id, key="key", asked="one")

    added = batches.add(new, {"rec_1": Entry(job_id="job_1"), "rec_2": Entry(), "rec_3": Entry()}, once=once)
    again = batches.add(replace(new, id=new_id("batch")), {}, once=once)
    batches.note(new.id, {"rec_1": Entry(end=Status.SUCCEEDED)})
    batches.note(new.id, {"rec_2": Entry(end=Status.FAILED, why=Failure("empty-file", "Пусто."))})

    whole = batches.get(new.id)
    assert again == added
    assert whole.batch.tally == Tally(total=3, completed=1, failed=1, awaited=1)
    assert whole.entries.refused == {"rec_2": Failure("empty-file", "Пусто.")}
    assert batches.look(owner_id, before=None, limit=5).things == [whole.batch]
    batches.forget_owner(owner_id)
    assert batches.find(new.id) is None
