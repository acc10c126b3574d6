"""Videos into ASCII."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Final

import click

from parley.answers import FormUpload, Job, PartsUpload, Recording
from parley.ascii_calls import ENDINGS, AsciiVideo, read_ascii_video
from parley.cast_player import open_cast, play, refuse_small_terminal
from parley.client import Api, NewRecording, Wanted
from parley.commands.ascii_options import look_options, needed
from parley.commands.job_options import Options, preset_option
from parley.commands.options import common_options, examples
from parley.errors import Failure
from parley.local_ascii import draw
from parley.progress import drawing_progress, reading_progress, upload_progress
from parley.session import Session
from parley.show import plain, size_of
from parley.unfinished import Unfinished
from parley.uploads import Sender, Source, look_at, sha256_of
from parley.watching import watch_for_job, watch_job

KIND: Final = "ascii_video"


@dataclass(frozen=True, slots=True)
class _Made:
    """What there is in the end."""

    video: AsciiVideo
    files: dict[str, Path]
    recording: Recording | None = None
    job: Job | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "recording": self.recording.raw if self.recording else None,
            "job": self.job.raw if self.job else None,
            "result": self.video.raw,
            "files": {name: str(path) for name, path in self.files.items()},
        }


@click.command(
    "ascii",
    short_help="Turn a video into ASCII.",
    epilog=examples(
        "parley ascii holiday.mp4",
        "parley ascii holiday.mp4 --style braille --width 160 --play",
        "parley ascii holiday.mp4 --live",
        "parley ascii holiday.mp4 --preset matrix --gif --no-mp4 -o pictures",
        "parley ascii rec_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF --txt",
        "parley ascii job_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF",
        "parley ascii --local holiday.mp4",
    ),
)
@click.argument("what", metavar="FILE|RECORDING_ID|JOB_ID")
@look_options
@preset_option
@click.option(
    "-o", "--output", metavar="DIR", type=click.Path(path_type=Path, file_okay=False), help="Put the files there."
)
@click.option("--live", is_flag=True, help="Show in this terminal how the server draws it.")
@click.option("--play", "playing", is_flag=True, help="Play it in this terminal when it is done.")
@click.option("--local", is_flag=True, help="Draw it on this machine, without a server; needs the worker's packages.")
@common_options
@click.pass_obj
def ascii_video(  # noqa: PLR0913, PLR0917 - one parameter each option
    session: Session,
    what: str,
    look: Options,
    preset: str | None,
    output: Path | None,
    live: bool,  # noqa: FBT001 - click calls it
    playing: bool,  # noqa: FBT001
    local: bool,  # noqa: FBT001
) -> None:
    """Turn a video into ASCII: an MP4 with its sound, texts, pictures, a GIF or an asciicast.

    The files are put beside FILE, or into this folder, as holiday.ascii.mp4 and so on; those of the same name are
    replaced. A JOB_ID fetches what was made before: files are kept for a day, if the server is not set otherwise.
    """
    for flag in [name for name, is_given in (("--live", live), ("--play", playing)) if is_given]:
        if not _is_terminal():
            raise click.UsageError(f"{flag} needs a terminal, and standard output is none.")
        if session.as_json:
            raise click.UsageError(f"{flag} and --json contradict each other.")
    if local and live:
        raise click.UsageError("--live shows what the server draws: leave it or --local away.")
    if local and preset:
        raise click.UsageError("--preset names options that the server keeps: give them themselves with --local.")
    look = needed(look, playing=playing)
    if local:
        made = _draw_here(session, what, look, output)
    else:
        made = _draw_there(session, what, Wanted(KIND, look, preset), output, live=live)
    _report(session, made)
    if playing:
        _play(session, made)


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def _draw_here(session: Session, what: str, look: Options, output: Path | None) -> _Made:
    source = look_at(Path(what))
    folder = _folder(output or source.path.parent)
    with drawing_progress(source.name, session.say) as told:
        made = draw(source.path, folder, look, told=told)
    files = {name: Path(path) for name, path in made["paths"].items()}
    return _Made(read_ascii_video(made["result"]), files)


def _draw_there(session: Session, what: str, wanted: Wanted, output: Path | None, *, live: bool) -> _Made:
    with session.api() as api:
        match what.split("_", maxsplit=1)[0]:
            case "job" if not Path(what).exists():
                if wanted.options or wanted.preset:
                    raise click.UsageError("A job is made as it was asked for: name its recording to have another.")
                job = api.job(what)
                recording = api.recording(job.recording_id)
                beside = Path()
            case "rec" if not Path(what).exists():
                recording, beside = api.recording(what), Path()
                job = api.start(what, wanted)
            case _:
                source = look_at(Path(what))
                recording, job = _upload(session, api, source, wanted)
                beside = source.path.parent
        again = f"parley ascii {job.id}"
        if live:
            _show_live(session, api, job, again)
        outcome = watch_job(api, recording.id, job.id, sleep=session.sleep, say=session.say, again=again)
        if outcome.failures:
            raise Failure("; ".join(outcome.failures))
        video = api.ascii_video(job.id)
        files = _fetch(session, api, job, video, _folder(output or beside) / _stem(outcome.recording))
        return _Made(video, files, outcome.recording, outcome.job)


def _show_live(session: Session, api: Api, job: Job, again: str) -> None:
    """Show it while it is drawn; where that cannot be, say so and go on."""
    from parley.ascii_live import show_live  # noqa: PLC0415 - a tenth of a second that nobody else waits for

    try:
        show_live(job.id, sys.stdout, ticket=api.live_ticket, is_over=lambda: api.job(job.id).is_over)
    except Failure as error:
        session.say(f"It cannot be shown while it is drawn: {error}")
    except KeyboardInterrupt:
        session.say(f"The work goes on. Look again with: {again}")
        raise


def _upload(session: Session, api: Api, source: Source, wanted: Wanted) -> tuple[Recording, Job]:
    """Bring a file to the server, if it is not there; returns its recording and the job that was asked for."""
    with reading_progress(source, session.say) as reading:
        digest = sha256_of(source, reading)
    new = NewRecording(source.name, source.size, source.content_type, process=(wanted,), sha256=digest)
    begun = Unfinished(api).find(new)
    place: FormUpload | PartsUpload
    if begun is not None:
        recording, place = begun
        session.say(f"{plain(source.name)}: going on with {recording.id}")
    else:
        announced = api.announce(new)
        recording = announced.recording
        if announced.upload is None:
            session.say(f"{plain(source.name)}: already there as {recording.id}")
            return recording, api.start(recording.id, wanted)
        place = announced.upload
    with Sender(sleep=session.sleep) as sender, upload_progress(source, session.say) as watcher:
        if isinstance(place, FormUpload):
            sender.send_form(source, place, watcher)
        else:
            sender.send_parts(api, recording.id, source, place, watcher)
    return watch_for_job(api, recording.id, KIND, sleep=session.sleep, say=session.say)


def _fetch(session: Session, api: Api, job: Job, video: AsciiVideo, stem: Path) -> dict[str, Path]:
    files = {}
    for name, size in video.sizes.items():
        path = stem.with_name(f"{stem.name}{ENDINGS[name]}")
        shown = Source(path, path.name, max(size, 1), "")
        with upload_progress(shown, session.say, doing="fetching") as watcher:
            api.download(job.id, name, path, told=watcher.sent)
        files[name] = path
    return files


def _folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(f"Cannot make the folder {path}: {error.strerror}.") from error
    return path


def _stem(recording: Recording) -> str:
    # The server's word must not lead out of the folder.
    filename = plain(str(recording.raw.get("filename") or "")).replace("\\", "/").replace("\n", " ")
    return PurePath(filename).stem.strip(". ") or recording.id


def _report(session: Session, made: _Made) -> None:
    video = made.video
    by = f", written by {video.engine}" if video.engine else ""
    session.say(f"{video.frames} frames of {video.columns}x{video.rows} characters{by}")
    for warning in video.warnings:
        session.say(f"Note: {plain(warning)}")
    if session.as_json:
        session.answer(made.as_json(), "")
        return
    for name, path in made.files.items():
        click.echo(f"{click.format_filename(path)}  {size_of(video.sizes[name])}")


def _play(session: Session, made: _Made) -> None:
    cast = open_cast(made.files["cast"])
    refuse_small_terminal(cast, os.get_terminal_size(sys.stdout.fileno()))
    play(cast, sys.stdout, sleep=session.sleep)
