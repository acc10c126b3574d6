"""What recordings add up to."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Final

import click

from parley.commands.options import common_options, examples
from parley.session import Session
from parley.show import plain, size_of
from parley.stats import Asked, Counts, Stats
from parley.tables import Column, print_table, whole

NUMBERS: Final = (whole("RECORDINGS", right=True), whole("HOURS", right=True), whole("WORDS", right=True))
DAY: Final = click.DateTime(["%Y-%m-%d"])


@click.command(
    epilog=examples(
        "parley stats",
        "parley stats --all --from 2026-10-01 --to 2026-10-31",
        "parley stats --json | jq .totals.hours",
    )
)
@click.option("--all", "everybody", is_flag=True, help="Everybody's recordings, for admins.")
@click.option("--from", "first", metavar="DAY", type=DAY, help="Without it: 30 days up to the last one.")
@click.option("--to", "last", metavar="DAY", type=DAY, help="The last day, included. Without it: today (UTC).")
@click.option("--location", "location_id", metavar="ID", help="Only what was recorded there.")
@common_options
@click.pass_obj
def stats(
    session: Session, *, everybody: bool, first: datetime | None, last: datetime | None, location_id: str | None
) -> None:
    """Show how much was recorded: in all, by location, by day.

    A DAY is written as in 2026-11-21. Recordings count on the day of the conversation.
    """
    asked = Asked(everybody=everybody, first=_day(first), last=_day(last), location_id=location_id)
    with session.api() as api:
        found = api.stats(asked)
        if session.as_json:
            session.answer(found.raw, "")
            return
        names = {one.id: one.name for one in api.locations()} if found.locations else {}
    click.echo(_totals(found))
    if found.total.recordings:
        _tables(found, names)
    if found.all_sellers > len(found.sellers):
        session.say(f"These are the {len(found.sellers)} who recorded most, of {found.all_sellers}.")


def _day(at: datetime | None) -> date | None:
    return None if at is None else at.date()


def _totals(found: Stats) -> str:
    total = found.total
    lines = [
        f"{found.first} to {found.last}",
        f"Recordings  {total.recordings}, {found.transcribed} of them transcribed",
        f"Hours       {_hours(total.hours)}",
        f"Words       {total.words}",
        f"Uploaded    {size_of(found.size)}",
    ]
    return "\n".join([*lines, *([f"Speed       {found.speed:.0f}x real time"] if found.speed else [])])


def _tables(found: Stats, names: Mapping[str, str]) -> None:
    where = ((names.get(one.of, one.of) if one.of else "(no location)", one) for one in found.locations)
    _table(whole("LOCATION"), where)
    if found.sellers:
        _table(whole("WHO", width=30), ((one.of or "", one) for one in found.sellers))
    _table(whole("DAY"), ((one.of or "", one) for one in found.days if one.recordings))


def _table(first: Column, rows: Iterable[tuple[str, Counts]]) -> None:
    click.echo()
    print_table(
        (first, *NUMBERS),
        ((plain(name), str(one.recordings), _hours(one.hours), str(one.words)) for name, one in rows),
    )


def _hours(hours: float) -> str:
    return f"{hours:.1f}"
