"""What presets may be called: anything that shows, in any script; pure."""

import hashlib
import unicodedata
from typing import Final

from functions.core.recordings.model import folded

LONGEST_NAME: Final = 60
_NOT_TEXT: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_STEERING: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""What turns the direction of all that follows; the joiners that scripts need are none of it."""


def preset_name(text: str) -> str:
    """Return a name as it is kept; raises ValueError where it is none."""
    if any(unicodedata.category(char) in _NOT_TEXT or unicodedata.bidirectional(char) in _STEERING for char in text):
        raise ValueError("may not hold control characters or line breaks")
    if not any(unicodedata.category(char)[0] in "LNPS" for char in text):
        raise ValueError("must show something")
    # Names stand in addresses, where a slash begins another part and dots lead elsewhere.
    if "/" in text or text in {".", ".."}:
        raise ValueError("may hold no slash, nor be nothing but one or two dots")
    return unicodedata.normalize("NFC", " ".join(text.split()))


def name_key(name: str) -> str:
    """Return a name as it is compared and put in order: whatever its case, and what only joins or parts letters."""
    return "".join(char for char in folded(name) if unicodedata.category(char) != "Cf")


def name_id(name: str) -> str:
    """Return under what a name is taken."""
    return hashlib.sha256(name_key(name).encode()).hexdigest()
