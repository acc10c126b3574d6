"""Recordings that nobody needs any more."""

import click

from parley.commands.asking import make_sure
from parley.commands.options import common_options, examples, yes_option
from parley.errors import Failure
from parley.session import Session
from parley.show import plain


@click.command(
    "rm",
    short_help="Delete recordings.",
    epilog=examples(
        "parley rm rec_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF",
        "parley ls --status refused --limit 1000 --json | jq -r '.items[].id' | xargs parley rm --yes",
    ),
)
@click.argument("recording_ids", metavar="RECORDING_ID...", nargs=-1, required=True)
@yes_option
@common_options
@click.pass_obj
def delete_recordings(session: Session, recording_ids: tuple[str, ...], yes: bool) -> None:  # noqa: FBT001 - click calls it
    """Delete recordings with their transcripts and summaries, for good.

    Prints the ids of those that were deleted. What cannot be deleted is told with its reason, holds up no other, and
    makes the exit code 1.
    """
    ids = list(dict.fromkeys(recording_ids))
    what = plain(ids[0]) if len(ids) == 1 else f"{len(ids)} recordings"
    if not yes:
        make_sure(f"Delete {what} with all transcripts and summaries, for good?")
    with session.api() as api:
        outcome = api.delete_recordings(ids)
    for recording_id, reason in outcome.failed.items():
        session.say(f"{plain(recording_id)}: {plain(str(reason))}")
    if session.as_json or outcome.deleted:
        session.answer(outcome.as_json(), plain("\n".join(outcome.deleted)))
    if outcome.failed:
        raise Failure(f"{len(outcome.failed)} of {len(ids)} were not deleted.")
