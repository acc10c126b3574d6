"""`python -m bench [NAME ...]`: run these measurements, or all."""

import sys

from bench import accounts, calls, gateway, imports, pictures, search, speech, startup, workspace

MEASUREMENTS = {
    "accounts": accounts.measure,
    "calls": calls.measure,
    "imports": imports.measure,
    "gateway": gateway.measure,
    "pictures": pictures.measure,
    "search": search.measure,
    "speech": speech.measure,
    "startup": startup.measure,
    "workspace": workspace.measure,
}

if __name__ == "__main__":
    wanted = sys.argv[1:] or list(MEASUREMENTS)
    unknown = set(wanted) - set(MEASUREMENTS)
    if unknown:
        sys.exit(f"There is no measurement {', '.join(sorted(unknown))}; there are {', '.join(MEASUREMENTS)}.")
    for name in wanted:
        print(f"\n## {name}\n")
        MEASUREMENTS[name]()
