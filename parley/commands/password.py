"""A new password, with the old one or without."""

import click

from parley.commands.asking import ask_secret
from parley.commands.codes import solve
from parley.commands.options import common_options, examples
from parley.commands.signing_in import warn_about_plain_http
from parley.session import Session


@click.command(
    epilog=examples(
        "parley password",
        "parley password --forgotten anna",
    )
)
@click.option("--forgotten", metavar="USER", help="Set a new one with a code: user name, e-mail, phone or id.")
@common_options
@click.pass_obj
def password(session: Session, forgotten: str | None) -> None:
    """Change your password.

    Asks for the current one and, twice, for the new one. With --forgotten, a code that is sent to the account's phone
    or e-mail address takes the place of the current one.

    API keys, this machine's among them, go on working: see `parley keys`.
    """
    warn_about_plain_http(session)
    if forgotten:
        _reset(session, forgotten)
        return
    with session.api() as api:
        current = ask_secret("Current password")
        api.change_password(current=current, new=ask_secret("New password", twice=True))
    session.say("Your password is changed.")


def _reset(session: Session, identifier: str) -> None:
    with session.guest() as api:
        challenge = api.ask_for_reset(identifier)
        # The server answers alike for an account that there isn't.
        session.say("If there is such an account, a code is on its way to its phone or e-mail address.")
        new = ask_secret("New password", twice=True)
        solve(session, api, challenge, lambda code: api.reset_password(challenge, code=code, new=new))
    session.say(f"Your password is changed. Sign in with: {session.login_command}")
