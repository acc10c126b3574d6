"""What each signature and seal begins with, so that none can be taken for one of another kind."""

from typing import Final

BUNDLE: Final = b"parley/dev/1\0"
ENVELOPE: Final = b"parley/env/1\0"
CONSENT: Final = b"parley/consent/1\0"
SAFETY_NUMBER: Final = b"parley/fp/1"
CONSENT_TEXT: Final = "parley/consent-text/1"
"""Which words a person agreed to."""
