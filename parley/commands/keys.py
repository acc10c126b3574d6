"""API keys: for programs, and one for each machine that is signed in."""

from typing import Final

import click

from parley.client import Api
from parley.commands.asking import make_sure
from parley.commands.options import InOrder, common_options, examples, yes_option
from parley.errors import Failure
from parley.people import ApiKey
from parley.session import Session
from parley.show import moment, plain
from parley.tables import folded, print_table, whole

COLUMNS: Final = (
    folded("NAME"),
    whole("PREFIX", width=15),
    folded("SCOPES"),
    whole("MADE"),
    whole("LAST USED"),
    whole("EXPIRES"),
)
SCOPES: Final = (
    "recordings:read, recordings:write, jobs:read, jobs:write, webhooks:read, webhooks:write, account:read, "
    "account:write, admin"
)
"""For the help text; what there really is, the server knows."""


@click.group(
    cls=InOrder,
    invoke_without_command=True,
    short_help="List, make and revoke API keys.",
    epilog=examples(
        "parley keys",
        "parley keys create 'shop phone' --scope recordings:write --expires-in-days 90",
        "parley keys revoke 'shop phone'",
    ),
)
@common_options
@click.pass_context
def keys(context: click.Context) -> None:
    """List your API keys, the newest first; make and revoke them.

    Each machine that `parley login` was typed on has one. A key shows who it is by its prefix; its secret is shown
    once, when it is made.
    """
    if context.invoked_subcommand is None:
        _list(context.ensure_object(Session))


@keys.command(
    epilog=examples(
        "parley keys create 'shop phone'",
        "parley keys create ci --scope recordings:read --scope jobs:read --expires-in-days 90 > key.txt",
        "PARLEY_API_KEY=$(parley keys create 'one run' --expires-in-days 1) ./nightly.sh",
    )
)
@click.argument("name", metavar="NAME")
@click.option(
    "--scope",
    "scopes",
    metavar="SCOPE",
    multiple=True,
    help=f"What it may do ({SCOPES}); can be given more than once. Without it: all that you may.",
)
@click.option("--expires-in-days", metavar="N", type=click.IntRange(min=1), help="Without it, the key lasts.")
@common_options
@click.pass_obj
def create(session: Session, name: str, scopes: tuple[str, ...], expires_in_days: int | None) -> None:
    """Make an API key for a program, called NAME.

    Prints the secret, and nothing else, on standard output. It is shown this once: keep it where only the program can
    read it.
    """
    with session.api() as api:
        key = api.create_key(name, scopes=scopes, expires_in_days=expires_in_days)
    session.say(f"Made the key {plain(name)} ({key.id}). Its secret is shown this once:")
    session.answer(key.raw, key.secret)


@keys.command(
    epilog=examples(
        "parley keys revoke 'shop phone'",
        "parley keys revoke --yes key_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF",
    )
)
@click.argument("which", metavar="KEY")
@yes_option
@common_options
@click.pass_obj
def revoke(session: Session, which: str, yes: bool) -> None:  # noqa: FBT001 - click calls it
    """End an API key at once.

    KEY is its id, its prefix or its name.
    """
    with session.api() as api:
        key = _find(api, which)
        kept = session.credentials.of(session.server)
        is_ours = kept is not None and kept.id == key.id
        if not yes:
            ours = ", which this machine is signed in with" if is_ours else ""
            make_sure(f"Revoke the key {plain(key.name)} ({key.prefix}){ours}?")
        api.delete_key(key.id)
    if is_ours:
        session.credentials.forget(session.server)
    session.say(f"Revoked the key {plain(key.name)}.")


def _list(session: Session) -> None:
    with session.api() as api:
        found = api.keys()
    if session.as_json:
        session.answer({"items": [key.raw for key in found]}, "")
    elif not found:
        session.say("No API keys yet. Make one with: parley keys create NAME")
    else:
        print_table(COLUMNS, map(_cells, found))


def _cells(key: ApiKey) -> tuple[str, ...]:
    used = moment(key.last_used_at) if key.last_used_at else "never"
    expires = moment(key.expires_at) if key.expires_at else "never"
    return key.name, key.prefix, ", ".join(key.scopes) or "all", moment(key.created_at), used, expires


def _find(api: Api, which: str) -> ApiKey:
    """Find the one key that is meant. An id is nobody else's name, or should be."""
    everything = api.keys()
    by_id = [key for key in everything if key.id == which]
    found = by_id or [key for key in everything if which in {key.prefix, key.name}]
    if not found:
        raise Failure(f"There is no key {which}. See: parley keys")
    if len(found) > 1:
        lines = "\n".join(f"  {key.id}  {plain(key.name)}  made {moment(key.created_at)}" for key in found)
        raise Failure(f"More than one key is called {which}; say which by its id:\n{lines}")
    return found[0]
