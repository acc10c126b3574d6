"""`python -m bench [accounts] [imports] [gateway] [search] [speech] [startup] [workspace]`: run these, or all."""

import sys

from bench import accounts, gateway, imports, search, speech, startup, workspace

MEASUREMENTS = {
    "accounts": accounts.measure,
    "imports": imports.measure,
    "gateway": gateway.measure,
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
