"""The places where recordings are made."""

from typing import Final

import click

from parley.client import Api
from parley.commands.asking import make_sure
from parley.commands.options import InOrder, common_options, examples, yes_option
from parley.errors import Failure
from parley.locations import Location
from parley.session import Session
from parley.show import plain
from parley.tables import folded, print_table, whole

COLUMNS: Final = (whole("ID", width=30), folded("NAME"), folded("ADDRESS"), folded("NOTE"))


@click.group(
    cls=InOrder,
    invoke_without_command=True,
    short_help="List locations; for admins: add, rename and remove them.",
    epilog=examples(
        "parley locations",
        "parley locations add 'Arbat 12'",
        "parley locations --json | jq -r '.items[] | [.id, .name] | @tsv'",
    ),
)
@common_options
@click.pass_context
def locations(context: click.Context) -> None:
    """List the places where recordings are made, by name.

    Admins add, rename and remove them. LOCATION is a location's id or its whole name.
    """
    if context.invoked_subcommand is None:
        _list(context.ensure_object(Session))


@locations.command(epilog=examples("parley locations add 'Arbat 12'", "parley locations add Hall --note 'Back door'"))
@click.argument("name", metavar="NAME")
@click.option("--address", metavar="TEXT", help="Where it is.")
@click.option("--note", metavar="TEXT", help="For those who work with it.")
@common_options
@click.pass_obj
def add(session: Session, name: str, address: str | None, note: str | None) -> None:
    """Add a location and print its id."""
    with session.api() as api:
        made = api.add_location(name, address=address, note=note)
    session.say(f"Added {plain(made.name)}.")
    session.answer(made.raw, made.id)


@locations.command(epilog=examples("parley locations rename 'Arbat 12' 'Arbat 14'"))
@click.argument("which", metavar="LOCATION")
@click.argument("name", metavar="NAME")
@common_options
@click.pass_obj
def rename(session: Session, which: str, name: str) -> None:
    """Give a location another name; its recordings stay."""
    with session.api() as api:
        old = _find(api, which)
        new = api.rename_location(old, name)
    session.say(f"{plain(old.name)} is called {plain(new.name)} now.")
    if session.as_json:
        session.answer(new.raw, "")


@locations.command(epilog=examples("parley locations rm 'Arbat 12'", "parley locations rm --yes 'Arbat 12'"))
@click.argument("which", metavar="LOCATION")
@yes_option
@common_options
@click.pass_obj
def rm(session: Session, which: str, yes: bool) -> None:  # noqa: FBT001 - click calls it
    """Remove a location where no recording stands."""
    with session.api() as api:
        location = _find(api, which)
        if not yes:
            make_sure(f"Remove the location {plain(location.name)}?")
        api.remove_location(location.id)
    session.say(f"Removed {plain(location.name)}.")
    if session.as_json:
        session.answer(location.raw, "")


def _list(session: Session) -> None:
    with session.api() as api:
        found = api.locations()
    if session.as_json:
        session.answer({"items": [one.raw for one in found]}, "")
    elif not found:
        session.say("No locations yet. An admin adds one with: parley locations add NAME")
    else:
        print_table(COLUMNS, ((one.id, one.name, one.address or "", one.note or "") for one in found))


def _find(api: Api, which: str) -> Location:
    """Find the one location that is meant; an id is nobody else's name, or should be."""
    everything = api.locations()
    by_id = [one for one in everything if one.id == which]
    found = by_id or [one for one in everything if one.name.casefold() == which.strip().casefold()]
    if not found:
        raise Failure(f"There is no location {which}. See: parley locations")
    return found[0]
