"""What came of a recording: transcript and summary."""

import sys
from pathlib import Path
from typing import Final

import click

from parley.commands.options import common_options, examples
from parley.errors import Failure
from parley.session import Session
from parley.show import summary_text
from parley.watching import evidence_of

FORMATS: Final = ("txt", "json", "srt", "vtt", "tsv", "docx")
BINARY: Final = frozenset({"docx"})


@click.command(
    epilog=examples(
        "parley transcript rec_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF",
        "parley transcript rec_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF -o meeting.srt --max-line-length 32",
        "parley transcript rec_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF -o meeting.docx",
        "parley transcript rec_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF --format json | jq .language",
        "parley transcript rec_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF --original",
    )
)
@click.argument("recording_id", metavar="RECORDING_ID")
@click.option("--format", "form", type=click.Choice(FORMATS), help="Without it: as the ending of -o says, else txt.")
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Write there, not to stdout.")
@click.option(
    "--max-line-length",
    metavar="N",
    type=click.IntRange(10, 200),
    help="Characters in a line of srt and vtt, 10 to 200; else 42.",
)
@click.option(
    "--max-lines", metavar="N", type=click.IntRange(1, 5), help="Lines in a caption of srt and vtt, 1 to 5; else 2."
)
@click.option("--no-speakers", is_flag=True, help="Don't name who speaks (in any format but json).")
@click.option("--original", is_flag=True, help="As it was transcribed, without what people have corrected.")
@common_options
@click.pass_obj
def transcript(  # noqa: PLR0913, PLR0917 - one parameter each option
    session: Session,
    recording_id: str,
    form: str | None,
    output: Path | None,
    max_line_length: int | None,
    max_lines: int | None,
    no_speakers: bool,  # noqa: FBT001 - click passes it by name
    original: bool,  # noqa: FBT001 - click passes it by name
) -> None:
    """Print a recording's transcript, or write it to a file."""
    if session.as_json and form not in {None, "json"}:
        raise click.UsageError(f"--json and --format {form} contradict each other.")
    if str(output) == "-":
        output = None
    ending = output.suffix.removeprefix(".").lower() if output else ""
    chosen = form or ("json" if session.as_json else ending if ending in FORMATS else "txt")
    if chosen in BINARY and output is None and sys.stdout.isatty():
        raise click.UsageError(f"{chosen} is nothing that a terminal can show: name a file with -o, or use a pipe.")
    with session.api() as api:
        body = api.transcript_file(
            recording_id,
            chosen,
            max_line_length=max_line_length,
            max_lines=max_lines,
            speakers=not no_speakers,
            original=original,
        )
    if output is None:
        click.echo(body, nl=False)
        return
    try:
        output.write_bytes(body)
    except OSError as error:
        raise Failure(f"Cannot write {click.format_filename(output)}: {error.strerror}.") from error
    session.say(f"Wrote {click.format_filename(output)}.")


@click.command(
    epilog=examples(
        "parley summary rec_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF",
    )
)
@click.argument("recording_id", metavar="RECORDING_ID")
@common_options
@click.pass_obj
def summary(session: Session, recording_id: str) -> None:
    """Print a recording's summary.

    Behind each statement stand the times in the recording that it rests on.
    """
    with session.api() as api:
        found = api.summary(recording_id)
        if session.as_json:
            session.answer(found.raw, "")
        else:
            click.echo(summary_text(found, evidence_of(api, api.recording(recording_id), found)))
