"""Looking on."""

import click

from parley.commands.options import common_options, examples
from parley.errors import Failure
from parley.session import Session
from parley.show import recording_text
from parley.watching import watch as watch_recording


@click.command(
    short_help="Wait for a recording, then read it.",
    epilog=examples(
        "parley watch rec_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF",
    ),
)
@click.argument("recording_id", metavar="RECORDING_ID")
@common_options
@click.pass_obj
def watch(session: Session, recording_id: str) -> None:
    """Wait for a recording's jobs, then print its transcript and summary.

    Ctrl-C stops the looking on, not the work. Exits with 1 when a job failed.
    """
    with session.api() as api:
        outcome = watch_recording(api, recording_id, sleep=session.sleep, say=session.say)
    if session.as_json:
        session.answer(outcome.as_json(), "")
    elif outcome.transcript or outcome.summary:
        title = outcome.recording.title or outcome.recording.id
        click.echo(recording_text(title, outcome.transcript, outcome.summary, outcome.evidence))
    if outcome.failures:
        raise Failure("; ".join(outcome.failures))
