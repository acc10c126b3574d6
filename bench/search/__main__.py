"""`python -m bench.search [hours]`."""

import sys

from bench.search import HOURS, measure

measure(int(sys.argv[1]) if len(sys.argv) > 1 else HOURS)
