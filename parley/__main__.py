"""`parley`: the service from a terminal."""

from typing import Any

import click

from parley.commands.account import erase_me, login, logout, register
from parley.commands.admin import admin
from parley.commands.answer import answer
from parley.commands.ascii import ascii_video
from parley.commands.call import call
from parley.commands.call_log import call_log
from parley.commands.contacts import contacts
from parley.commands.devices import devices, safety_number
from parley.commands.jobs import cancel, list_jobs, retry, summarise, transcribe
from parley.commands.keys import keys
from parley.commands.locations import locations
from parley.commands.ls import list_recordings
from parley.commands.options import InOrder, group_options
from parley.commands.password import password
from parley.commands.presets import presets
from parley.commands.results import summary, transcript
from parley.commands.rm import delete_recordings
from parley.commands.search import search
from parley.commands.share import share
from parley.commands.speakers import speakers
from parley.commands.stats import stats
from parley.commands.system import check, models
from parley.commands.upload import upload
from parley.commands.watch import watch
from parley.commands.webhooks import webhooks
from parley.errors import FAILED, INTERRUPTED, Failure
from parley.session import Session
from parley.show import plain


class Parley(InOrder):
    """The one place where failures become a line and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except Failure as failure:
            click.echo(f"parley: {plain(str(failure))}", err=True)
            ctx.exit(failure.exit_code)
        except (KeyboardInterrupt, click.Abort) as interrupt:
            # click makes one Abort of Ctrl-C and of an input that ended; what was first is its context
            if isinstance(interrupt.__context__, EOFError):
                click.echo("\nparley: The input ended before the answer.", err=True)
                ctx.exit(FAILED)
            click.echo("\nInterrupted.", err=True)
            ctx.exit(INTERRUPTED)


@click.group(
    cls=Parley,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Environment:
  PARLEY_SERVER   Where Parley runs.
  PARLEY_API_KEY  The API key to use in place of the stored one.

\b
Exit codes:
  0 all went well, 1 something failed, 2 wrong usage, 3 not signed in, 130 interrupted.
""",
)
@group_options
@click.pass_context
def parley(context: click.Context) -> None:
    """Parley turns what was said into a transcript and a summary you can trust.

    Start with `parley login` (or `parley register`), then `parley upload --watch meeting.m4a`.
    """
    context.ensure_object(Session)


for command in (
    register,
    login,
    logout,
    upload,
    watch,
    transcript,
    summary,
    speakers,
    transcribe,
    summarise,
    ascii_video,
    cancel,
    retry,
    list_jobs,
    presets,
    list_recordings,
    search,
    share,
    contacts,
    call,
    answer,
    call_log,
    safety_number,
    devices,
    delete_recordings,
    stats,
    locations,
    models,
    keys,
    webhooks,
    password,
    erase_me,
    admin,
    check,
):
    parley.add_command(command)


def main() -> None:
    """Run the command line."""
    parley(prog_name="parley")


if __name__ == "__main__":
    main()
