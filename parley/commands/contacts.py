"""Contacts: who may call you, and whom you may call."""

from typing import Any, Final

import click

from parley.calls.answers import Contact
from parley.commands.asking import make_sure
from parley.commands.numbers import NUMBER
from parley.commands.options import InOrder, common_options, examples, yes_option
from parley.errors import Failure
from parley.listing import answer_list
from parley.session import Session
from parley.show import moment, plain
from parley.tables import folded, whole

CONTACTS: Final = (whole("NUMBER"), whole("STATE"), folded("NAME"), folded("CALLS THEMSELVES"), whole("SINCE"))
BLOCKED: Final = (whole("NUMBER"), whole("SINCE"))

as_option = click.option("--as", "introduced_as", metavar="NAME", help="What you call yourself: they see it.")
name_option = click.option("--name", "label", metavar="NAME", help="What you call them: only you see it.")


@click.group(
    cls=InOrder,
    invoke_without_command=True,
    short_help="Say who may call you, and whom you call.",
    epilog=examples(
        "parley contacts",
        'parley contacts add 12345678 --name "Анна" --as "Boris from accounts"',
        "parley contacts confirm 12345678",
    ),
)
@common_options
@click.pass_context
def contacts(context: click.Context) -> None:
    """List your contacts, and who has asked whom; ask, confirm, decline, rename, remove and block.

    Two people can call each other once one has asked and the other has confirmed. People are named by their numbers of
    eight digits. Secret contacts are kept out of this list, as an API key never sees them.
    """
    if context.invoked_subcommand is None:
        _list(context.ensure_object(Session))


@contacts.command(
    epilog=examples("parley contacts add 12345678", 'parley contacts add 12345678 --name "Анна" --as "Boris" --secret')
)
@click.argument("unique_id", metavar="NUMBER", type=NUMBER)
@name_option
@as_option
@click.option("--secret", is_flag=True, help="Keep it out of lists, on your side and on theirs.")
@common_options
@click.pass_obj
def add(session: Session, unique_id: str, label: str | None, introduced_as: str | None, secret: bool) -> None:  # noqa: FBT001 - click calls it
    """Ask somebody whether you may call each other.

    Whether the number is anybody's is not said. If they have asked you already, you are contacts at once.
    """
    with session.api() as api:
        contact = api.ask_contact(unique_id, label=label, introduced_as=introduced_as, is_secret=secret)
    if contact.state == "confirmed":
        _answer(session, contact, f"{plain(contact.name)} had asked you: you can call each other now.")
    else:
        _answer(session, contact, f"Asked {plain(contact.name)}; you can call each other when they have confirmed.")


@contacts.command(epilog=examples('parley contacts confirm 12345678 --name "Анна"'))
@click.argument("unique_id", metavar="NUMBER", type=NUMBER)
@name_option
@as_option
@click.option("--secret", is_flag=True, help="Keep it out of lists; what they asked for in secret is secret anyway.")
@common_options
@click.pass_obj
def confirm(session: Session, unique_id: str, label: str | None, introduced_as: str | None, secret: bool) -> None:  # noqa: FBT001 - click calls it
    """Confirm somebody's request: from then on you can call each other."""
    with session.api() as api:
        contact = api.confirm_contact(unique_id, label=label, introduced_as=introduced_as, is_secret=secret)
    _answer(session, contact, f"You and {plain(contact.name)} can call each other now.")


@contacts.command(epilog=examples("parley contacts decline 12345678"))
@click.argument("unique_id", metavar="NUMBER", type=NUMBER)
@common_options
@click.pass_obj
def decline(session: Session, unique_id: str) -> None:
    """Decline somebody's request. They are not told."""
    with session.api() as api:
        api.decline_contact(unique_id)
    session.say(f"Declined the request of {plain(unique_id)}.")


@contacts.command(
    epilog=examples(
        'parley contacts change 12345678 --name "Анна Петровна"', "parley contacts change 12345678 --secret"
    )
)
@click.argument("unique_id", metavar="NUMBER", type=NUMBER)
@click.option("--name", "label", metavar="NAME", help="What you call them; an empty one: nothing any more.")
@click.option("--secret/--no-secret", default=None, help="Keep it out of lists, or show it again.")
@common_options
@click.pass_obj
def change(session: Session, unique_id: str, label: str | None, secret: bool | None) -> None:  # noqa: FBT001 - click calls it
    """Change what you call a contact, and whether it is secret. They see nothing of it."""
    wanted: dict[str, Any] = {}
    if label is not None:
        wanted["label"] = label or None
    if secret is not None:
        wanted["secret"] = secret
    if not wanted:
        raise click.UsageError("Say what is to be different: --name, --secret or --no-secret.")
    with session.api() as api:
        contact = api.change_contact(unique_id, wanted)
    _answer(session, contact, f"Changed the contact {plain(contact.name)}.")


@contacts.command(epilog=examples("parley contacts rm 12345678"))
@click.argument("unique_id", metavar="NUMBER", type=NUMBER)
@yes_option
@common_options
@click.pass_obj
def rm(session: Session, unique_id: str, yes: bool) -> None:  # noqa: FBT001 - click calls it
    """Remove a contact, on both sides; or take your request back."""
    if not yes:
        make_sure(f"Remove the contact {plain(unique_id)}? You cannot call each other then.")
    with session.api() as api:
        api.remove_contact(unique_id)
    session.say(f"Removed the contact {plain(unique_id)}.")


@contacts.command(epilog=examples("parley contacts block 12345678"))
@click.argument("unique_id", metavar="NUMBER", type=NUMBER)
@yes_option
@common_options
@click.pass_obj
def block(session: Session, unique_id: str, yes: bool) -> None:  # noqa: FBT001 - click calls it
    """Hear nothing more of somebody: no request, no call. They are not told."""
    if not yes:
        make_sure(f"Block {plain(unique_id)}? They are no contact of yours then.")
    with session.api() as api:
        api.block(unique_id)
    session.say(f"Blocked {plain(unique_id)}.")


@contacts.command(epilog=examples("parley contacts unblock 12345678"))
@click.argument("unique_id", metavar="NUMBER", type=NUMBER)
@common_options
@click.pass_obj
def unblock(session: Session, unique_id: str) -> None:
    """Let somebody ask you again. You are no contacts by that."""
    with session.api() as api:
        api.unblock(unique_id)
    session.say(f"{plain(unique_id)} can ask you again.")


@contacts.command(epilog=examples("parley contacts blocked"))
@common_options
@click.pass_obj
def blocked(session: Session) -> None:
    """List whom you have blocked."""
    with session.api() as api:
        found = api.blocked()
    answer_list(
        session,
        found,
        None,
        columns=BLOCKED,
        cells=lambda one: (one.unique_id, moment(one.created_at)),
        empty="You have blocked nobody.",
        more="",
    )


def find_contact(found: list[Contact], which: str) -> str:
    """Return the number that somebody means by a number or a name.

    Raises:
        Failure: a name is nobody's, or more than one contact's.
    """
    if len(which) == 8 and which.isascii() and which.isdecimal():
        return which  # also a secret contact's, which no list shows
    meant = [one for one in found if which.casefold() in {one.name.casefold(), (one.label or "").casefold()}]
    if not meant:
        raise Failure(f"There is no contact {which}. See: parley contacts")
    if len(meant) > 1:
        raise Failure(f"More than one contact is called {which}: {', '.join(one.unique_id for one in meant)}")
    return meant[0].unique_id


def _list(session: Session) -> None:
    with session.api() as api:
        found = api.contacts()
    answer_list(
        session,
        found,
        None,
        columns=CONTACTS,
        cells=_cells,
        empty="No contacts yet. Ask somebody with: parley contacts add NUMBER",
        more="",
    )


def _cells(one: Contact) -> tuple[str, ...]:
    state = {"requested": "you asked", "asking": "asks you"}.get(one.state, one.state)
    return one.unique_id, state, one.label or "", one.introduced_as or "", moment(one.created_at)


def _answer(session: Session, contact: Contact, text: str) -> None:
    session.say(text)
    if session.as_json:
        session.answer(contact.raw, "")
