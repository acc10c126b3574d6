"""Work on recordings that are there: once more and otherwise, or not at all."""

from collections.abc import Callable
from typing import Final

import click

from parley.answers import Job
from parley.client import Api, Wanted
from parley.commands.job_options import KINDS, Options, chosen, preset_option, speech_options, summary_options
from parley.commands.options import common_options, examples, limit_option
from parley.errors import Failure, Problem
from parley.listing import answer_list
from parley.session import Session
from parley.show import moment, plain, summary_text, transcript_text
from parley.tables import folded, whole
from parley.watching import Outcome, watch_job

STATUSES: Final = ("queued", "running", "succeeded", "failed", "cancelled")
COLUMNS: Final = (
    whole("ID", width=30),  # of use only as a whole
    whole("KIND"),
    whole("STATUS"),
    whole("DONE", right=True),
    whole("RECORDING", width=30),
    whole("CREATED"),
    folded("WHY"),
)

recording_argument = click.argument("recording_id", metavar="RECORDING_ID")


@click.command(
    short_help="Transcribe a recording once more.",
    epilog=examples(
        "parley transcribe rec_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF --model large-v3 --watch",
        "parley transcribe rec_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF --language ru --vocabulary 'Анна,Планёрка'",
    ),
)
@recording_argument
@click.option("--language", metavar="CODE", help="Language that is spoken, like en or ru; else as it was uploaded.")
@preset_option
@speech_options
@click.option("--watch", "watching", is_flag=True, help="Wait until it is done, then print the transcript.")
@common_options
@click.pass_obj
def transcribe(  # noqa: PLR0913, PLR0917 - one parameter each option
    session: Session,
    recording_id: str,
    language: str | None,
    preset: str | None,
    speech: Options,
    watching: bool,  # noqa: FBT001 - click calls it
) -> None:
    """Transcribe a recording once more: with another model, language or vocabulary.

    The new transcript becomes the recording's. Its summary stays as it is until `parley summarise`.
    """
    wanted = Wanted("transcribe", chosen(language=language) | speech, preset)
    _begin(session, lambda api: api.start(recording_id, wanted), watching=watching)


@click.command(
    short_help="Summarise a recording once more.",
    epilog=examples(
        "parley summarise rec_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF --template sales --watch",
        "parley summarise rec_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF --question 'What was agreed?' --question 'By when?'",
        "parley summarise rec_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF --language ru --prompt 'Only what concerns the budget.'",
    ),
)
@recording_argument
@click.option("--language", metavar="CODE", help="What it is written in, like en or ru; else as was spoken.")
@click.option("--prompt", metavar="TEXT", help="Your own instructions on what to look for.")
@preset_option
@summary_options
@click.option("--watch", "watching", is_flag=True, help="Wait until it is done, then print the summary.")
@common_options
@click.pass_obj
def summarise(  # noqa: PLR0913, PLR0917 - one parameter each option
    session: Session,
    recording_id: str,
    language: str | None,
    prompt: str | None,
    preset: str | None,
    writing: Options,
    watching: bool,  # noqa: FBT001 - click calls it
) -> None:
    """Summarise a recording once more: another template, language or question.

    Nothing is transcribed again; a transcript that is in the making is waited for.
    """
    wanted = Wanted("summarise", chosen(language=language, prompt=prompt) | writing, preset)
    _begin(session, lambda api: api.start(recording_id, wanted), watching=watching)


@click.command(
    short_help="Do once more what came to nothing.",
    epilog=examples(
        "parley retry job_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF",
        "parley jobs --status failed --json | jq -r '.items[].id' | xargs -n1 parley retry",
    ),
)
@click.argument("job_id", metavar="JOB_ID")
@click.option("--watch", "watching", is_flag=True, help="Wait until it is done, then print what it made.")
@common_options
@click.pass_obj
def retry(session: Session, job_id: str, watching: bool) -> None:  # noqa: FBT001 - click calls it
    """Do a job once more that has failed or was cancelled, with the same options.

    That makes a new job; the old one stays as it is.
    """
    _begin(session, lambda api: api.retry(job_id), watching=watching)


@click.command(
    "jobs",
    short_help="List what was and is being done.",
    epilog=examples(
        "parley jobs",
        "parley jobs --status failed",
        "parley jobs --kind transcribe --recording rec_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF",
    ),
)
@click.option("--status", type=click.Choice(STATUSES), help="Those that stand so.")
@click.option("--kind", type=click.Choice(KINDS), help="Those of this kind.")
@click.option("--recording", "recording_id", metavar="ID", help="Those of this recording.")
@click.option("--batch", "batch_id", metavar="ID", help="Those of this batch.")
@limit_option
@common_options
@click.pass_obj
def list_jobs(  # noqa: PLR0913, PLR0917 - one parameter each option
    session: Session,
    status: str | None,
    kind: str | None,
    recording_id: str | None,
    batch_id: str | None,
    limit: int,
) -> None:
    """List your jobs, the newest first, also those that are over."""
    filters = chosen(status=status, kind=kind, recording_id=recording_id, batch_id=batch_id)
    with session.api() as api:
        jobs, cursor = api.jobs(limit=limit, filters=filters)
    said = "".join(f" --{name.removesuffix('_id')} {value}" for name, value in filters.items())
    answer_list(
        session,
        jobs,
        cursor,
        columns=COLUMNS,
        cells=_cells,
        empty="There is no such job." if filters else "No jobs yet. Upload a recording with: parley upload FILE",
        more=f"parley jobs{said} --limit {limit * 5}",
    )


@click.command(
    short_help="Stop what is being done.",
    epilog=examples(
        "parley cancel job_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF",
        "parley cancel rec_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF",
    ),
)
@click.argument("some_id", metavar="JOB_ID|RECORDING_ID")
@common_options
@click.pass_obj
def cancel(session: Session, some_id: str) -> None:
    """Cancel a job, or all that is still to be done with a recording.

    What was made before stays. A summary that waits for a cancelled transcript is cancelled with it.
    """
    with session.api() as api:
        match some_id.split("_", maxsplit=1)[0]:
            case "job":
                cancelled = [api.cancel(some_id)]
            case "rec":
                cancelled = _cancel_all(api, some_id)
            case _:
                raise click.BadParameter(f"{some_id!r} is neither: they begin with job_ and rec_.")
    if session.as_json:
        session.answer({"items": [job.raw for job in cancelled]}, "")
        return
    for job in cancelled:
        click.echo(_line(job))
    if not cancelled:
        session.say("There was nothing left to cancel.")


def _cancel_all(api: Api, recording_id: str) -> list[Job]:
    cancelled: list[Job] = []
    for job in api.recording(recording_id).jobs:
        if job.is_over:
            continue
        try:
            cancelled.append(api.cancel(job.id))
        except Problem as problem:
            if problem.code != "job-already-finished":  # done in this very moment
                raise
    return cancelled


def _begin(session: Session, ask: Callable[[Api], Job], *, watching: bool) -> None:
    with session.api() as api:
        job = ask(api)
        if not watching:
            session.answer(job.raw, _line(job))
            session.say(f"Wait for it with: parley watch {job.recording_id}")
            return
        session.say(_line(job))
        outcome = watch_job(api, job.recording_id, job.id, sleep=session.sleep, say=session.say)
    if session.as_json:
        session.answer(outcome.as_json(), "")
    elif text := _text(outcome):
        click.echo(text)
    if outcome.failures:
        raise Failure("; ".join(outcome.failures))


def _cells(job: Job) -> tuple[str, ...]:
    progress = f"{int(job.progress * 100)} %" if not job.is_over else ""
    why = str(job.error) if job.error and job.status == "failed" else ""
    return (
        job.id,
        job.kind,
        job.status,
        progress,
        job.recording_id,
        moment(job.created_at) if job.created_at else "",
        why,
    )


def _line(job: Job) -> str:
    return f"{job.id}  {plain(job.kind)}  {plain(job.status)}"


def _text(outcome: Outcome) -> str:
    if outcome.summary is not None:
        return summary_text(outcome.summary, outcome.evidence)
    return transcript_text(outcome.transcript) if outcome.transcript is not None else ""
