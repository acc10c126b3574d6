"""A day's housekeeping over fakes and a clock that stands still."""

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from functions.core.accounts.api_keys import hash_of
from functions.core.accounts.erasure import Erasure
from functions.core.accounts.housekeeping import Housekeeping, Report
from functions.core.accounts.messages import Channel, Message, Template
from functions.core.accounts.model import ApiKey, Role, User
from functions.core.accounts.upkeep import Upkeep
from functions.core.errors import Unavailable
from functions.core.ids import new_id
from functions.core.keys.ring import Purpose
from functions.core.keys.sealing import key_number_of
from functions.core.settings import Inactivity
from tests.builders import a_recording
from tests.fakes.clock import FakeClock
from tests.house import House

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PHONE = "+79161234567"


def keeping(house: House, *, sends_mail: bool = True, **settings: object) -> Housekeeping:
    return Housekeeping(
        accounts=house.accounts,
        upkeep=Upkeep(house.accounts_table, house.ring),
        erasure=Erasure(house.accounts, house.sessions, house.removal),
        ring=house.ring,
        messages=house.messages,
        recordings=house.recordings,
        removal=house.removal,
        tables=(house.accounts_table, house.library_table),
        settings=Inactivity(**settings),
        sends_mail=sends_mail,
        clock=house.clock,
    )


def keep(house: House, *, deadline: datetime | None = None, sends_mail: bool = True, **settings: object) -> Report:
    return keeping(house, sends_mail=sends_mail, **settings).run(deadline=deadline)


def did(report: Report) -> dict[str, int]:
    """Return what was done at all, but for keys and what is over."""
    counts = {name: getattr(report, name) for name in Report.__slots__}
    return {name: count for name, count in counts.items() if count and name not in {"rotated", "resealed", "expired"}}


def keep_daily(house: House, days: int, *, sends_mail: bool = True, **settings: object) -> dict[int, dict[str, int]]:
    """Keep house for some days; return on which of them what was done."""
    done = {}
    for day in range(days):
        house.clock.pass_time(DAY)  # type: ignore[attr-defined]
        done[day + 1] = did(keep(house, sends_mail=sends_mail, **settings))
    return {day: counts for day, counts in done.items() if counts}


def exists(house: House, user: User) -> bool:
    return f"USER#{user.id}" in house.accounts_table.documents


def add_key(house: House, owner_id: str) -> ApiKey:
    key_id = new_id("api_key")
    return house.accounts.add_api_key(
        ApiKey(
            id=key_id,
            owner_id=owner_id,
            name="ci",
            prefix="p",
            secret_hash=hash_of("s"),
            created_at=house.clock(),
        )
    )


def let_leave(house: House, user: User) -> None:
    house.accounts.change(user.id, lambda fresh: replace(fresh, is_leaving=True))


@pytest.fixture
def house(clock: FakeClock) -> House:
    return House(clock=clock)


@pytest.fixture
def anna(house: House) -> User:
    return house.a_known_user(phone=PHONE)


# Accounts that nobody uses


def test_an_unused_account_is_told_twice_and_ends_with_everything(house: House, clock: FakeClock, anna: User) -> None:
    house.recordings.add(a_recording(owner_id=anna.id))
    clock.pass_time(690 * DAY + HOUR)

    done = keep_daily(house, 45)

    assert done == {10: {"warned": 1}, 33: {"warned": 1}, 40: {"erased": 1}}
    assert [(one.channel, one.to, one.template, one.facts) for one in house.messages.sent] == [
        (Channel.SMS, PHONE, Template.INACTIVE, {"days": "30"}),
        (Channel.SMS, PHONE, Template.INACTIVE, {"days": "7"}),
    ]
    assert house.library_table.documents == {}
    left = [pk for pk, one in house.accounts_table.documents.items() if anna.id in repr(one)]
    assert [pk.split("#")[0] for pk in left] == ["AUDIT"]


def test_an_erasure_for_disuse_is_audited(house: House, clock: FakeClock, anna: User) -> None:
    clock.pass_time(720 * DAY)
    keep_daily(house, 20)

    (record,) = house.accounts.audit_records(before=None, limit=10)

    assert (record.actor_id, record.action, record.target_id) == ("housekeeping", "inactive account erased", anna.id)
    assert record.facts == {"unused_since": "2026-11-21T12:00:00+00:00"}


def test_who_comes_back_stays_and_is_told_again_the_next_time(house: House, clock: FakeClock, anna: User) -> None:
    clock.pass_time(720 * DAY)
    keep_daily(house, 8)
    house.accounts.note_use(anna.id)
    clock.pass_time(HOUR)

    done = keep_daily(house, 740)

    assert done == {700: {"warned": 1}, 723: {"warned": 1}, 730: {"erased": 1}}


def test_after_a_long_pause_there_is_a_notice_first(house: House, clock: FakeClock, anna: User) -> None:
    clock.pass_time(4000 * DAY)

    assert keep_daily(house, 10) == {1: {"warned": 1}, 8: {"erased": 1}}
    assert [one.facts["days"] for one in house.messages.sent] == ["7"]


def test_an_account_without_a_phone_is_told_by_email(house: House, clock: FakeClock) -> None:
    boris = house.a_known_user(email="boris@example.com")
    clock.pass_time(701 * DAY)

    keep(house)

    assert [(one.channel, one.to) for one in house.messages.sent] == [(Channel.EMAIL, boris.email)]


def test_who_cannot_be_told_and_who_is_an_admin_stay(house: House, clock: FakeClock) -> None:
    mute = house.a_known_user(email=None)
    admin = house.a_known_user(role=Role.ADMIN)
    clock.pass_time(3000 * DAY)

    assert keep_daily(house, 20) == {}
    assert exists(house, mute)
    assert exists(house, admin)
    assert house.messages.sent == []


def test_a_house_may_end_no_accounts_and_no_keys(house: House, clock: FakeClock, anna: User) -> None:
    add_key(house, anna.id)
    clock.pass_time(9000 * DAY)

    assert keep_daily(house, 10, inactive_account_days=0, stale_key_days=0) == {}


def test_who_is_used_at_the_very_moment_stays(house: House, clock: FakeClock, anna: User) -> None:
    clock.pass_time(4000 * DAY)
    keep(house)
    clock.pass_time(8 * DAY)
    get = house.accounts.get

    def get_and_be_used(user_id: str) -> User:
        user = get(user_id)
        house.accounts.note_use(user_id)
        return user

    house.accounts.get = get_and_be_used  # type: ignore[method-assign]

    assert did(keep(house)) == {}
    assert not get(anna.id).is_leaving


def test_a_notice_that_cannot_be_handed_over_is_sent_the_next_day(house: House, clock: FakeClock, anna: User) -> None:
    boris = house.a_known_user()
    clock.pass_time(4000 * DAY)
    send = house.messages.send

    def refuse_texts(message: Message) -> None:
        if message.channel is Channel.SMS:
            raise Unavailable("down")
        send(message)

    house.messages.send = refuse_texts  # type: ignore[method-assign]
    assert did(keep(house)) == {"warned": 1, "failed": 1}
    house.messages.send = send  # type: ignore[method-assign]
    assert did(keep(house)) == {"warned": 1}

    assert [one.to for one in house.messages.sent] == [boris.email, PHONE]


def test_what_is_left_of_the_use_of_an_account_that_is_gone_is_removed(
    house: House, clock: FakeClock, anna: User
) -> None:
    house.accounts.remove(anna)
    house.accounts.note_use(anna.id)
    clock.pass_time(4000 * DAY)

    assert did(keep(house)) == {}
    assert not any(anna.id in repr(one) for one in house.accounts_table.documents.values())


def add_users(house: House, number: int, *, warned_at: datetime | None = None) -> list[User]:
    return [house.a_known_user(unique_id=f"{10_000_000 + n}", warned_at=warned_at) for n in range(number)]


@pytest.fixture
def due(house: House, clock: FakeClock) -> Callable[[int], None]:
    """Make so many accounts that are to be erased today."""

    def make(number: int) -> None:
        add_users(house, number, warned_at=clock() + 4000 * DAY)
        clock.pass_time(4010 * DAY)

    return make


def test_too_many_at_once_pull_the_brake_and_notices_go_on(house: House, due: Callable[[int], None]) -> None:
    house.a_known_user(unique_id="99999999", phone=PHONE)
    due(21)

    assert did(keep(house)) == {"braked": True, "warned": 1}
    assert list(Upkeep(house.accounts_table, house.ring).leavers()) == []


def test_a_few_pull_no_brake(house: House, due: Callable[[int], None]) -> None:
    due(20)

    assert did(keep(house)) == {"erased": 20}


def test_one_in_a_hundred_pulls_no_brake(
    house: House, due: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    due(21)
    monkeypatch.setattr(Upkeep, "count", lambda _, *, up_to: min(up_to, 2099))
    assert keep(house).braked
    monkeypatch.setattr(Upkeep, "count", lambda _, *, up_to: min(up_to, 2100))
    assert did(keep(house)) == {"erased": 21}


def test_accounts_are_counted_as_far_as_needed(house: House) -> None:
    add_users(house, 105)
    upkeep = Upkeep(house.accounts_table, house.ring)

    assert [upkeep.count(up_to=up_to) for up_to in (3, 105, 200)] == [3, 105, 105]


def test_one_run_tells_five_hundred_at_most_and_the_next_goes_on(house: House, clock: FakeClock) -> None:
    add_users(house, 505)
    clock.pass_time(701 * DAY)

    assert [did(keep(house)) for _ in range(3)] == [{"warned": 500}, {"warned": 5}, {}]


# Who is leaving, keys, what is over


def test_who_was_announced_in_vain_is_erased(house: House, anna: User) -> None:
    boris = house.a_known_user()
    let_leave(house, anna)

    assert did(keep(house)) == {"finished_leavers": 1}
    assert not exists(house, anna)
    assert exists(house, boris)


def test_a_leaver_that_cannot_be_erased_holds_up_nothing(house: House, anna: User) -> None:
    boris = house.a_known_user()
    let_leave(house, anna)
    let_leave(house, boris)
    house.accounts_table.documents[f"USER#{boris.id}"]["email"] = "not sealed at all"

    assert did(keep(house)) == {"finished_leavers": 1, "failed": 1}
    assert not exists(house, anna)


def test_a_step_that_breaks_holds_up_no_other(
    house: House, clock: FakeClock, anna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_key(house, anna.id)
    clock.pass_time(400 * DAY)
    monkeypatch.setattr(Upkeep, "leavers", lambda _: 1 / 0)

    assert did(keep(house)) == {"failed": 1, "stale_keys": 1}


def test_a_key_that_nobody_uses_is_removed(house: House, clock: FakeClock, anna: User) -> None:
    stale, fresh = add_key(house, anna.id), add_key(house, anna.id)
    clock.pass_time(300 * DAY)
    use = house.accounts._kept.last_uses.find(fresh.id)
    assert use is not None
    house.accounts._kept.use(use, clock())
    clock.pass_time(66 * DAY)

    assert did(keep(house)) == {"stale_keys": 1}

    assert house.accounts.api_keys_of(anna.id, before=None, limit=10) == [fresh]
    assert f"LAST_USE#{stale.id}" not in house.accounts_table.documents


def test_a_key_that_is_used_at_the_very_moment_stays(house: House, clock: FakeClock, anna: User) -> None:
    key = add_key(house, anna.id)
    clock.pass_time(400 * DAY)
    upkeep = Upkeep(house.accounts_table, house.ring)
    (listed,) = upkeep.unused("key", since=clock())
    house.accounts._kept.use(listed, clock())

    assert not upkeep.end_api_key(listed)
    assert house.accounts.api_keys_of(anna.id, before=None, limit=10) == [key]


def test_what_is_over_is_removed_and_what_was_prolonged_stays(house: House, clock: FakeClock, anna: User) -> None:
    over, prolonged = house.session_of(anna), house.session_of(anna)
    house.recordings.add(a_recording(owner_id=anna.id, upload_until=clock()), idempotency_key="k")
    clock.pass_time(10 * DAY)
    house.sessions.refresh(house.sessions.refresh_token_of(prolonged))
    clock.pass_time(10 * DAY)

    assert keep(house).expired == 3

    assert [one.id for one in house.sessions.of_user(anna.id, before=None, limit=10)] == [prolonged.id]
    assert f"SESSION#{over.id}" not in house.accounts_table.documents
    assert house.library_table.documents == {}
    assert keep(house).expired == 0


def test_a_session_that_is_prolonged_at_the_very_moment_stays(house: House, clock: FakeClock, anna: User) -> None:
    session = house.session_of(anna)
    clock.pass_time(20 * DAY)
    table = house.accounts_table
    expired = table.expired

    def find_and_prolong(before: datetime, *, limit: int) -> list[str]:
        found = expired(before, limit=limit)
        table.documents[f"SESSION#{session.id}"]["ttl"] += 30 * 86_400
        return found

    table.expired = find_and_prolong  # type: ignore[method-assign]

    assert keep(house).expired == 0
    assert f"SESSION#{session.id}" in table.documents


# Keys that sign and seal


def test_keys_are_renewed_after_ninety_days_and_old_ones_dropped_when_nothing_needs_them(
    house: House, clock: FakeClock, anna: User
) -> None:
    house.token_of(anna)
    users = [anna, *add_users(house, 150)]
    let_leave(house, users[0])
    clock.pass_time(89 * DAY)
    assert keep(house, inactive_account_days=0).rotated == 0
    let_leave(house, users[1])
    clock.pass_time(DAY)

    first = keep(house)
    assert (first.rotated, first.finished_leavers) == (2, 1)
    assert first.resealed == 149
    assert [house.ring.numbers(one) for one in (Purpose.TOKENS, Purpose.PERSONAL_DATA)] == [[1, 2], [1, 2]]

    clock.pass_time(2 * HOUR)
    assert keep(house).resealed == 0
    assert [house.ring.numbers(one) for one in (Purpose.TOKENS, Purpose.PERSONAL_DATA)] == [[2], [1, 2]]

    clock.pass_time(2 * DAY)
    keep(house)
    assert house.ring.numbers(Purpose.PERSONAL_DATA) == [2]
    assert house.accounts.get(users[5].id).email == users[5].email


def test_the_old_key_stays_while_anything_is_sealed_with_it(house: House, clock: FakeClock, anna: User) -> None:
    late = house.a_known_user()
    document = copy.deepcopy(house.accounts_table.documents[f"USER#{late.id}"])
    clock.pass_time(90 * DAY)
    keep(house)
    clock.pass_time(3 * DAY)
    # A process that has not heard of the new key yet has written it.
    house.accounts_table.documents[f"USER#{late.id}"] = document

    report = keep(house)

    assert report.resealed == 1
    assert house.ring.numbers(Purpose.PERSONAL_DATA) == [1, 2]
    keep(house)
    assert house.ring.numbers(Purpose.PERSONAL_DATA) == [2]
    assert house.accounts.get(late.id).email == late.email


def test_what_cannot_be_sealed_anew_keeps_the_old_key(house: House, clock: FakeClock, anna: User) -> None:
    house.accounts_table.documents[f"USER#{anna.id}"]["email"] = "not sealed at all"
    clock.pass_time(90 * DAY)
    keep(house)
    clock.pass_time(2 * DAY)

    assert keep(house).failed == 1
    assert house.ring.numbers(Purpose.PERSONAL_DATA) == [1, 2]


def test_who_is_leaving_is_sealed_anew_too(house: House, anna: User) -> None:
    let_leave(house, anna)
    house.ring.rotate(Purpose.PERSONAL_DATA)
    upkeep = Upkeep(house.accounts_table, house.ring)

    assert list(upkeep.sealed_otherwise(2)) == [anna.id]
    assert upkeep.reseal(anna.id)
    assert list(upkeep.sealed_otherwise(2)) == []
    assert key_number_of(house.accounts_table.documents[f"USER#{anna.id}"]["phone"]) == 2


def test_an_account_that_is_changed_while_it_is_sealed_anew_keeps_the_change(house: House, anna: User) -> None:
    upkeep = Upkeep(house.accounts_table, house.ring)
    find = upkeep._kept.users.find

    def find_and_change(user_id: str) -> User | None:
        user = find(user_id)
        house.accounts.change(anna.id, lambda fresh: replace(fresh, name="Anna"))
        return user

    upkeep._kept.users.find = find_and_change  # type: ignore[method-assign]

    assert not upkeep.reseal(anna.id)
    assert not upkeep.reseal("usr_nobody")
    assert house.accounts.get(anna.id).name == "Anna"


def test_a_house_without_keys_gets_none_by_keeping_it(house: House) -> None:
    assert keep(house).rotated == 0
    assert house.accounts_table.documents == {}


# How a run goes


def busy(house: House, clock: FakeClock) -> None:
    """Leave something to do of everything."""
    leaver, unused = house.a_known_user(), house.a_known_user()
    house.a_known_user()
    admin = house.a_known_user(role=Role.ADMIN)
    house.token_of(admin)
    add_key(house, admin.id)
    clock.pass_time(4000 * DAY)
    house.accounts.change(unused.id, lambda user: replace(user, warned_at=clock()))
    let_leave(house, leaver)
    clock.pass_time(10 * DAY)


def test_a_dry_run_says_what_a_run_would_do_and_does_nothing(house: House, clock: FakeClock) -> None:
    busy(house, clock)
    before = copy.deepcopy(house.accounts_table.documents)

    dry = keep(house, housekeeping_dry_run=True)

    assert house.accounts_table.documents == before
    assert house.messages.sent == []
    wet = keep(house)
    assert dry.dry_run
    assert not wet.dry_run
    assert did(wet) == {"warned": 1, "erased": 1, "stale_keys": 1, "finished_leavers": 1}
    assert (wet.expired, wet.rotated) == (1, 2)
    # Keys that are not made yet seal nothing.
    assert replace(dry, dry_run=False, resealed=wet.resealed) == wet


def test_a_run_ends_when_its_time_is_over_and_the_next_goes_on(house: House, clock: FakeClock) -> None:
    for _ in range(3):
        let_leave(house, house.a_known_user())
    erase = Erasure.erase

    def take_a_minute(erasure: Erasure, user_id: str) -> bool:
        clock.pass_time(timedelta(minutes=1))
        return erase(erasure, user_id)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Erasure, "erase", take_a_minute)
        assert keep(house, deadline=clock() + timedelta(minutes=2)).finished_leavers == 2

    assert keep(house).finished_leavers == 1


def test_without_time_nothing_is_begun(house: House, clock: FakeClock) -> None:
    busy(house, clock)
    house.ring.rotate(Purpose.PERSONAL_DATA)
    clock.pass_time(2 * DAY)
    before = copy.deepcopy(house.accounts_table.documents)

    report = keep(house, deadline=clock())

    assert did(report) == {}
    assert {pk for pk in before if pk.startswith("USER#")} <= house.accounts_table.documents.keys()
    assert house.ring.numbers(Purpose.PERSONAL_DATA) == [1, 2]


def test_a_second_run_has_nothing_left_to_do(house: House, clock: FakeClock) -> None:
    busy(house, clock)
    keep(house)

    assert did(keep(house)) == {}


def test_who_can_only_be_told_by_email_stays_where_none_is_sent() -> None:
    house = House(clock=FakeClock())
    house.a_known_user()

    assert keep_daily(house, 60, sends_mail=False, inactive_account_days=10) == {}


# Recordings


def left(house: House) -> list[str]:
    return [pk for pk in house.library_table.documents if pk.startswith(("RECORDING#", "RETENTION#"))]


def test_recordings_whose_time_is_over_are_deleted_and_then_gone(house: House, clock: FakeClock) -> None:
    for days in (1, 2):
        house.recordings.add(a_recording(keep_until=clock() + days * DAY))
    stays = house.recordings.add(a_recording())
    clock.pass_time(DAY)

    assert did(keep(house)) == {"kept_enough": 1}
    house.settle()
    assert len(left(house)) == 3
    clock.pass_time(DAY)
    assert did(keep(house)) == {"kept_enough": 1}
    house.settle()
    assert left(house) == [f"RECORDING#{stays.id}"]
    assert did(keep(house)) == {}


def test_a_recording_that_is_kept_longer_after_all_stays(house: House, clock: FakeClock) -> None:
    recording = house.recordings.add(a_recording(keep_until=clock() + DAY))
    (note,) = [one for pk, one in house.library_table.documents.items() if pk.startswith("RETENTION#")]
    house.recordings.change(recording, lambda fresh: replace(fresh, keep_until=clock() + 9 * DAY))
    # As if the index were late.
    house.library_table.documents[note["pk"]] = note
    clock.pass_time(DAY)

    assert did(keep(house)) == {}
    assert house.recordings.find(recording.id) is not None


def test_the_note_of_a_recording_that_is_gone_otherwise_is_forgotten(house: House, clock: FakeClock) -> None:
    recording = house.recordings.add(a_recording(keep_until=clock() + DAY))
    del house.library_table.documents[f"RECORDING#{recording.id}"]
    clock.pass_time(DAY)

    assert did(keep(house)) == {}
    assert left(house) == []


def test_what_was_deleted_and_left_over_is_removed(house: House) -> None:
    house.recordings.delete(house.recordings.add(a_recording()))

    assert did(keep(house)) == {"removed": 1}
    assert left(house) == []
