"""Files into Parley."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from parley.answers import FormUpload, PartsUpload, Recording
from parley.client import Api, NewRecording, Wanted
from parley.commands.job_options import Options, speech_options, summary_options
from parley.commands.options import common_options, examples
from parley.errors import FAILED, Failure, NotSignedIn
from parley.progress import reading_progress, upload_progress
from parley.session import Session
from parley.show import plain, recording_text, size_of
from parley.unfinished import Unfinished
from parley.uploads import Sender, Source, look_at, sha256_of
from parley.watching import Outcome, watch


@dataclass(slots=True)
class _Item:
    """One file of the command line, and what became of it."""

    file: str
    recording: Recording | None = None
    duplicate: bool = False
    outcome: Outcome | None = None
    error: str | None = None
    code: str | None = None

    def as_json(self) -> dict[str, Any]:
        result: dict[str, Any] = {
            "file": self.file,
            "recording": self.recording.raw if self.recording else None,
            "duplicate": self.duplicate,
            "error": {"code": self.code, "detail": self.error} if self.error else None,
        }
        return result | (self.outcome.as_json() if self.outcome else {})


@click.command(
    epilog=examples(
        "parley upload meeting.m4a",
        "parley upload --language ru --watch разговор.mp3 > notes.txt",
        "parley upload --no-summary *.wav",
        "parley upload --model large-v3 --vocabulary 'Parley,Anna Kern' --template meeting planning.mp4",
        "parley upload --question 'Who brings the keys?' call.ogg",
        "parley upload --json meeting.m4a | jq -r '.items[].recording.id'",
    )
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--title", help="What to call it (one file only); without it, the file's name.")
@click.option("--language", metavar="CODE", help="Language that is spoken, like en or ru; without it, Parley listens.")
@speech_options
@click.option("--summary/--no-summary", default=True, help="Also summarise it (the default), or don't.")
@summary_options
@click.option("--again", is_flag=True, help="Make another recording of a file that you have uploaded before.")
@click.option("--watch", "watching", is_flag=True, help="Wait until it is done, then print transcript and summary.")
@common_options
@click.pass_obj
def upload(  # noqa: PLR0913, PLR0917 - one parameter each option
    session: Session,
    files: tuple[Path, ...],
    title: str | None,
    language: str | None,
    speech: Options,
    summary: bool,  # noqa: FBT001 - click calls it
    writing: Options,
    again: bool,  # noqa: FBT001
    watching: bool,  # noqa: FBT001
) -> None:
    """Upload recordings to be transcribed and summarised.

    Prints one line for each file: the id of its recording and its name. A file that fails does not stop the others,
    and makes the exit code 1.

    A file that you have uploaded before is not sent again: its recording is named. A large one whose upload was
    interrupted goes on where it stopped, if you type the same again within two days.
    """
    if title and len(files) > 1:
        raise click.UsageError("--title names one recording: upload the files one by one.")
    if writing and not summary:
        raise click.UsageError("--no-summary and what a summary shall say contradict each other.")
    process = (Wanted("transcribe", speech), *([Wanted("summarise", writing)] if summary else []))
    items = [_Item(click.format_filename(file)) for file in files]
    with session.api() as api, Sender(sleep=session.sleep) as sender:
        unfinished = Unfinished(api)
        for file, item in zip(files, items, strict=True):
            with _noting_failure(session, item):
                source = look_at(file)
                with reading_progress(source, session.say) as reading:
                    digest = sha256_of(source, reading)
                new = NewRecording(
                    source.name, source.size, source.content_type, title, language, process, digest, again
                )
                place = _place_for(session, api, unfinished, new, item)
                if place is not None:
                    _send(session, api, sender, source, place, item)
                done = f"{size_of(source.size)} uploaded" if place is not None else "already there"
                _report(session, item, done, watching=watching)
        if watching:
            _watch(session, api, items)
    if session.as_json:
        session.answer({"items": [item.as_json() for item in items]}, "")
    if any(item.error for item in items):
        raise SystemExit(FAILED)


def _place_for(
    session: Session, api: Api, unfinished: Unfinished, new: NewRecording, item: _Item
) -> FormUpload | PartsUpload | None:
    """Find or make the item's recording; returns where its bytes go, or None where they are there."""
    begun = unfinished.find(new)
    if begun is not None:
        item.recording, place = begun
        session.say(f"{plain(item.file)}: going on with {item.recording.id}")
        return place
    announced = api.announce(new)
    item.recording, item.duplicate = announced.recording, announced.duplicate
    if announced.duplicate:
        session.say(
            f"{plain(item.file)}: already there as {announced.recording.id}, and nothing new was started."
            " --again makes another recording of it."
        )
    return announced.upload


def _send(  # noqa: PLR0913, PLR0917 - what it takes
    session: Session, api: Api, sender: Sender, source: Source, place: FormUpload | PartsUpload, item: _Item
) -> None:
    assert item.recording is not None
    with upload_progress(source, session.say) as watcher:
        if isinstance(place, FormUpload):
            sender.send_form(source, place, watcher)
        else:
            sender.send_parts(api, item.recording.id, source, place, watcher)


def _watch(session: Session, api: Api, items: list[_Item]) -> None:
    """Wait for one after the other: the server works on all of them meanwhile."""
    for item in items:
        if item.recording is None or item.error:
            continue
        with _noting_failure(session, item):
            item.outcome = watch(api, item.recording.id, sleep=session.sleep, say=session.say)
            item.recording = item.outcome.recording
            if not session.as_json and (item.outcome.transcript or item.outcome.summary):
                title = item.recording.title or item.file
                outcome = item.outcome
                click.echo(recording_text(title, outcome.transcript, outcome.summary, outcome.evidence))
            if item.outcome.failures:
                raise Failure("; ".join(item.outcome.failures))


def _report(session: Session, item: _Item, done: str, *, watching: bool) -> None:
    """Say that a file is there. With --watch, standard output is kept for what is to be read."""
    assert item.recording is not None
    line = f"{item.recording.id}  {plain(item.file)}"
    if session.as_json or watching:
        session.say(f"{line}  {done}")
    else:
        click.echo(line)


@contextmanager
def _noting_failure(session: Session, item: _Item) -> Iterator[None]:
    """Keep one file's failure to that file; not being signed in is everybody's."""
    try:
        yield
    except NotSignedIn:
        raise
    except Failure as failure:
        item.error, item.code = plain(str(failure)), failure.code
        session.say(f"parley: {plain(item.file)}: {item.error}")
