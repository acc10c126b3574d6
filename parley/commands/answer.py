"""Wait to be called."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from parley.client import Api
from parley.commands.options import common_options, examples
from parley.commands.talking import need_sound, report_call, sound_options, why_not
from parley.session import Session
from parley.show import plain

if TYPE_CHECKING:
    from parley.calls.talk import Wishes


@click.command(
    epilog=examples(
        "parley answer --save call.wav",
        "parley answer --auto --play greeting.ogg --seconds 30",
        "parley answer --auto --once --echo",
    )
)
@sound_options
@click.option("--auto", is_flag=True, help="Answer every call without asking; only contacts can call you.")
@click.option("--once", is_flag=True, help="Stop after the first call that was answered.")
@click.option("--echo", is_flag=True, help="Say back what you hear.")
@common_options
@click.pass_obj
def answer(  # noqa: PLR0913 - click hands over what was typed
    session: Session,
    *,
    play: Path | None,
    save: Path | None,
    seconds: float | None,
    relay_only: bool,
    allow_recording: bool,
    auto: bool,
    once: bool,
    echo: bool,
) -> None:
    """Wait for calls and answer them.

    Asks on the terminal before it answers; nothing of yours is sent to the caller before that. Goes on waiting after a
    call, unless --once is given; --save then keeps the last one. Ctrl-C hangs up, and without a call ends.
    """
    if play is not None and echo:
        raise click.UsageError("--play and --echo do not go together.")
    if not auto and not sys.stdin.isatty():
        raise click.UsageError("There is no terminal to ask on: add --auto to answer every call.")
    need_sound()
    from parley.calls.talk import Wishes, need_files  # noqa: PLC0415 - half a second that nobody else waits for

    wishes = Wishes(
        play=play,
        save=save,
        seconds=seconds,
        is_echo=echo,
        allows_recording=allow_recording,
        is_relay_only=relay_only,
    )
    need_files(wishes)
    with session.api() as api:
        _answer(session, api, wishes, is_asked=not auto, once=once)


def _answer(session: Session, api: Api, wishes: "Wishes", *, is_asked: bool, once: bool) -> None:
    from parley.calls.station import Station, run_station  # noqa: PLC0415 - as above

    async def work() -> None:
        async with Station(session, api) as station:
            session.say(f"Waiting for calls to {station.unique_id}. Ctrl-C ends.")
            while True:
                report = await station.answer(wishes, is_asked=is_asked)
                if report is None:
                    continue
                if report.was_answered:
                    report_call(session, report, report.name)
                    if once:
                        return
                else:
                    session.say(f"Not answered: {plain(why_not(report, report.name))}")

    run_station(work())
