from dataclasses import dataclass
from typing import Final

ENCODER_POSITIONS: Final = 1500
DECODER_POSITIONS: Final = 448


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large one of OpenAI's models is."""

    width: int
    heads: int
    encoder_layers: int
    decoder_layers: int
    mels: int = 80
    languages: int = 99

    @property
    def inner(self) -> int:
        """Say how wide the layers are inside."""
        return 4 * self.width

    @property
    def alignment_heads(self) -> list[list[int]]:
        """List the heads that tell the times of words: as OpenAI's code does by default, the upper half's."""
        layers = range(self.decoder_layers // 2, self.decoder_layers)
        return [[layer, head] for layer in layers for head in range(self.heads)]


SIZES: Final = {
    "tiny": Size(width=384, heads=6, encoder_layers=4, decoder_layers=4),
    "base": Size(width=512, heads=8, encoder_layers=6, decoder_layers=6),
    "small": Size(width=768, heads=12, encoder_layers=12, decoder_layers=12),
    "large-v3-turbo": Size(width=1280, heads=20, encoder_layers=32, decoder_layers=4, mels=128, languages=100),
}
