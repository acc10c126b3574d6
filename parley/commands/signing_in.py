"""What all ways in have in common: a key of this machine's own, kept for its server."""

import platform
from contextlib import suppress

from parley.client import Api
from parley.commands.codes import solve
from parley.credentials import Credential
from parley.errors import Failure
from parley.people import Challenge
from parley.session import Session
from parley.transport import is_loopback


def sign_in(session: Session, api: Api, *, identifier: str, password: str) -> None:
    """Trade a password, and a code where the server wants one, for a key, and keep it."""
    answer = api.login(identifier=identifier, password=password)
    if isinstance(answer, Challenge):
        challenge = answer
        answer = solve(
            session,
            api,
            challenge,
            lambda code: api.login(identifier=identifier, password=password, code=code, challenge=challenge),
        )
        if isinstance(answer, Challenge):
            raise Failure("The server asks for another code. Sign in again.")
    sign_in_with_token(session, answer)


def sign_in_with_token(session: Session, token: str) -> None:
    """Trade an access token for a key, and keep it."""
    with session.guest(token) as signed_in:
        user = signed_in.whoami()
        key = signed_in.create_key(f"parley on {platform.node() or 'an unnamed machine'}")
        try:
            keep(session, Credential(secret=key.secret, id=key.id, user=user))
        except BaseException:
            signed_in.delete_key(key.id)  # nobody will ever know its secret
            raise
        with suppress(Failure):  # the key stands for us from now on; left alone, the session ends by itself
            signed_in.end_session()


def keep(session: Session, credential: Credential) -> None:
    """Remember a key for this server, and end the one before it."""
    former = session.credentials.of(session.server)
    session.credentials.remember(session.server, credential)
    if former is not None and former.id is not None:
        try:
            end(session, former)
        except Failure as failure:  # signing in has worked; that key may belong to a lost account, or be over
            session.say(f"The former key of this machine could not be deleted: {failure}")
    report(session, f"Signed in to {session.server} as {credential.user}.", user=credential.user, key_id=credential.id)
    if session.environ.get("PARLEY_API_KEY"):
        session.say("Note: PARLEY_API_KEY is set, and wins over what was stored now.")


def end(session: Session, credential: Credential) -> None:
    """Delete a key with its own right: it may be another account's than the one that signs in now."""
    assert credential.id is not None
    with session.guest(credential.secret) as api:
        api.delete_key(credential.id)


def report(session: Session, sentence: str, *, user: str | None, key_id: str | None) -> None:
    """Say who is signed in now, or not any more."""
    session.say(sentence)
    if session.as_json:
        session.answer({"server": session.server, "user": user, "key_id": key_id}, "")


def warn_about_plain_http(session: Session) -> None:
    """Say so where others on the way can read along."""
    if session.server.startswith("http://") and not is_loopback(session.server):
        session.say(f"Warning: {session.server} is not encrypted; others on the way can read what you type.")
