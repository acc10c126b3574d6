"""What admins do: see who is there, let in and shut out, and what was done."""

from typing import Any, Final

import click

from parley.commands.asking import make_sure_by_name
from parley.commands.new_admin import create
from parley.commands.options import InOrder, common_options, examples, limit_option, yes_option
from parley.commands.whom import find_user
from parley.listing import answer_list
from parley.people import AuditRecord, User
from parley.session import Session
from parley.show import moment, plain
from parley.tables import folded, whole

USERS: Final = (
    whole("UNIQUE ID", width=9),
    folded("USER NAME"),
    folded("NAME"),
    folded("E-MAIL"),
    whole("PHONE"),
    whole("ROLE"),
    whole("STATE"),
    whole("MADE"),
)
AUDIT: Final = (
    whole("WHEN"),
    whole("WHO", width=30),
    folded("ACTION", width=8),
    whole("TO WHOM", width=30),
    folded("FACTS"),
)


@click.group(
    cls=InOrder,
    short_help="For admins: see who is there, let in and shut out.",
    epilog=examples(
        "parley admin create",
        "parley admin users --search schmidt",
        "parley admin deactivate anna@example.org",
    ),
)
@common_options
def admin() -> None:
    """See who is there, let people in and shut them out.

    WHO is an account's unique id, user name, e-mail, phone or id, as a whole.

    Only admins may do this, signed in or with their key in PARLEY_API_KEY; the first of them is made with the setup
    code.
    """


@click.command(
    epilog=examples(
        "parley admin users",
        "parley admin users --search schmidt --limit 100",
        "parley admin users --json | jq -r '.items[] | select(.active | not) | .email'",
    )
)
@click.option("--search", metavar="TEXT", help="Only those with this in a name, an e-mail address or a phone.")
@limit_option
@common_options
@click.pass_obj
def users(session: Session, search: str | None, limit: int) -> None:
    """List accounts, the newest first."""
    with session.api() as api:
        found, cursor = api.users(limit=limit, search=search)
    answer_list(
        session,
        found,
        cursor,
        columns=USERS,
        cells=_user_cells,
        empty="There is nobody like that.",
        more=f"--limit {limit * 5}",
    )


def _changing(name: str, does: str, change: dict[str, Any], said: str) -> click.Command:
    """Return a command that changes one thing about an account."""

    @click.command(name, help=does, epilog=examples(f"parley admin {name} anna@example.org"))
    @click.argument("who", metavar="WHO")
    @common_options
    @click.pass_obj
    def command(session: Session, who: str) -> None:
        with session.api() as api:
            user = api.change_user(find_user(api, who).id, change)
        session.say(f"{plain(user.label)} {said}")
        if session.as_json:
            session.answer(user.raw, "")

    return command


@click.command(
    epilog=examples(
        "parley admin erase anna@example.org",
        "parley admin erase --yes 48151623",
    )
)
@click.argument("who", metavar="WHO")
@yes_option
@common_options
@click.pass_obj
def erase(session: Session, who: str, yes: bool) -> None:  # noqa: FBT001 - click calls it
    """Erase an account and all that is theirs.

    It is closed at once and gone within minutes, and there is no way back: its name is asked for first.
    """
    with session.api() as api:
        user = find_user(api, who)
        label = plain(user.label)
        if not yes:
            session.say(f"This erases {label} ({user.unique_id}) with all recordings, for good.")
            make_sure_by_name(label)
        api.erase_user(user.id)
    session.say(f"{label} is closed, and will be gone within minutes.")
    if session.as_json:
        session.answer(user.raw, "")


@click.command(
    epilog=examples(
        "parley admin audit",
        "parley admin audit --limit 500 | grep erased",
    )
)
@limit_option
@common_options
@click.pass_obj
def audit(session: Session, limit: int) -> None:
    """List what admins did, the newest first."""
    with session.api() as api:
        records, cursor = api.audit(limit=limit)
    answer_list(
        session,
        records,
        cursor,
        columns=AUDIT,
        cells=_audit_cells,
        empty="No admin has done anything yet.",
        more=f"parley admin audit --limit {limit * 5}",
    )


def _user_cells(user: User) -> tuple[str, ...]:
    return (
        user.unique_id,
        user.username or "",
        user.name or user.nickname or "",
        user.email or "",
        user.phone or "",
        user.role,
        "active" if user.active else "inactive",
        moment(user.created_at),
    )


def _audit_cells(record: AuditRecord) -> tuple[str, ...]:
    facts = ", ".join(f"{name}={value}" for name, value in record.facts.items())
    return moment(record.at), record.actor_id, record.action, record.target_id, facts


for each in (
    create,
    users,
    _changing("activate", "Let somebody in again.", {"active": True}, "can sign in again."),
    _changing(
        "deactivate",
        "Shut somebody out; their sessions and keys end at once.",
        {"active": False},
        "is shut out; their sessions and keys are over.",
    ),
    _changing("promote", "Make somebody an admin.", {"role": "admin"}, "is an admin now."),
    _changing("demote", "Make an admin an ordinary user.", {"role": "user"}, "is no admin any more."),
    erase,
    audit,
):
    admin.add_command(each)
