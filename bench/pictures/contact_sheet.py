"""`python -m bench.pictures.contact_sheet docs/ascii.png`: one picture in every style, as docs/ascii.md shows it."""

import io
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from functions.core.jobs.ascii_options import AsciiVideoOptions
from gpu_worker.pictures.font import FONT_FILE
from gpu_worker.pictures.render import render
from tests.video_making import Picture, video

WIDTH, HEIGHT = 640, 360
CAPTION: Final = 28
ACROSS: Final = 3
PANELS: Final[Mapping[str, Mapping[str, Any]]] = {
    "the video": {},
    "normal": {},
    "inverted, black on white": {"style": "inverted", "text_color": "#000000", "bg_color": "#ffffff"},
    "dots, green": {"style": "dots", "text_color": "#33ff66"},
    "gradient": {"style": "gradient"},
    "blocks, colours of the source": {"style": "blocks", "colors": "source"},
    "braille": {"style": "braille"},
    "structural": {"style": "structural"},
    "structural, colours of the source": {"style": "structural", "colors": "source"},
}


def scene() -> Picture:
    """A lit ball above a chessboard, under an evening sky."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    across, up = (x - WIDTH / 2) / HEIGHT, (HEIGHT / 2 - y) / HEIGHT
    picture = np.empty((HEIGHT, WIDTH, 3))
    picture[:] = (30, 40, 90)
    picture += np.clip(0.5 - np.abs(up), 0, 1)[..., None] * (200, 120, 40)
    ground = up < -0.08
    depth = 0.35 / np.maximum(-up - 0.06, 1e-3)
    squares = (np.floor(across * depth * 3) + np.floor(depth * 3)) % 2
    board = np.where(squares[..., None] > 0, (235, 225, 200), (60, 35, 30)) * np.clip(2.2 / depth, 0.15, 1)[..., None]
    picture[ground] = board[ground]
    radius, left, top = 0.3, across + 0.05, up - 0.05
    height = radius**2 - left**2 - top**2
    ball = height > 0
    normal = np.stack([left, top, np.sqrt(np.maximum(height, 0))], axis=-1) / radius
    light = np.clip(normal @ np.array([-0.5, 0.6, 0.62]), 0, 1)
    lit = light[..., None] * (220, 70, 60) + (light**24)[..., None] * 160 + 18
    picture[ball] = lit[ball]
    return np.clip(picture, 0, 255).astype(np.uint8)


def main(path: Path) -> None:
    """Write the sheet."""
    source = scene()
    film = video([source], rate=25, options={"crf": "8"})
    font = ImageFont.truetype(str(FONT_FILE), 16)
    down = -(-len(PANELS) // ACROSS)
    sheet = Image.new("RGB", (WIDTH * ACROSS, (HEIGHT + CAPTION) * down), "#15171c")
    draw = ImageDraw.Draw(sheet)
    for number, (name, options) in enumerate(PANELS.items()):
        left, top = number % ACROSS * WIDTH, number // ACROSS * (HEIGHT + CAPTION)
        drawn = Image.fromarray(source) if number == 0 else _drawn(film, options)
        sheet.paste(drawn.convert("RGB"), (left, top + CAPTION))
        draw.text((left + 6, top + 4), name, fill="#e8e8e8", font=font)
    sheet.quantize(64).save(path, optimize=True)


def _drawn(film: bytes, options: Mapping[str, Any]) -> Image.Image:
    stills = list[bytes]()
    with TemporaryDirectory() as scratch:
        render(
            io.BytesIO(film),
            AsciiVideoOptions.model_validate({"width": 80, "save_mp4": False, "save_txt": True} | dict(options)),
            open_output=lambda _: io.BytesIO(),
            scratch=Path(scratch),
            on_progress=lambda _: None,
            on_still=stills.append,
        )
    return Image.open(io.BytesIO(stills[0]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
