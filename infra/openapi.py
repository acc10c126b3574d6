"""`python -m infra.openapi [--check]`: write the one OpenAPI document out of every door's routes, or compare it."""

import json
import sys
from pathlib import Path
from typing import Final

from functions.api.application import build_app, document_of
from infra.doors import ROUTERS

DOCUMENT: Final = Path(__file__).parent.parent / "functions" / "system" / "openapi.json"


def text() -> str:
    """Return the document as it is checked in."""
    return json.dumps(document_of(build_app(*ROUTERS.values())), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    if "--check" not in sys.argv:
        DOCUMENT.write_text(text(), encoding="utf-8")
    elif DOCUMENT.read_text(encoding="utf-8") != text():
        sys.exit("functions/system/openapi.json is not current; run `make openapi`.")
