"""Options that say how a video is drawn with characters."""

import re
from collections.abc import Callable
from functools import reduce, wraps
from typing import Any, Final, TypeVar

import click

from parley.commands.job_options import Options, chosen

Answer = TypeVar("Answer")

STYLES: Final = ("normal", "inverted", "dots", "gradient", "blocks", "braille", "structural")
ENGINES: Final = ("auto", "direct", "x264")
COLOURS: Final = ("text", "source")
FACTOR: Final = click.FloatRange(0.5, 2.0)


def _colour(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    digits = value.removeprefix("#")
    if not re.fullmatch("[0-9a-fA-F]{6}", digits):
        raise click.BadParameter(f"{value!r} is no colour: write it like #33ff66")
    return f"#{digits.lower()}"


_LOOK: Final = (
    click.option(
        "--width",
        metavar="N",
        type=click.IntRange(10, 240),
        help="Characters in a line, 10 to 240; without it about 120, of which each is 8 or 16 pixels wide.",
    ),
    click.option("--style", type=click.Choice(STYLES), help="Which characters; without it, normal."),
    click.option("--brightness", metavar="X", type=FACTOR, help="0.5 to 2; above 1 brighter."),
    click.option("--contrast", metavar="X", type=FACTOR, help="0.5 to 2; above 1 more of it."),
    click.option("--gamma", metavar="X", type=FACTOR, help="0.5 to 2; above 1 brighter in the shadows."),
    click.option(
        "--text-color", metavar="#RRGGBB", callback=_colour, help="Colour of the characters; without it, white."
    ),
    click.option("--bg-color", metavar="#RRGGBB", callback=_colour, help="Colour behind them; without it, black."),
    click.option("--colors", type=click.Choice(COLOURS), help="source: each character in the colour of its place."),
    click.option("--random-colors", is_flag=True, help="Another colour of text in each frame."),
    click.option("--transparent", is_flag=True, help="No background in PNG and GIF; an MP4 always has one."),
    click.option(
        "--fps", metavar="N", type=click.FloatRange(1, 120), help="Frames a second; without it all, in their time."
    ),
    click.option(
        "--crf", metavar="N", type=click.IntRange(0, 51), help="What x264 writes: 0 is best and largest; else 23."
    ),
    click.option("--engine", type=click.Choice(ENGINES), help="What writes the MP4; without it, auto."),
    click.option("--txt", is_flag=True, help="Also make a ZIP of one text file for each frame."),
    click.option("--png", is_flag=True, help="Also make a ZIP of one PNG for each frame."),
    click.option("--gif", is_flag=True, help="Also make an animated GIF."),
    click.option("--cast", is_flag=True, help="Also make an asciicast, as terminals play it."),
    click.option("--no-mp4", is_flag=True, help="Make no MP4."),
)


def look_options(command: Callable[..., Answer]) -> Callable[..., Answer]:
    """Add how to draw; the command gets it as `look`."""

    @wraps(command)
    def told(  # noqa: PLR0913 - one parameter each option
        *arguments: Any,
        width: int | None,
        style: str | None,
        brightness: float | None,
        contrast: float | None,
        gamma: float | None,
        text_color: str | None,
        bg_color: str | None,
        colors: str | None,
        random_colors: bool,
        transparent: bool,
        fps: float | None,
        crf: int | None,
        engine: str | None,
        txt: bool,
        png: bool,
        gif: bool,
        cast: bool,
        no_mp4: bool,
        **others: Any,
    ) -> Answer:
        look = chosen(
            width=width,
            style=style,
            brightness=brightness,
            contrast=contrast,
            gamma=gamma,
            text_color=text_color,
            bg_color=bg_color,
            colors=colors,
            random_colors=random_colors or None,
            transparent_bg=transparent or None,
            fps=fps,
            crf=crf,
            engine=engine,
            save_txt=txt or None,
            save_png=png or None,
            save_gif=gif or None,
            save_cast=cast or None,
            save_mp4=False if no_mp4 else None,
        )
        return command(*arguments, look=look, **others)

    # The first one stands first in the help if it is added last.
    return reduce(lambda made, option: option(made), reversed(_LOOK), told)


def needed(look: Options, *, playing: bool) -> Options:
    """Return what is to be drawn, with what is to be played."""
    return look | {"save_cast": True} if playing else look
