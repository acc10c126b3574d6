"""What is there."""

from datetime import date, datetime, timedelta
from typing import Final

import click

from parley.answers import Recording
from parley.commands.options import common_options, examples, limit_option
from parley.listing import answer_list
from parley.session import Session
from parley.show import clock, moment
from parley.tables import folded, whole

COLUMNS: Final = (
    whole("ID", width=30),  # of use only as a whole
    folded("TITLE"),
    whole("STATUS"),
    whole("LENGTH", right=True),
    whole("LANG"),
    whole("CREATED"),
)
OWNER: Final = whole("OWNER", width=30)
STATUSES: Final = ("awaiting_upload", "uploaded", "refused", "expired", "working", "done", "failed")


class Moment(click.ParamType[str]):
    """A date or a date-time, on this machine's clock unless it says otherwise."""

    name = "date"

    def __init__(self, *, is_end: bool) -> None:
        self._is_end = is_end

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return it as the server takes it; a date that ends something is not over before its day is."""
        try:
            return (self._day(value) or datetime.fromisoformat(value)).astimezone().isoformat()
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no date: write it like 2026-11-21 or 2026-11-21T12:00", param, ctx)

    def _day(self, value: str) -> datetime | None:
        try:
            day = date.fromisoformat(value)
        except ValueError:
            return None
        begins = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - this machine's
        return begins + timedelta(days=1) if self._is_end else begins


@click.command(
    "ls",
    epilog=examples(
        "parley ls",
        "parley ls --query standup --from 2026-11-01 --to 2026-11-30",
        "parley ls --status failed --json | jq -r '.items[].id'",
    ),
)
@click.option("--status", type=click.Choice(STATUSES), help="Only those of which this became.")
@click.option("--location", metavar="LOCATION_ID", help="Only those of a location; see: parley locations")
@click.option("--query", metavar="TEXT", help="Only those with this in their title or file name.")
@click.option("--from", "since", metavar="DATE", type=Moment(is_end=False), help="Only those added then or later.")
@click.option("--to", "until", metavar="DATE", type=Moment(is_end=True), help="Only those added until then.")
@click.option("--all", "everybodys", is_flag=True, help="Everybody's, with their owners; for admins.")
@limit_option
@common_options
@click.pass_obj
def list_recordings(  # noqa: PLR0913, PLR0917 - one parameter each option
    session: Session,
    status: str | None,
    location: str | None,
    query: str | None,
    since: str | None,
    until: str | None,
    everybodys: bool,  # noqa: FBT001 - click calls it
    limit: int,
) -> None:
    """List your recordings, the newest first."""
    asked = {"status": status, "location_id": location, "q": query, "from": since, "to": until}
    filters = {name: value for name, value in asked.items() if value is not None}
    with session.api() as api:
        recordings, cursor = api.recordings(limit=limit, filters=filters | ({"scope": "all"} if everybodys else {}))
    answer_list(
        session,
        recordings,
        cursor,
        columns=(*COLUMNS, OWNER) if everybodys else COLUMNS,
        cells=_cells_with_owner if everybodys else _cells,
        empty="No recording is like that."
        if filters or everybodys
        else "No recordings yet. Upload one with: parley upload FILE",
        more=f"--limit {limit * 5}" if filters or everybodys else f"parley ls --limit {limit * 5}",
    )


def _cells(one: Recording) -> tuple[str, ...]:
    length = "" if one.duration is None else clock(one.duration)
    return one.id, one.title, one.state, length, one.language or "", moment(one.created_at)


def _cells_with_owner(one: Recording) -> tuple[str, ...]:
    return *_cells(one), str(one.raw.get("owner_id") or "")
