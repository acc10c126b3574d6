"""Once a day: finishes erasures, ends what nobody uses, deletes and removes what is over, renews keys.

Only plain users are ever ended for disuse: an installation must not lose its last admins. Nobody is without a notice,
so an account that no message reaches stays. If far more were due than on any common day, something is wrong with the
clock or the table: then a brake is pulled and nobody is erased until a person has looked.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Final, TypeVar

from functions.core.accounts.audit import audit_record
from functions.core.accounts.erasure import Erasure
from functions.core.accounts.messages import Channel, Message, Messages, Template, reached_at
from functions.core.accounts.model import LastUse, Role, User
from functions.core.accounts.store import Accounts
from functions.core.accounts.upkeep import Upkeep
from functions.core.clock import Clock
from functions.core.errors import NotFound
from functions.core.ids import new_id
from functions.core.keys.ring import KeyRing, Purpose
from functions.core.observability import log
from functions.core.recordings.removal import Removal
from functions.core.recordings.store import Recordings
from functions.core.settings import Inactivity
from functions.core.table import Changed, Delete, Table

FIRST_NOTICE: Final = timedelta(days=30)
LAST_NOTICE: Final = timedelta(days=7)
BATCH: Final = 500
"""Accounts that one run tells or ends."""
EXPIRED_AT_ONCE: Final = 1000
KEY_LIFE: Final = timedelta(days=90)
TOKENS_ARE_OVER: Final = timedelta(hours=1)
"""No access token lives so long, nor does a process sign with a key that was replaced."""
CODES_ARE_OVER: Final = timedelta(days=2)
"""What waits for a code is sealed, too, and in no list, and so is a secret that a repeated request gets for a day."""
ACTOR: Final = "housekeeping"

Thing = TypeVar("Thing")
Outcome = TypeVar("Outcome")


class Step(StrEnum):
    """What an unused account has coming."""

    KEEP = "keep"
    WARN = "warn"
    ERASE = "erase"


def next_step(last_used: datetime, warned_at: datetime | None, now: datetime, days: int) -> Step:
    """Say what to do with an account that ends after `days` of disuse (0: never).

    Its owner is told 30 days before and again 7 days before; it ends when the days are over and 7 have passed since
    the last notice, however long nobody kept house in between. A notice from before the last use is forgotten.
    """
    if days == 0:
        return Step.KEEP
    first, last, end = (last_used + wait for wait in _waits(days))
    if now < first:
        return Step.KEEP
    if warned_at is None or warned_at <= last_used:
        return Step.WARN
    if warned_at < last:
        return Step.WARN if now >= last else Step.KEEP
    return Step.ERASE if now >= max(end, warned_at + LAST_NOTICE) else Step.KEEP


def days_left(last_used: datetime, now: datetime, days: int) -> int:
    """Return in how many days at least an account ends whose owner is told so now."""
    end = max(last_used + timedelta(days=days), now + LAST_NOTICE)
    return math.ceil((end - now) / timedelta(days=1))


def _waits(days: int) -> tuple[timedelta, timedelta, timedelta]:
    """Return after how much disuse come the first notice, the last one, and the end."""
    life = timedelta(days=days)
    # Where accounts end soon, half of that is disuse before anybody is bothered.
    return life - min(FIRST_NOTICE, life / 2), life - min(LAST_NOTICE, life / 2), life


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run did, or in a dry run would have done."""

    warned: int
    erased: int
    stale_keys: int
    expired: int
    resealed: int
    rotated: int
    finished_leavers: int
    removed: int
    """Recordings that were deleted and left over."""
    kept_enough: int
    """Recordings that were deleted since their time was over."""
    failed: int
    """What broke and is tried again the next day; the log says why."""
    braked: bool
    dry_run: bool


@dataclass(frozen=True, slots=True)
class _Case:
    user: User
    last_use: LastUse
    step: Step


class _Round:
    """One run: until when, whether in earnest, and how it goes."""

    def __init__(self, clock: Clock, *, deadline: datetime | None, dry_run: bool) -> None:
        self._clock = clock
        self._deadline = deadline
        self.dry_run = dry_run
        self.now = clock()
        self.done: Counter[str] = Counter()
        self.braked = False

    @property
    def is_over(self) -> bool:
        """Whether nothing new shall be begun."""
        return self._deadline is not None and self._clock() >= self._deadline

    def while_time(self, things: Iterable[Thing]) -> Iterator[Thing]:
        """Go through things until it is time to stop; the next run goes on."""
        for thing in things:
            if self.is_over:
                return
            yield thing

    def do(self, deed: str, act: Callable[[], object], **facts: object) -> None:
        """Do one thing and count it if it took place; in a dry run only say it."""
        if self.dry_run:
            log.info("housekeeping would do", deed=deed, **facts)
            self.done[deed] += 1
        elif self.attempt(deed, act, **facts):
            self.done[deed] += 1

    def attempt(self, deed: str, act: Callable[[], Outcome], **facts: object) -> Outcome | None:
        """Return what came out of it; what breaks holds up nothing else."""
        try:
            return act()
        except Exception:  # noqa: BLE001 (the rest of the house is kept all the same)
            log.error("housekeeping failed", deed=deed, **facts)
            self.done["failed"] += 1
            return None


class Housekeeping:
    """Keeps house; safe to do again, and to stop anywhere."""

    def __init__(  # noqa: PLR0913 - each is a neighbour
        self,
        *,
        accounts: Accounts,
        upkeep: Upkeep,
        erasure: Erasure,
        ring: KeyRing,
        messages: Messages,
        recordings: Recordings,
        removal: Removal,
        tables: Sequence[Table],
        settings: Inactivity,
        sends_mail: bool,
        clock: Clock,
    ) -> None:
        self._accounts = accounts
        self._upkeep = upkeep
        self._erasure = erasure
        self._ring = ring
        self._messages = messages
        self._recordings = recordings
        self._removal = removal
        self._tables = tables
        self._settings = settings
        self._sends_mail = sends_mail
        self._clock = clock

    def run(self, *, deadline: datetime | None = None) -> Report:
        """Do what is due, as far as time allows; with `deadline` None, all of it."""
        this = _Round(self._clock, deadline=deadline, dry_run=self._settings.housekeeping_dry_run)
        for step in (
            self._finish_leavers,
            self._end_unused_accounts,
            self._end_stale_keys,
            self._remove_deleted,
            self._delete_kept_enough,
            self._remove_expired,
            self._renew_keys,
        ):
            this.attempt(step.__name__, partial(step, this))
        report = Report(
            warned=this.done["warned"],
            erased=this.done["erased"],
            stale_keys=this.done["stale_keys"],
            expired=this.done["expired"],
            resealed=this.done["resealed"],
            rotated=this.done["rotated"],
            finished_leavers=this.done["finished_leavers"],
            removed=this.done["removed"],
            kept_enough=this.done["kept_enough"],
            failed=this.done["failed"],
            braked=this.braked,
            dry_run=this.dry_run,
        )
        log.info("house kept", **asdict(report))
        return report

    def _finish_leavers(self, this: _Round) -> None:
        for user_id in this.while_time(self._upkeep.leavers()):
            this.do("finished_leavers", partial(self._erasure.erase, user_id), user_id=user_id)

    # Accounts that nobody uses

    def _end_unused_accounts(self, this: _Round) -> None:
        if self._settings.inactive_account_days == 0:
            return
        cases = list(self._cases(this))
        ends = [case for case in cases if case.step is Step.ERASE]
        notices = [case for case in cases if case.step is Step.WARN]
        if self._is_too_many(len(ends)):
            log.error("housekeeping pulled the brake: nobody is erased", due=len(ends))
            this.braked = True
            ends = []
        for case in this.while_time([*ends, *notices][:BATCH]):
            if case.step is Step.ERASE:
                this.do("erased", partial(self._erase, case, this), user_id=case.user.id)
            else:
                this.do("warned", partial(self._warn, case, this), user_id=case.user.id)

    def _cases(self, this: _Round) -> Iterator[_Case]:
        first_notice, _, _ = _waits(self._settings.inactive_account_days)
        for last_use in this.while_time(self._upkeep.unused("usr", since=this.now - first_notice)):
            case = this.attempt("judge", partial(self._case_of, last_use, this), user_id=last_use.id)
            if case is not None:
                yield case

    def _case_of(self, last_use: LastUse, this: _Round) -> _Case | None:
        try:
            user = self._accounts.get(last_use.id)
        except NotFound:
            # A note that somebody made while the account was erased.
            this.do("forgotten", partial(self._upkeep.forget_use, last_use), user_id=last_use.id)
            return None
        if user.role is not Role.USER:
            return None
        step = next_step(last_use.at, user.warned_at, this.now, self._settings.inactive_account_days)
        return None if step is Step.WARN and self._reached_at(user) is None else _Case(user, last_use, step)

    def _is_too_many(self, accounts: int) -> bool:
        many = accounts * 100
        return accounts > self._settings.most_erased_at_once and self._upkeep.count(up_to=many) < many

    def _erase(self, case: _Case, this: _Round) -> bool:
        audit = audit_record(
            now=this.now,
            actor_id=ACTOR,
            action="inactive account erased",
            target_id=case.user.id,
            facts={"unused_since": case.last_use.at.isoformat()},
        )
        return self._upkeep.end_account(case.user, case.last_use, audit) and self._erasure.erase(case.user.id)

    def _warn(self, case: _Case, this: _Round) -> bool:
        reached_at = self._reached_at(case.user)
        assert reached_at is not None
        channel, to = reached_at
        days = days_left(case.last_use.at, this.now, self._settings.inactive_account_days)
        # First, for a notice too many does less harm than none.
        self._messages.send(
            Message(id=new_id("message"), channel=channel, to=to, template=Template.INACTIVE, facts={"days": str(days)})
        )
        self._accounts.change(case.user.id, lambda user: replace(user, warned_at=this.now))
        return True

    def _reached_at(self, user: User) -> tuple[Channel, str] | None:
        reached = reached_at(user)
        is_mail = reached is not None and reached[0] is Channel.EMAIL
        return None if is_mail and not self._sends_mail else reached

    # What is over

    def _end_stale_keys(self, this: _Round) -> None:
        days = self._settings.stale_key_days
        if days == 0:
            return
        for last_use in this.while_time(self._upkeep.unused("key", since=this.now - timedelta(days=days))):
            this.do("stale_keys", partial(self._upkeep.end_api_key, last_use), key_id=last_use.id)

    def _remove_deleted(self, this: _Round) -> None:
        for recording in this.while_time(self._recordings.deleted()):
            this.do("removed", partial(self._removal.remove, recording.id), recording_id=recording.id)

    def _delete_kept_enough(self, this: _Round) -> None:
        # After those left over: what is deleted here is removed within moments, by whoever removes what people delete.
        for retention in this.while_time(self._recordings.kept_too_long()):
            delete = partial(self._recordings.delete_if_over, retention)
            this.do("kept_enough", delete, recording_id=retention.recording_id)

    def _remove_expired(self, this: _Round) -> None:
        for table in self._tables:
            for pk in this.while_time(table.expired(this.now, limit=EXPIRED_AT_ONCE)):
                this.do("expired", partial(_remove_if_expired, table, pk, this.now))

    # Keys

    def _renew_keys(self, this: _Round) -> None:
        for purpose in (Purpose.TOKENS, Purpose.PERSONAL_DATA):
            if self._age(purpose) >= KEY_LIFE:
                this.do("rotated", partial(self._ring.rotate, purpose), purpose=purpose)
        self._drop_older(this, Purpose.TOKENS, after=TOKENS_ARE_OVER)
        if self._is_all_sealed_anew(this):
            self._drop_older(this, Purpose.PERSONAL_DATA, after=CODES_ARE_OVER)

    def _is_all_sealed_anew(self, this: _Round) -> bool:
        """Seal anew what an older key has sealed; tell whether there was nothing left of it, in one whole pass."""
        numbers = self._ring.numbers(Purpose.PERSONAL_DATA)
        if len(numbers) < 2:
            return True
        is_left = False
        for user_id in this.while_time(self._upkeep.sealed_otherwise(numbers[-1])):
            is_left = True
            this.do("resealed", partial(self._upkeep.reseal, user_id), user_id=user_id)
        return not is_left and not this.is_over

    def _drop_older(self, this: _Round, purpose: Purpose, *, after: timedelta) -> None:
        if len(self._ring.numbers(purpose)) > 1 and self._age(purpose) > after:
            newest = self._ring.numbers(purpose)[-1]
            this.do("dropped", partial(self._ring.drop_older, purpose, newest=newest), purpose=purpose)

    def _age(self, purpose: Purpose) -> timedelta:
        return self._ring.age(purpose) or timedelta()


def _remove_if_expired(table: Table, pk: str, now: datetime) -> bool:
    try:
        table.write(Delete(pk, expired_before=now))
    except Changed:
        return False
    return True
