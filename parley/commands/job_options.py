"""Options that say how to transcribe and how to summarise: the same for a new recording and for one that is there."""

from collections.abc import Callable
from functools import reduce, wraps
from typing import Any, Final, TypeVar

import click

Answer = TypeVar("Answer")
Options = dict[str, Any]
"""What was chosen, as a job takes it; nothing of what was not."""

KINDS: Final = ("transcribe", "summarise", "ascii_video")
SPEAKERS: Final = ("auto", "channels", "voices", "none")
TEMPLATES: Final = ("general", "meeting", "sales", "lecture", "voice_note")


def _terms(_context: click.Context, _parameter: click.Parameter, value: str | None) -> list[str] | None:
    terms = [term.strip() for term in (value or "").split(",")]
    return [term for term in terms if term] or None


_SPEECH: Final = (
    click.option("--model", metavar="NAME", help="The speech model, like small or large-v3; else the server's own."),
    click.option("--translate", is_flag=True, help="Write English, whatever is spoken."),
    click.option("--fast", is_flag=True, help="Faster and less careful; no times of single words."),
    click.option("--prompt", metavar="TEXT", help="As if said before: sets style, spelling and names."),
    click.option("--vocabulary", metavar="A,B,...", callback=_terms, help="Names and terms that may come up."),
    click.option("--speakers", type=click.Choice(SPEAKERS), help="How to tell speakers apart; without it, auto."),
)
_SUMMARY: Final = (
    click.option("--template", type=click.Choice(TEMPLATES), help="What to look for; without it, general."),
    click.option("--question", "questions", metavar="Q", multiple=True, help="Have it answered; one each option."),
)


preset_option = click.option(
    "--preset", metavar="NAME", help="Options by a name (parley presets); those given besides come before its own."
)


def speech_options(command: Callable[..., Answer]) -> Callable[..., Answer]:
    """Add how to transcribe; the command gets it as `speech`."""

    @wraps(command)
    def told(  # noqa: PLR0913 - one parameter each option
        *arguments: Any,
        model: str | None,
        translate: bool,
        fast: bool,
        prompt: str | None,
        vocabulary: list[str] | None,
        speakers: str | None,
        **others: Any,
    ) -> Answer:
        speech = chosen(
            model=model,
            task="translate" if translate else None,
            fast=fast or None,
            initial_prompt=prompt,
            vocabulary=vocabulary,
            speakers=speakers,
        )
        return command(*arguments, speech=speech, **others)

    return _with(_SPEECH, told)


def summary_options(command: Callable[..., Answer]) -> Callable[..., Answer]:
    """Add what a summary shall say; the command gets it as `writing`."""

    @wraps(command)
    def told(*arguments: Any, template: str | None, questions: tuple[str, ...], **others: Any) -> Answer:
        return command(*arguments, writing=chosen(template=template, questions=list(questions) or None), **others)

    return _with(_SUMMARY, told)


def chosen(**options: Any) -> Options:
    """Return those that were said."""
    return {name: value for name, value in options.items() if value is not None}


def _with(
    options: tuple[Callable[[Callable[..., Answer]], Callable[..., Answer]], ...], command: Callable[..., Answer]
) -> Callable[..., Answer]:
    # The first one stands first in the help if it is added last.
    return reduce(lambda made, option: option(made), reversed(options), command)
