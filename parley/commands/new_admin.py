"""Admins: the first one, and those that others make."""

import click

from parley.commands.asking import ask, ask_secret
from parley.commands.options import common_options, examples
from parley.commands.signing_in import sign_in, warn_about_plain_http
from parley.errors import Failure, Problem
from parley.people import Challenge, NewAccount, User
from parley.session import Session
from parley.show import plain


@click.command(
    short_help="Make the first admin, or another one.",
    epilog=examples(
        "parley admin create",
        "parley --server https://parley.example.org admin create --setup-code CODE --username anna",
        "parley admin create --with-my-rights --username bob --email bob@example.org",
    ),
)
@click.option("--setup-code", metavar="CODE", help="Printed where Parley first started. Asked for when not given.")
@click.option("--with-my-rights", is_flag=True, help="Make another admin, by your own right as an admin.")
@click.option("--username", metavar="NAME", help="Asked for when not given.")
@click.option("--email", metavar="ADDRESS", help="Asked for when not given.")
@common_options
@click.pass_obj
def create(
    session: Session,
    setup_code: str | None,
    with_my_rights: bool,  # noqa: FBT001 - click calls it
    username: str | None,
    email: str | None,
) -> None:
    """Make an account that is an admin.

    The first admin is made with the setup code, which works once, and is signed in on this machine afterwards. With
    --with-my-rights an admin makes another one; who is signed in here stays the same.
    """
    if setup_code and with_my_rights:
        raise click.UsageError("--setup-code makes the first admin, --with-my-rights another one: choose.")
    warn_about_plain_http(session)
    if with_my_rights:
        _make_another(session, username, email)
    else:
        _make_the_first(session, setup_code or ask_secret("Setup code"), username, email)


def _make_the_first(session: Session, setup_code: str, username: str | None, email: str | None) -> None:
    new = _new_account(username, email)
    with session.guest() as api:
        try:
            admin = api.make_first_admin(new, setup_code=setup_code)
        except Problem as problem:
            if problem.code != "has-admin":
                raise
            raise Failure(f"{problem} An admin makes others with: parley admin create --with-my-rights") from problem
        session.say(f"Welcome, {plain(admin.label)}: you are the first admin.")
        sign_in(session, api, identifier=admin.username or admin.unique_id, password=new.password)


def _make_another(session: Session, username: str | None, email: str | None) -> None:
    with session.api() as api:
        api.users(limit=1)  # who is no admin learns it here, before there is half an admin
        made = _register(session, _new_account(username, email))
        try:
            admin = api.change_user(made.id, {"role": "admin"})
        except Failure as failure:
            raise Failure(f"The account {plain(made.label)} was made, but as no admin: {failure}") from failure
    session.say(f"{plain(admin.label)} ({admin.unique_id}) is an admin now.")
    if session.as_json:
        session.answer(admin.raw, "")


def _new_account(username: str | None, email: str | None) -> NewAccount:
    return NewAccount(
        username=username or ask("User name"),
        email=email or ask("E-mail"),
        password=ask_secret("Password", twice=True),
    )


def _register(session: Session, new: NewAccount) -> User:
    with session.guest() as guest:
        made = guest.register(new)
    if isinstance(made, Challenge):
        raise Failure("The server wants a code for this account: register it first, then use `parley admin promote`.")
    return made
