"""Who leaves is gone: nothing of theirs is anywhere, and nothing of anybody else's is missing."""

import copy
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from functions.core.accounts.api_keys import hash_of, make_secret
from functions.core.accounts.erasure import Erasure
from functions.core.accounts.model import ApiKey, AuditRecord, User
from functions.core.accounts.sessions import Sessions
from functions.core.accounts.store import Accounts
from functions.core.ids import new_id
from functions.core.jobs.store import Jobs
from functions.core.recordings.arrivals import Arrivals
from functions.core.recordings.media import Media, result_key, results_of, source_key
from functions.core.recordings.model import Recording
from functions.core.recordings.removal import Removal
from functions.core.recordings.store import Recordings
from functions.core.table import Delete
from tests.builders import a_job, a_recording
from tests.fakes.breaking import BreakingMedia, BreakingTable, Broken, Fuse
from tests.fakes.clock import FakeClock
from tests.fakes.media import FakeMedia
from tests.fakes.queues import FakeQueues
from tests.fakes.table import FakeTable
from tests.house import PASSWORD_HASH, House

WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\x00" * 100


def erasure_of(house: House, *, recordings: Recordings | None = None, media: Media | None = None) -> Erasure:
    removal = Removal(recordings=recordings or house.recordings, jobs=house.jobs, media=media or house.media)
    return Erasure(house.accounts, house.sessions, removal)


def settle(house: House, user: User, recordings: int = 2) -> list[str]:
    """Give somebody one of everything; return what their traces would be."""
    key_id = new_id("api_key")
    secret = make_secret(key_id)
    now = house.clock()
    house.accounts.add_api_key(
        ApiKey(id=key_id, owner_id=user.id, name="ci", prefix="parley", secret_hash=hash_of(secret), created_at=now)
    )
    sessions = [house.session_of(user).id for _ in range(2)]
    house.sessions.end(sessions[0], user_id=user.id)
    made = [a_of(house, user, number) for number in range(recordings)]
    uploaded = house.uploaded(made[0], WAV)
    house.media.write(source_key(uploaded), WAV * 2, content_type="audio/wav")
    for attempt in (1, 2):
        key = result_key(uploaded.job_ids[0], attempt, "transcript.json")
        house.media.write(key, b"{}", content_type="application/json")
    house.jobs.finish(
        house.jobs.claim(uploaded.job_ids[0], by="w", lease=timedelta(minutes=1)), result_key=key, timings={}
    )
    alone = a_job(owner_id=user.id)
    house.library_table.write(house.jobs.put(alone))
    house.media.write(result_key(alone.id, 1, "summary.json"), b"{}", content_type="application/json")
    ids = [one.id for one in made]
    return [user.id, key_id, *sessions, *ids, *uploaded.job_ids, alone.id, user.unique_id, str(user.username)]


def a_of(house: House, user: User, number: int) -> Recording:
    return house.recordings.add(a_recording(owner_id=user.id), idempotency_key=f"key {number}")


def let_leave(house: House, user: User) -> None:
    audit = AuditRecord(
        id=new_id("audit_record"),
        at=house.clock(),
        actor_id="usr_admin",
        action="account erased",
        target_id=user.id,
        request_id="req_1",
    )
    house.accounts.change(user.id, lambda fresh: replace(fresh, is_leaving=True), audit=audit)


def all_there_is(house: House) -> str:
    documents = [*house.accounts_table.documents.values(), *house.library_table.documents.values()]
    told = [one for one in documents if not one["pk"].startswith("AUDIT#")]
    return repr([told, house.media.objects, house.media.kept])


@pytest.fixture
def house(clock: FakeClock) -> House:
    return House(clock=clock)


@pytest.fixture
def anna(house: House) -> User:
    return house.a_known_user(
        username="anna", phone="+79161234567", name="Anna Petrova", nickname="Nusha", public_key="bundle-of-anna"
    )


def test_nothing_of_who_leaves_is_left_and_a_neighbour_has_everything(house: House, anna: User) -> None:
    boris = house.a_known_user(username="boris", phone="+79167654321", name="Boris")
    settle(house, boris)
    house.accounts.get(boris.id)
    before = (
        copy.deepcopy(house.accounts_table.documents),
        copy.deepcopy(house.library_table.documents),
        dict(house.media.objects),
        set(house.media.kept),
    )
    house.accounts.remove(anna)
    anna = house.accounts.add(replace(anna, version=0), PASSWORD_HASH)
    traces = [*settle(house, anna), "Anna", "Nusha", "bundle-of-anna", "79161234567"]
    assert [trace for trace in traces if trace not in all_there_is(house)] == ["Anna", "Nusha", "79161234567"]
    let_leave(house, anna)

    assert erasure_of(house).erase(anna.id)

    assert [trace for trace in traces if re.search(rf"\b{re.escape(trace)}\b", all_there_is(house))] == []
    audited = {pk for pk in house.accounts_table.documents if pk.startswith("AUDIT#")}
    accounts = {pk: one for pk, one in house.accounts_table.documents.items() if pk not in audited}
    without_anna = {pk: one for pk, one in before[0].items() if anna.id not in repr(one)}
    without_anna = {pk: one for pk, one in without_anna.items() if pk not in audited}
    assert accounts == without_anna
    assert (house.library_table.documents, house.media.objects, house.media.kept) == before[1:]
    assert len(audited) == 1


def test_whoever_is_gone_can_be_somebody_new(house: House, anna: User) -> None:
    let_leave(house, anna)
    erasure_of(house).erase(anna.id)

    again = house.accounts.add(replace(anna, id=new_id("user"), version=0), PASSWORD_HASH)

    assert house.accounts.find("+79161234567") == again


def test_only_who_is_leaving_is_erased(house: House, anna: User) -> None:
    settle(house, anna)
    before = all_there_is(house)

    assert not erasure_of(house).erase(anna.id)
    assert not erasure_of(house).erase("usr_nobody")

    assert all_there_is(house) == before


def test_an_erasure_may_come_twice(house: House, anna: User) -> None:
    settle(house, anna)
    let_leave(house, anna)

    assert erasure_of(house).erase(anna.id)
    assert not erasure_of(house).erase(anna.id)


@pytest.mark.parametrize("is_late", [False, True], ids=["before it took place", "after it took place"])
def test_an_erasure_that_is_interrupted_anywhere_ends_alike(house: House, anna: User, is_late: bool) -> None:
    boris = house.a_known_user(username="boris")
    settle(house, boris)
    settle(house, anna)
    let_leave(house, anna)
    ends, calls = set(), 0
    while True:
        fuse = Fuse(calls, is_late)
        accounts_table = BreakingTable(fuse, copy.deepcopy(house.accounts_table.documents))
        library = BreakingTable(fuse, copy.deepcopy(house.library_table.documents))
        media = BreakingMedia(fuse, house.media)
        erasure = Erasure(
            Accounts(accounts_table, house.ring, clock=house.clock),
            Sessions(accounts_table, house.ring, clock=house.clock),
            Removal(
                recordings=Recordings(library, clock=house.clock), jobs=Jobs(library, clock=house.clock), media=media
            ),
        )
        try:
            erasure.erase(anna.id)
        except Broken:
            erasure.erase(anna.id)
        ends.add(repr((accounts_table.documents, library.documents, sorted(media.kept))))
        if not fuse.is_blown:
            break
        calls += 1

    assert calls > 10
    assert len(ends) == 1
    assert not re.search(rf"{anna.id}|anna", re.sub(r"'AUDIT#[^}]*}", "", ends.pop()))


def test_more_than_a_page_of_everything_is_erased(house: House, anna: User) -> None:
    for number in range(105):
        a_of(house, anna, number)
        house.session_of(anna)
        job = a_job(owner_id=anna.id)
        house.library_table.write(house.jobs.put(job))
    let_leave(house, anna)

    erasure_of(house).erase(anna.id)

    assert house.library_table.documents == {}
    assert anna.id not in all_there_is(house)


def test_a_result_that_a_worker_finishes_meanwhile_is_removed_too(house: House, anna: User) -> None:
    recording = house.uploaded(a_of(house, anna, 0), WAV)
    held = house.jobs.claim(recording.job_ids[0], by="w", lease=timedelta(minutes=1))

    class Overtaken(FakeMedia):
        is_overtaken = False

        def remove_all(self, prefix: str) -> int:
            removed = house.media.remove_all(prefix)
            if prefix == results_of(held.id) and not self.is_overtaken:
                self.is_overtaken = True
                key = result_key(held.id, 1, "transcript.json")
                house.media.write(key, b"{}", content_type="application/json")
                house.jobs.finish(held, result_key=key, timings={})
            return removed

    let_leave(house, anna)
    overtaken = Overtaken()

    erasure_of(house, media=overtaken).erase(anna.id)

    assert overtaken.is_overtaken
    assert house.media.kept == set()
    assert house.library_table.documents == {}


def test_jobs_that_an_upload_gets_meanwhile_are_erased_too(house: House, anna: User) -> None:
    a_of(house, anna, 0)
    let_leave(house, anna)

    class Overtaken(Recordings):
        is_overtaken = False

        def erase(self, recording: Recording) -> None:
            if not self.is_overtaken:
                self.is_overtaken = True
                house.uploaded(recording, WAV)
            super().erase(recording)

    recordings = Overtaken(house.library_table, clock=house.clock)
    erasure_of(house, recordings=recordings).erase(anna.id)

    assert house.queues.waiting() != []
    assert house.library_table.documents == {}
    assert house.media.kept == set()


def test_an_upload_for_a_recording_that_was_erased_is_removed_for_good(clock: FakeClock) -> None:
    table, media, queues = FakeTable(), FakeMedia(), FakeQueues(clock)
    recordings, jobs = Recordings(table, clock=clock), Jobs(table, clock=clock)
    arrivals = Arrivals(recordings=recordings, jobs=jobs, media=media, queues=queues, clock=clock)
    gone, stays = a_recording(), recordings.add(a_recording())
    strange = f"media/usr_anna/{gone.id}/source/more"
    for key in (source_key(gone), source_key(stays), strange):
        media.write(key, WAV, content_type="audio/wav")
    media.remove(strange)

    arrivals.take_in(strange)
    assert strange in media.kept
    arrivals.take_in(source_key(gone))

    assert media.kept == {source_key(stays)}
    assert queues.waiting() == []


def test_a_session_that_is_erased_while_it_is_ended_has_ended(house: House, anna: User) -> None:
    session = house.session_of(anna)
    table = house.accounts_table
    listed = house.sessions.of_user(anna.id, before=None, limit=10)
    house.sessions.of_user = lambda *_, **__: listed  # type: ignore[method-assign]
    table.write(Delete(f"SESSION#{session.id}"))

    house.sessions.end_all(anna.id)

    assert f"SESSION#{session.id}" not in table.documents
