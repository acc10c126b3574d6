"""Options that every command understands, before and after its name."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

from parley.session import LOCAL_SERVER, Session

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class InOrder(click.Group):
    """Commands in the order in which a person needs them, not in the alphabet's."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Keep the order in which they were added."""
        return list(self.commands)


def common_options(command: Decorated) -> Decorated:
    """Add --server and --json; what they say goes into the session."""
    return _json(_server(None)(command))


def group_options(command: Decorated) -> Decorated:
    """Add them before the command's name. The environment counts only here: nearer options must win over it."""
    return _json(_server("PARLEY_SERVER")(command))


def examples(*lines: str) -> str:
    """Write the end of a help text: what a person could type, line by line."""
    return "\b\n" + "\n".join(["Examples:" if len(lines) > 1 else "Example:", *(f"  {line}" for line in lines)])


limit_option = click.option(
    "--limit", metavar="N", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many."
)
yes_option = click.option("--yes", is_flag=True, help="Don't ask whether it is meant.")


def _set_server(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is None:
        return
    server = value.strip().rstrip("/")
    try:
        parts = urlsplit(server)
        valid = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number
        valid = False
    if not valid:
        raise click.BadParameter(f"{value!r} is no address: write it like https://parley.example.org")
    if parts.username is not None:  # it would be stored, printed and sent in place of the key
        raise click.BadParameter("leave the password out of the address, and use `parley login`")
    context.ensure_object(Session).server = server


def _set_json(context: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click calls it
    if value:
        context.ensure_object(Session).as_json = True


def _server(variable: str | None) -> Callable[[Decorated], Decorated]:
    return click.option(
        "--server",
        metavar="URL",
        envvar=variable,
        expose_value=False,
        callback=_set_server,
        help=f"Where Parley runs. [PARLEY_SERVER, else {LOCAL_SERVER}]",
    )


_json = click.option(
    "--json", is_flag=True, expose_value=False, callback=_set_json, help="Print JSON, and nothing else, on stdout."
)
