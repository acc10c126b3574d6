"""Options with a name, to be asked for by it."""

import json
from collections.abc import Callable
from typing import Any, Final

import click

from parley.commands.ascii_options import look_options
from parley.commands.job_options import KINDS, Options, chosen, speech_options, summary_options
from parley.commands.options import InOrder, common_options, examples
from parley.presets import Preset
from parley.session import Session
from parley.show import plain
from parley.tables import folded, print_table, whole

COLUMNS: Final = (folded("NAME"), whole("KIND"), whole("WHOSE"), folded("OPTIONS"), folded("DESCRIPTION"))

kind_option = click.option("--kind", type=click.Choice(KINDS), help="Of which kind.")


def _described(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--description", metavar="TEXT", help="What it is for.")(command)


@click.group(
    cls=InOrder,
    invoke_without_command=True,
    short_help="List, make and remove named options.",
    epilog=examples(
        "parley presets",
        "parley presets --kind summarise",
        "parley presets transcribe calls --speakers channels --vocabulary 'Анна,Планёрка'",
        "parley transcribe rec_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF --preset calls",
    ),
)
@kind_option
@common_options
@click.pass_context
def presets(context: click.Context, kind: str | None) -> None:
    """List presets: options with a name, the server's own and yours.

    Name one with --preset; options that you give besides come before its own.
    """
    if context.invoked_subcommand is None:
        _list(context.ensure_object(Session), kind)


@presets.command(
    short_help="Name a way to transcribe.",
    epilog=examples("parley presets transcribe calls --speakers channels --fast"),
)
@click.argument("name", metavar="NAME")
@click.option("--language", metavar="CODE", help="Language that is spoken, like en or ru.")
@speech_options
@_described
@common_options
@click.pass_obj
def transcribe(session: Session, name: str, language: str | None, speech: Options, description: str | None) -> None:
    """Give a way to transcribe a NAME."""
    _add(session, name, "transcribe", chosen(language=language) | speech, description)


@presets.command(
    short_help="Name a way to summarise.",
    epilog=examples("parley presets summarise visits --template sales --question 'Что нужно клиенту?'"),
)
@click.argument("name", metavar="NAME")
@click.option("--language", metavar="CODE", help="What it is written in, like en or ru; else as was spoken.")
@click.option("--prompt", metavar="TEXT", help="Your own instructions on what to look for.")
@summary_options
@_described
@common_options
@click.pass_obj
def summarise(  # noqa: PLR0913, PLR0917 - one parameter each option
    session: Session,
    name: str,
    language: str | None,
    prompt: str | None,
    writing: Options,
    description: str | None,
) -> None:
    """Give a way to summarise a NAME."""
    _add(session, name, "summarise", chosen(language=language, prompt=prompt) | writing, description)


@presets.command(
    "ascii",
    short_help="Name a way to turn videos into ASCII.",
    epilog=examples("parley presets ascii film --style structural --text-color '#33ff66'"),
)
@click.argument("name", metavar="NAME")
@look_options
@_described
@common_options
@click.pass_obj
def ascii_video(session: Session, name: str, look: Options, description: str | None) -> None:
    """Give a way to turn videos into ASCII a NAME."""
    _add(session, name, "ascii_video", look, description)


@presets.command(epilog=examples("parley presets rm calls", "parley presets rm --kind summarise visits"))
@click.argument("name", metavar="NAME")
@kind_option
@common_options
@click.pass_obj
def rm(session: Session, name: str, kind: str | None) -> None:
    """Remove a preset of yours; what was made with it stays as it is."""
    with session.api() as api:
        api.remove_preset(name, kind=kind)
    session.say(f"Removed the preset {plain(name)}.")


def _list(session: Session, kind: str | None) -> None:
    with session.api() as api:
        found = api.presets(kind=kind)
    if session.as_json:
        session.answer({"items": [one.raw for one in found]}, "")
    else:
        print_table(COLUMNS, map(_cells, found))


def _cells(one: Preset) -> tuple[str, ...]:
    whose = "Parley's" if one.is_built_in else "yours"
    return one.name, one.kind, whose, json.dumps(one.options, ensure_ascii=False), one.description or ""


def _add(session: Session, name: str, kind: str, options: Options, description: str | None) -> None:
    with session.api() as api:
        made = api.add_preset(name, kind=kind, options=options, description=description)
    session.answer(made.raw, f"{plain(made.name)}  {plain(made.kind)}")
