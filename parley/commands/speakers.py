"""Who speaks in a recording."""

import click

from parley.commands.options import common_options, examples
from parley.session import Session

Names = dict[str, str | None]


def _read_names(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> Names:
    names: Names = {}
    for one in given:
        speaker, sign, name = (part.strip() for part in one.partition("="))
        if not speaker or not sign:
            raise click.BadParameter(f"{one!r} names nobody: write it like 'Speaker 1=Анна'")
        if speaker in names:
            raise click.BadParameter(f"{speaker!r} is named twice")
        names[speaker] = name or None
    return names


@click.command(
    short_help="Say who speaks in a recording.",
    epilog=examples(
        "parley speakers rec_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF 'Speaker 1=Анна' 'Speaker 2=Пётр'",
        "parley speakers rec_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF 'Speaker 2='",
    ),
)
@click.argument("recording_id", metavar="RECORDING_ID")
@click.argument("names", metavar="SPEAKER=NAME...", nargs=-1, required=True, callback=_read_names)
@common_options
@click.pass_obj
def speakers(session: Session, recording_id: str, names: Names) -> None:
    """Give the speakers of a recording's transcript their names.

    SPEAKER is what the original transcript calls them (`parley transcript ID --original`). With nothing behind the =
    a name is taken back. Speakers that you leave out keep theirs.
    """
    with session.api() as api:
        corrected = api.name_speakers(recording_id, names)
    session.answer(corrected.raw, _outcome(names))


def _outcome(names: Names) -> str:
    taken_back = list(names.values()).count(None)
    named = len(names) - taken_back
    told = f"{named} {'speaker' if named == 1 else 'speakers'} named"
    return f"{told}, {taken_back} taken back." if taken_back else f"{told}."
