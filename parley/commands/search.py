"""What was said, and where."""

from typing import Final

import click

from parley.commands.ls import Moment
from parley.commands.options import common_options, examples
from parley.searching import Hit, Match
from parley.session import Session
from parley.show import clock, moment, plain

MOST: Final = 100
MOST_PLACES: Final = 10


@click.command(
    epilog=examples(
        "parley search budget",
        "parley search '\"annual budget\" agreed' --from 2026-11-01",
        "parley search договор --json | jq -r '.items[].recording_id'",
    ),
)
@click.argument("words", nargs=-1, required=True)
@click.option("--from", "since", metavar="DATE", type=Moment(is_end=False), help="Only what was said then or later.")
@click.option("--to", "until", metavar="DATE", type=Moment(is_end=True), help="Only what was said until then.")
@click.option("--location", metavar="LOCATION_ID", help="Only recordings of a location; see: parley locations")
@click.option(
    *("--limit", "limit"),
    metavar="N",
    type=click.IntRange(1, MOST),
    default=20,
    show_default=True,
    help="At most so many recordings.",
)
@click.option(
    *("--places", "places"),
    metavar="N",
    type=click.IntRange(1, MOST_PLACES),
    default=3,
    show_default=True,
    help="At most so many places in each.",
)
@common_options
@click.pass_obj
def search(  # noqa: PLR0913, PLR0917 - one parameter each option
    session: Session,
    words: tuple[str, ...],
    since: str | None,
    until: str | None,
    location: str | None,
    limit: int,
    places: int,
) -> None:
    """Find what was said in your recordings, the best answer first.

    All WORDS must be said near each other, in any form: "went" finds "go". Words in quotation marks must follow each
    other; your shell wants them quoted once more.
    """
    asked = {"from": since, "to": until, "location_id": location}
    filters = {name: value for name, value in asked.items() if value is not None}
    with session.api() as api:
        found = api.search(" ".join(words), limit=limit, places=places, filters=filters)
    if session.as_json:
        session.answer(found.raw, "")
        return
    for number, hit in enumerate(found.hits):
        click.echo(("\n" if number else "") + _text(hit))
    if not found.hits:
        session.say("Nobody said that.")
    elif found.total > len(found.hits):
        session.say(f"These are the best {len(found.hits)} of {found.total} recordings.")


def _text(hit: Hit) -> str:
    title = click.style(plain(hit.title).replace("\n", " "), bold=True)
    return "\n".join([f"{title}  {moment(hit.recorded_at)}  {hit.recording_id}", *map(_line, hit.matches)])


def _line(match: Match) -> str:
    speaker = f"{plain(match.speaker)}: " if match.speaker else ""
    return f"  {clock(match.start):>7}  {speaker}{highlighted(match.text, match.highlights)}"


def highlighted(text: str, highlights: tuple[tuple[int, int], ...]) -> str:
    """Return a text in one line with stretches of it made to stand out."""
    pieces, at = list[str](), 0
    for start, end in highlights:
        pieces += [_clean(text[at:start]), click.style(_clean(text[start:end]), fg="yellow", bold=True)]
        at = end
    return "".join([*pieces, _clean(text[at:])])


def _clean(text: str) -> str:
    return plain(text).replace("\n", " ")
