"""What is there."""

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


@click.command(
    "ls",
    epilog=examples(
        "parley ls",
        "parley ls --limit 500 | grep standup",
        "parley ls --json | jq -r '.items[].id'",
    ),
)
@limit_option
@common_options
@click.pass_obj
def list_recordings(session: Session, limit: int) -> None:
    """List your recordings, the newest first."""
    with session.api() as api:
        recordings, cursor = api.recordings(limit=limit)
    answer_list(
        session,
        recordings,
        cursor,
        columns=COLUMNS,
        cells=_cells,
        empty="No recordings yet. Upload one with: parley upload FILE",
        more=f"parley ls --limit {limit * 5}",
    )


def _cells(one: Recording) -> tuple[str, ...]:
    length = "" if one.duration is None else clock(one.duration)
    return one.id, one.title, one.state, length, one.language or "", moment(one.created_at)
