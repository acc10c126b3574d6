"""Who you are: register, login, logout."""

import platform

import click

from parley.client import Api, Challenge, is_loopback
from parley.commands.asking import ask, ask_secret
from parley.commands.options import common_options, examples
from parley.credentials import Credential, usable_secret
from parley.errors import Failure, NotSignedIn
from parley.session import Session


@click.command(
    epilog=examples(
        "parley --server https://parley.example.org register",
    )
)
@click.option("--username", metavar="NAME", help="Asked for when not given.")
@click.option("--email", metavar="ADDRESS", help="Asked for when not given.")
@common_options
@click.pass_obj
def register(session: Session, username: str | None, email: str | None) -> None:
    """Make an account, and sign in to it.

    Asks for a user name, an e-mail address and, twice, a password.
    """
    _warn_about_plain_http(session)
    username = username or ask("User name")
    email = email or ask("E-mail")
    password = ask_secret("Password", twice=True)
    with session.guest() as api:
        api.register(username=username, email=email, password=password)
        session.say(f"Welcome, {username}.")
        _sign_in(session, api, identifier=username, password=password)


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
    asked for, never given as arguments; from a pipe, the next line is taken.

    For one run, or in CI, set PARLEY_API_KEY instead.
    """
    if user and api_key:
        raise click.UsageError("--api-key says who you are already: leave --user out.")
    _warn_about_plain_http(session)
    if api_key:
        _keep_given_key(session, usable_secret(ask_secret("API key")))
        return
    identifier = user or ask("User name, e-mail or phone")
    password = ask_secret("Password")
    with session.guest() as api:
        _sign_in(session, api, identifier=identifier, password=password)


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
            _end(session, credential)
        except NotSignedIn:
            session.say("The server had ended this key already.")
    session.credentials.forget(session.server)
    if credential.id is None:
        session.say("The key that you brought is forgotten here, and still valid: delete it where you made it.")
    _report(session, f"Signed out of {session.server}.", user=credential.user, key_id=credential.id)


def _sign_in(session: Session, api: Api, *, identifier: str, password: str) -> None:
    token = api.login(identifier=identifier, password=password)
    if isinstance(token, Challenge):
        code = ask("Code that was sent to you")
        token = api.login(identifier=identifier, password=password, code=code, challenge=token)
        if isinstance(token, Challenge):
            raise Failure("The server asks for another code. Sign in again.")
    with session.guest(token) as signed_in:
        user = signed_in.whoami()
        key = signed_in.create_key(f"parley on {platform.node() or 'an unnamed machine'}")
        try:
            _keep(session, Credential(secret=key.secret, id=key.id, user=user))
        except BaseException:
            signed_in.delete_key(key.id)  # nobody will ever know its secret
            raise


def _keep_given_key(session: Session, secret: str) -> None:
    with session.guest(secret) as api:
        try:
            user = api.whoami()
        except NotSignedIn as error:
            raise Failure(f"{session.server} does not accept this key. ({error.code})") from error
    _keep(session, Credential(secret=secret, user=user))


def _keep(session: Session, credential: Credential) -> None:
    former = session.credentials.of(session.server)
    session.credentials.remember(session.server, credential)
    if former is not None and former.id is not None:
        try:
            _end(session, former)
        except Failure as failure:  # signing in has worked; that key may belong to a lost account, or be over
            session.say(f"The former key of this machine could not be deleted: {failure}")
    _report(session, f"Signed in to {session.server} as {credential.user}.", user=credential.user, key_id=credential.id)
    if session.environ.get("PARLEY_API_KEY"):
        session.say("Note: PARLEY_API_KEY is set, and wins over what was stored now.")


def _end(session: Session, credential: Credential) -> None:
    """Delete a key with its own right: it may be another account's than the one that signs in now."""
    assert credential.id is not None
    with session.guest(credential.secret) as api:
        api.delete_key(credential.id)


def _report(session: Session, sentence: str, *, user: str | None, key_id: str | None) -> None:
    session.say(sentence)
    if session.as_json:
        session.answer({"server": session.server, "user": user, "key_id": key_id}, "")


def _warn_about_plain_http(session: Session) -> None:
    if session.server.startswith("http://") and not is_loopback(session.server):
        session.say(f"Warning: {session.server} is not encrypted; others on the way can read what you type.")
