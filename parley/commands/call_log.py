"""Calls that were."""

from typing import Final

import click

from parley.calls.answers import LoggedCall
from parley.commands.options import common_options, examples, limit_option
from parley.listing import answer_list
from parley.session import Session
from parley.show import clock, moment
from parley.tables import folded, whole

CALLS: Final = (
    whole("ID", width=31),
    whole("WHEN"),
    whole("WAY"),
    whole("NUMBER"),
    folded("NAME"),
    whole("STATUS"),
    whole("TALKED", right=True),
)
STATUSES: Final = ("ended", "missed", "declined", "cancelled", "busy", "failed", "ringing", "accepted", "connected")


@click.command(
    "call-log",
    epilog=examples("parley call-log", "parley call-log --status missed", "parley call-log --limit 100 --json"),
)
@click.option("--status", type=click.Choice(STATUSES), help="Only those; ringing or connected: the one that goes on.")
@limit_option
@common_options
@click.pass_obj
def call_log(session: Session, status: str | None, limit: int) -> None:
    """List your calls of the last 90 days, the newest first.

    Calls with secret contacts are left out.
    """
    with session.api() as api:
        found, cursor = api.call_log(limit=limit, status=status)
        names = {one.unique_id: one.name for one in api.contacts()} if found and not session.as_json else {}
    answer_list(
        session,
        found,
        cursor,
        columns=CALLS,
        cells=lambda one: _cells(one, names.get(one.other, "")),
        empty="No calls yet. Call somebody with: parley call NUMBER",
        more=f"--limit {limit * 5}",
    )


def _cells(one: LoggedCall, name: str) -> tuple[str, ...]:
    talked = clock(one.seconds) if one.seconds else ""
    return one.id, moment(one.created_at), one.direction, one.other, name, one.status, talked
