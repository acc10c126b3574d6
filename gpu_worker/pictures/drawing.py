"""From frames to grids of characters."""

from functools import partial

import av

from functions.core.jobs.ascii_options import AsciiVideoOptions, CellColours, Style
from gpu_worker.pictures.atlas import Atlas
from gpu_worker.pictures.decoding import Shown
from gpu_worker.pictures.grid import Bytes, Grid
from gpu_worker.pictures.layout import Layout
from gpu_worker.pictures.mapping import mapper
from gpu_worker.pictures.palette import random_colour, rgb
from gpu_worker.pictures.planes import planes_of
from gpu_worker.pictures.sampling import Sampler
from gpu_worker.pictures.tone import tone_table


class Drawing:
    """Draws the frames of one video, one after the other."""

    def __init__(self, layout: Layout, atlas: Atlas, options: AsciiVideoOptions, *, rotation: int, seed: int) -> None:
        """Prepare. `rotation` is what the frames still need to be upright; `seed` chooses random colours."""
        self.frames = 0
        self._options = options
        self._seed = seed
        self._mapper = mapper(options.style, atlas)
        self._sampler = Sampler(
            layout,
            parts=self._mapper.parts,
            rotation=rotation,
            with_colours=options.colors is CellColours.SOURCE,
        )
        self._tone = partial(tone_table, brightness=options.brightness, contrast=options.contrast, gamma=options.gamma)
        self._frame: av.VideoFrame | None = None
        self._drawn: tuple[Bytes, Bytes | None] | None = None

    def grid(self, shown: Shown) -> Grid:
        """Draw the next frame; one that is only held on is not drawn again."""
        if self._drawn is None or shown.frame is not self._frame:
            self._drawn = self._draw(shown.frame)
            self._frame = shown.frame
        glyphs, colours = self._drawn
        grid = Grid(self.frames, shown.time, glyphs, colours, self._text_colour())
        self.frames += 1
        return grid

    def _draw(self, frame: av.VideoFrame) -> tuple[Bytes, Bytes | None]:
        planes = planes_of(frame, empty_is_white=self._options.style is Style.INVERTED)
        sample = self._sampler.sample(planes)
        return self._mapper.glyphs(sample.light, self._tone(is_full_range=sample.is_full_range)), sample.colours

    def _text_colour(self) -> tuple[int, int, int] | None:
        if not self._options.random_colors:
            return None
        return random_colour(self.frames, self._seed, rgb(self._options.bg_color))
