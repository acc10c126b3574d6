"""What `call` and `answer` have in common."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from parley.errors import Failure
from parley.session import Session
from parley.show import clock, plain

if TYPE_CHECKING:
    from parley.calls.talk import Report

NEEDED: Final = ("aiortc", "av")
SENTENCES: Final = {
    "answered-elsewhere": "It was answered on another device.",
    "bad-description": "What the other side said about its sound was not to be believed.",
    "busy": "is in another call.",
    "cancelled": "The call was cancelled.",
    "declined": "declined.",
    "ice-failed": "The sound broke off.",
    "ice-timeout": "No way through the networks was found. Perhaps the server has no relay (TURN).",
    "line-taken": "You are in another call.",
    "lost": "The call was lost.",
    "media-failed": "The sound could not be opened.",
    "missed": "did not answer.",
    "unreachable": "cannot be called: they must have confirmed you as a contact.",
}
_OF_THEM: Final = frozenset({"busy", "declined", "missed", "unreachable"})

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_FILE: Final = click.Path(dir_okay=False, path_type=Path)


def sound_options(command: Decorated) -> Decorated:
    """Add what is played, heard and recorded."""
    options = (
        click.option("--play", metavar="FILE", type=_FILE, help="Say what is in this file: any sound or video."),
        click.option("--save", metavar="FILE", type=_FILE, help="Save what you hear: .wav or .ogg."),
        click.option(
            "--seconds", metavar="N", type=click.FloatRange(min=0, min_open=True), help="Hang up after so long."
        ),
        click.option("--relay-only", is_flag=True, help="Go through a relay alone: they do not see your address."),
        click.option(
            "--allow-recording", is_flag=True, help="Agree without being asked when they ask to record the call."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def need_sound() -> None:
    """See to it that there are the packages for sound; raises Failure."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise Failure(
            "Calls need the Python package aiortc, which is not installed. Install it with: pip install aiortc"
        )


def report_call(session: Session, report: "Report", name: str) -> None:
    """Say what came of a call.

    Raises:
        Failure: nobody talked.
    """
    if not report.was_answered:
        raise Failure(why_not(report, name))
    level = report.heard.level
    heard = "silence" if level is None else f"{level:.0f} dB"
    lines = [f"Talked to {plain(name)} for {clock(report.talked)}; heard {heard}."]
    if report.saved:
        lines.append(f"Saved what was heard to {plain(str(report.saved))}.")
    if report.recording_id:
        lines.append(f"The call is recorded: {report.recording_id}")
    session.answer(report.as_json(), "\n".join(lines))


def why_not(report: "Report", name: str) -> str:
    """Say why nobody talked."""
    outcome = report.outcome
    code = next((one for one in (outcome.reason, outcome.status) if one in SENTENCES), outcome.status)
    sentence = SENTENCES.get(code, "The call came to nothing.")
    return f"{f'{name} ' if code in _OF_THEM else ''}{sentence} ({outcome.reason or outcome.status})"
