"""`python -m infra.local`: the whole system in one terminal."""

import asyncio
import os
import sys

from functions.core.observability import set_up_logging
from infra.local.data_dir import owned
from infra.local.errors import CannotRun
from infra.local.settings import read_settings
from infra.local.supervisor import run


def main() -> int:
    """Run until stopped."""
    set_up_logging("local", form="console")
    try:
        settings = read_settings(os.environ)
        with owned(settings.data_dir):
            asyncio.run(run(settings, os.environ))
    except CannotRun as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
