"""`python -m bench.calls [NAME ...]`: these parts, or all."""

import sys

from bench.calls import PARTS

if __name__ == "__main__":
    wanted = sys.argv[1:] or list(PARTS)
    unknown = set(wanted) - set(PARTS)
    if unknown:
        sys.exit(f"There is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}.")
    for name in wanted:
        print(f"\n### {name}\n")
        PARTS[name]()
