"""What every command has: which server, which key, how to wait and where to speak."""

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import click

from parley.client import Api
from parley.credentials import Credentials, usable_secret
from parley.errors import NotSignedIn

LOCAL_SERVER: Final = "http://127.0.0.1:8000"


@dataclass(slots=True)
class Session:
    """One run of the program. `server` and `as_json` are set by options, in whatever place they stand."""

    sleep: Callable[[float], None] = time.sleep
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    server: str = LOCAL_SERVER
    as_json: bool = False

    @property
    def credentials(self) -> Credentials:
        """The keys that this user has stored."""
        return Credentials.of_user(self.environ)

    @property
    def login_command(self) -> str:
        """What to type to sign in to this server."""
        return "parley login" if self.server == LOCAL_SERVER else f"parley --server {self.server} login"

    def guest(self, secret: str | None = None) -> Api:
        """Ask the server without the stored key: with none, or with `secret`."""
        return Api(self.server, secret, sleep=self.sleep, how_to_sign_in=self.login_command)

    def api(self) -> Api:
        """Ask the server as the user.

        Raises:
            NotSignedIn: there is no key for it.
        """
        if secret := self.environ.get("PARLEY_API_KEY"):
            hint = f"PARLEY_API_KEY is set and wins over the stored key; unset it, or use: {self.login_command}"
            return Api(self.server, usable_secret(secret), sleep=self.sleep, how_to_sign_in=hint)
        if credential := self.credentials.of(self.server):
            return self.guest(credential.secret)
        elsewhere = self.credentials.servers()
        also = f" (You are signed in to {', '.join(elsewhere)}: choose it with --server.)" if elsewhere else ""
        raise NotSignedIn(f"Not signed in to {self.server}. Type: {self.login_command}{also}")

    def say(self, text: str) -> None:
        """Tell the person something; standard output is for results only."""
        click.echo(text, err=True)

    def answer(self, data: Any, text: str) -> None:
        """Print a result: as JSON for programs, as text for people."""
        # JSON is UTF-8 whatever the terminal's encoding is, hence bytes.
        click.echo(json.dumps(data, ensure_ascii=False, indent=2).encode() if self.as_json else text)
