"""Questions to the person. They go to standard error: standard output is for results."""

import sys

import click

from parley.errors import Failure


def ask(question: str) -> str:
    """Ask for something that may be seen."""
    answer: str = click.prompt(question, err=True)
    return answer.strip()


def ask_perhaps(question: str) -> str:
    """Ask for something that may be seen, or left out."""
    answer: str = click.prompt(question, default="", show_default=False, err=True)
    return answer.strip()


def ask_secret(question: str, *, twice: bool = False) -> str:
    """Ask for something that may not be seen; from a pipe, take the next line."""
    if sys.stdin.isatty():
        secret: str = click.prompt(
            question, hide_input=True, err=True, confirmation_prompt="Again, to be sure" if twice else False
        )
        return secret
    click.echo(f"{question}: ", err=True)
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise Failure(f"No {question.lower()} came on standard input.")
    return line


def make_sure(question: str) -> None:
    """Go on only with a yes.

    Raises:
        Failure: it was a no.
    """
    if not click.confirm(question, err=True):
        raise Failure("Nothing was changed.")


def make_sure_by_name(name: str) -> None:
    """Go on only if the name of what will be lost is typed.

    Raises:
        Failure: it was something else.
    """
    if ask(f"Type {name} to go on") != name:
        raise Failure(f"That is not {name}: nothing was erased.")
