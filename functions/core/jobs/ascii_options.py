"""What may be asked of a video that becomes ASCII."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from functions.core.exact_types import Number, Truth, Whole

NARROWEST: Final = 10
WIDEST: Final = 240

Colour = Annotated[
    str, StringConstraints(to_lower=True, pattern=r"^#[0-9a-fA-F]{6}$"), Field(examples=["#000000", "#33ff66"])
]
Factor = Annotated[Number, Field(ge=0.5, le=2.0, allow_inf_nan=False)]


class Style(StrEnum):
    """Which characters a picture is drawn with."""

    NORMAL = "normal"
    INVERTED = "inverted"
    DOTS = "dots"
    GRADIENT = "gradient"
    BLOCKS = "blocks"
    BRAILLE = "braille"
    STRUCTURAL = "structural"


class Engine(StrEnum):
    """What writes the MP4."""

    AUTO = "auto"
    DIRECT = "direct"
    X264 = "x264"


class CellColours(StrEnum):
    """Where a character has its colour from."""

    TEXT = "text"
    SOURCE = "source"


class AsciiVideoOptions(BaseModel):
    """How to turn a video into ASCII."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    width: Whole | None = Field(
        default=None,
        ge=NARROWEST,
        le=WIDEST,
        description="Characters in a line; without it the number nearest to 120 of which each is 8 or 16 pixels wide",
    )
    style: Style = Field(
        default=Style.NORMAL,
        description=(
            "`normal`: dark to light as ` .:-=+*#%@`; `inverted`: light to dark; `dots`; `gradient`: shades; `blocks`: "
            "four quarters of a cell; `braille`: eight dots of a cell; `structural`: of all of ASCII the character "
            "whose shape is most like the picture"
        ),
    )
    save_mp4: Truth = Field(default=True, description="Make an MP4, with the sound of the video")
    save_txt: Truth = Field(default=False, description="Make a ZIP of one text file per frame")
    save_png: Truth = Field(default=False, description="Make a ZIP of one PNG per frame, as large as the video's own")
    save_gif: Truth = Field(default=False, description="Make an animated GIF")
    save_cast: Truth = Field(default=False, description="Make an asciicast; asciinema or `parley ascii` plays it")
    brightness: Factor = Field(default=1.0, description="Above 1 brighter")
    contrast: Factor = Field(default=1.0, description="Above 1 more of it")
    gamma: Factor = Field(default=1.0, description="Above 1 brighter in the shadows")
    text_color: Colour = "#ffffff"
    bg_color: Colour = "#000000"
    colors: CellColours = Field(
        default=CellColours.TEXT, description="`source`: each character in the colour of its part of the picture"
    )
    random_colors: Truth = Field(default=False, description="Another colour of text in each frame")
    transparent_bg: Truth = Field(default=False, description="No background in PNG and GIF; an MP4 always has one")
    fps: Number | None = Field(
        default=None,
        ge=1,
        le=120,
        allow_inf_nan=False,
        description="Frames a second; without it each frame of the source, when the source shows it",
    )
    crf: Whole = Field(
        default=23, ge=0, le=51, description="Quality of what x264 writes; 0 is the best and largest, 51 the worst"
    )
    engine: Engine = Field(
        default=Engine.AUTO,
        description=(
            "What writes the MP4. `direct`: exact, fastest, needs one colour of text and characters 8 or 16 pixels "
            "wide. `x264`: anything. `auto`: `direct` where it can"
        ),
    )

    @model_validator(mode="after")
    def _check_that_it_makes_sense(self) -> "AsciiVideoOptions":
        if not (self.save_mp4 or self.save_txt or self.save_png or self.save_gif or self.save_cast):
            raise ValueError("nothing is asked for: set one of save_mp4, save_txt, save_png, save_gif, save_cast")
        if self.random_colors and self.colors is CellColours.SOURCE:
            raise ValueError("random_colors and colors 'source' exclude each other")
        if self.transparent_bg and not (self.save_png or self.save_gif):
            raise ValueError("transparent_bg is for PNG and GIF: set save_png or save_gif")
        if self.engine is Engine.DIRECT and (self.random_colors or self.colors is CellColours.SOURCE):
            raise ValueError("the engine 'direct' writes one colour of text; leave the engine to 'auto'")
        if not self.random_colors and self.colors is CellColours.TEXT and self.text_color == self.bg_color:
            raise ValueError("text_color and bg_color are the same: nothing would be seen")
        return self
