"""Links by which others read a recording."""

from typing import Final

import click

from parley.commands.options import common_options, examples
from parley.listing import answer_list
from parley.session import Session
from parley.shares import Share
from parley.show import moment, plain
from parley.tables import folded, whole

PREFIX: Final = "shr_"
PARTS: Final = ("transcript", "summary", "audio")
COLUMNS: Final = (folded("LABEL"), folded("PARTS"), whole("UNTIL"), whole("ID", width=30), folded("URL"))


def _read_share_id(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    # Anything else could, as part of an address, name more than a link: `..` is the recording.
    if value is not None and not value.startswith(PREFIX):
        raise click.BadParameter(f"{value!r} is no link's id: those begin with {PREFIX}")
    return value


@click.command(
    short_help="Make, list and revoke links to a recording.",
    epilog=examples(
        "parley share rec_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF",
        "parley share rec_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF --part summary --days 7 --label 'for the bookkeeper'",
        "parley share rec_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF --list",
        "parley share rec_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF --revoke shr_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF",
    ),
)
@click.argument("recording_id", metavar="RECORDING_ID")
@click.option(
    "--part",
    "parts",
    type=click.Choice(PARTS),
    multiple=True,
    help="What the link shows; can be given more than once. Without it: everything.",
)
@click.option("--days", metavar="N", type=click.IntRange(1, 365), help="How long it works, 1 to 365; else 30.")
@click.option("--label", metavar="TEXT", help="For yourself: whom it is for.")
@click.option("--list", "lists", is_flag=True, help="Show the links that are still open, and make none.")
@click.option(
    "--revoke", "revoked", metavar="SHARE_ID", callback=_read_share_id, help="Close this link, and make none."
)
@common_options
@click.pass_obj
def share(  # noqa: PLR0913, PLR0917 - one parameter each option
    session: Session,
    recording_id: str,
    parts: tuple[str, ...],
    days: int | None,
    label: str | None,
    lists: bool,  # noqa: FBT001 - click passes it by name
    revoked: str | None,
) -> None:
    """Make a link by which others read a recording without an account.

    Prints the address of its page, and nothing else, on standard output. Whoever has it sees the transcript and the
    summary as they are then, and hears the recording, until the link ends or is revoked.
    """
    is_wanted = bool(parts) or days is not None or label is not None
    if lists + (revoked is not None) + is_wanted > 1:
        raise click.UsageError("Making a link (--part, --days, --label), --list and --revoke are each for itself.")
    if lists:
        _list(session, recording_id)
    elif revoked is not None:
        _revoke(session, recording_id, revoked)
    else:
        _make(session, recording_id, parts, days, label)


def _make(session: Session, recording_id: str, parts: tuple[str, ...], days: int | None, label: str | None) -> None:
    with session.api() as api:
        made = api.share(recording_id, parts=parts, days=days, label=label)
    shown = plain(", ".join(made.parts))
    session.say(f"Whoever has the link {plain(made.id)} sees {shown} until {moment(made.expires_at)}:")
    session.answer(made.raw, plain(made.url))


def _list(session: Session, recording_id: str) -> None:
    with session.api() as api:
        found = api.shares(recording_id)
    answer_list(
        session,
        found,
        None,
        columns=COLUMNS,
        cells=_cells,
        empty=f"No link to it is open. Make one with: parley share {plain(recording_id)}",
        more="",
    )


def _revoke(session: Session, recording_id: str, share_id: str) -> None:
    with session.api() as api:
        api.revoke_share(recording_id, share_id)
    session.say(f"Revoked the link {plain(share_id)}.")


def _cells(one: Share) -> tuple[str, ...]:
    return one.label, ", ".join(one.parts), moment(one.expires_at), one.id, one.url
