"""Your account, and whether this machine is signed in to it: register, login, logout, erase-me."""

import click

from parley.client import Api
from parley.commands.asking import ask, ask_secret, make_sure_by_name
from parley.commands.codes import solve
from parley.commands.options import common_options, examples
from parley.commands.signing_in import end, keep, report, sign_in, sign_in_with_token, warn_about_plain_http
from parley.credentials import Credential, usable_secret
from parley.errors import Failure, NotSignedIn
from parley.people import Challenge, NewAccount
from parley.session import Session
from parley.show import plain


@click.command(
    epilog=examples(
        "parley --server https://parley.example.org register",
        "parley register --phone '+49 171 3920012' --name 'Anna Schmidt'",
    )
)
@click.option("--username", metavar="NAME", help="Asked for when not given.")
@click.option("--email", metavar="ADDRESS", help="Asked for when not given.")
@click.option("--phone", metavar="NUMBER", help="Register with a phone, country code first; a code is sent to it.")
@click.option("--name", metavar="NAME", help="What you are called.")
@click.option("--nickname", metavar="NAME", help="What friends call you.")
@common_options
@click.pass_obj
def register(  # noqa: PLR0913, PLR0917 - one parameter each option
    session: Session,
    username: str | None,
    email: str | None,
    phone: str | None,
    name: str | None,
    nickname: str | None,
) -> None:
    """Make an account, and sign in to it.

    Asks for a user name, an e-mail address and, twice, a password. With --phone it asks for the password alone, and
    for the code that is sent to the phone.
    """
    warn_about_plain_http(session)
    if not phone:
        username = username or ask("User name")
        email = email or ask("E-mail")
    password = ask_secret("Password", twice=True)
    new = NewAccount(
        password=password, username=username, email=email, phone=phone or None, name=name, nickname=nickname
    )
    with session.guest() as api:
        answer = api.register(new)
        if isinstance(answer, Challenge):
            _verify(session, api, answer)
        else:
            session.say(f"Welcome, {plain(answer.label)}.")
            sign_in(session, api, identifier=answer.username or answer.unique_id, password=password)


@click.command(
    epilog=examples(
        "parley login",
        "parley --server https://parley.example.org login --user anna",
        "parley login --api-key < key.txt",
    )
)
@click.option("--user", metavar="NAME", help="User name, e-mail, phone or id. Asked for when not given.")
@click.option("--api-key", is_flag=True, help="Ask for an API key that you have, in place of a password.")
@common_options
@click.pass_obj
def login(session: Session, user: str | None, api_key: bool) -> None:  # noqa: FBT001 - click calls it
    """Sign in, and stay signed in.

    Your password is not kept: this machine gets an API key of its own, which `parley logout` deletes. Secrets are
    asked for, never given as arguments; from a pipe, the next line is taken. An account with a phone is sent a code,
    which is asked for, too.

    For one run, or in CI, set PARLEY_API_KEY instead.
    """
    if user and api_key:
        raise click.UsageError("--api-key says who you are already: leave --user out.")
    warn_about_plain_http(session)
    if api_key:
        _keep_given_key(session, usable_secret(ask_secret("API key")))
        return
    identifier = user or ask("User name, e-mail or phone")
    password = ask_secret("Password")
    with session.guest() as api:
        sign_in(session, api, identifier=identifier, password=password)


@click.command(
    epilog=examples(
        "parley logout",
    )
)
@common_options
@click.pass_obj
def logout(session: Session) -> None:
    """Delete this machine's API key, here and on the server."""
    credential = session.credentials.of(session.server)
    if credential is None:
        raise NotSignedIn(f"Not signed in to {session.server}: there is nothing to end.")
    if credential.id is not None:
        try:
            end(session, credential)
        except NotSignedIn:
            session.say("The server had ended this key already.")
    session.credentials.forget(session.server)
    if credential.id is None:
        session.say("The key that you brought is forgotten here, and still valid: delete it where you made it.")
    report(session, f"Signed out of {session.server}.", user=credential.user, key_id=credential.id)


@click.command(
    "erase-me",
    short_help="Erase your account and all that is yours.",
    epilog=examples(
        "parley erase-me",
        "parley --server https://parley.example.org erase-me",
    ),
)
@common_options
@click.pass_obj
def erase_me(session: Session) -> None:
    """Erase your account with all recordings, transcripts, summaries and keys.

    It is closed at once and gone within minutes, and there is no way back: your name is asked for first. Afterwards
    this machine forgets its key.
    """
    with session.api() as api:
        name = plain(api.whoami())
        session.say(f"This erases your account at {session.server}, and all that is yours there, for good.")
        make_sure_by_name(name)
        api.erase_me()
    if session.environ.get("PARLEY_API_KEY"):  # what is stored may be another account's
        session.say("PARLEY_API_KEY opens nothing any more: unset it.")
    else:
        session.credentials.forget(session.server)
    session.say(f"Goodbye, {name}.")


def _verify(session: Session, api: Api, challenge: Challenge) -> None:
    user, token = solve(session, api, challenge, lambda code: api.verify_registration(challenge, code))
    session.say(f"Welcome. Your unique id, to give to others: {user.unique_id}")
    sign_in_with_token(session, token)


def _keep_given_key(session: Session, secret: str) -> None:
    with session.guest(secret) as api:
        try:
            user = api.whoami()
        except NotSignedIn as error:
            raise Failure(f"{session.server} does not accept this key. ({error.code})") from error
    keep(session, Credential(secret=secret, user=user))
