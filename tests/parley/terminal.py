"""A person's terminal: commands typed into it against one fake server."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from parley.__main__ import parley
from parley.session import Session
from tests.parley.fake_accounts import PASSWORD
from tests.parley.fake_server import State


@dataclass
class Terminal:
    """Runs commands in this process; nothing ever really sleeps."""

    state: State
    home: Path
    pauses: list[float] = field(default_factory=list)

    @property
    def environ(self) -> dict[str, str | None]:
        return {"XDG_CONFIG_HOME": str(self.home), "PARLEY_SERVER": self.state.url, "PARLEY_API_KEY": None}

    @property
    def credentials_file(self) -> Path:
        return self.home / "parley" / "credentials.json"

    def type(self, *arguments: str, stdin: str | None = None, makes_key: bool = False, **environ: str) -> Result:
        result = CliRunner().invoke(
            parley, arguments, input=stdin, env=self.environ | environ, obj=Session(sleep=self.pauses.append)
        )
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        for secret in {PASSWORD, *self.state.keys.values(), *self.state.accounts.access_tokens}:
            # Of any command, whatever it is about; one prints what it makes, and that on standard output.
            assert secret not in (result.stderr if makes_key else result.output)
        return result

    def type_for_json(self, *arguments: str, **environ: str) -> Any:
        return json.loads(self.type(*arguments, **environ).stdout)

    def sign_in(self) -> None:
        assert self.type("login", stdin=f"anna\n{PASSWORD}\n").exit_code == 0
