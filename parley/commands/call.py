"""Call somebody."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from parley.client import Api
from parley.commands.contacts import find_contact
from parley.commands.options import common_options, examples
from parley.commands.talking import need_sound, report_call, sound_options
from parley.session import Session

if TYPE_CHECKING:
    from parley.calls.talk import Report, Wishes


@click.command(
    epilog=examples(
        "parley call 12345678 --play question.wav --save answer.wav",
        'parley call "Анна" --seconds 60 --save anna.ogg',
        "parley call 12345678 --play statement.mp3 --record",
    )
)
@click.argument("whom", metavar="WHOM")
@sound_options
@click.option("--record", is_flag=True, help="Ask them to agree to a recording, which you find in `parley ls`.")
@common_options
@click.pass_obj
def call(  # noqa: PLR0913 - click hands over what was typed
    session: Session,
    whom: str,
    *,
    play: Path | None,
    save: Path | None,
    seconds: float | None,
    relay_only: bool,
    allow_recording: bool,
    record: bool,
) -> None:
    """Call a contact, by number or name.

    The call is end-to-end encrypted; the server passes on what it cannot read. Without --play you are silent. The call
    lasts until one of you hangs up (Ctrl-C), or --seconds are over, or --play has been played. Ends with 1 where
    nobody answers.
    """
    need_sound()
    from parley.calls.talk import Wishes, need_files  # noqa: PLC0415 - half a second that nobody else waits for

    wishes = Wishes(
        play=play,
        save=save,
        seconds=seconds,
        wants_recording=record,
        allows_recording=allow_recording,
        is_relay_only=relay_only,
        ends_when_played=play is not None,
    )
    need_files(wishes)
    with session.api() as api:
        found = api.contacts()
        unique_id = find_contact(found, whom)
        name = next((one.name for one in found if one.unique_id == unique_id), unique_id)
        report_call(session, _call(session, api, unique_id, wishes), name)


def _call(session: Session, api: Api, unique_id: str, wishes: "Wishes") -> "Report":
    from parley.calls.station import Station, run_station  # noqa: PLC0415 - as above

    async def work() -> "Report":
        async with Station(session, api, whom=unique_id) as station:
            return await station.call(wishes)

    return run_station(work())
