"""Installs the programs that tests need and no package index has: a browser, and a TURN server for calls.

What is there is left alone. `CHROMIUM` names a browser of one's own.
"""

import os
import shutil
import subprocess
import sys
from typing import Final

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
APT: Final = {"chromium": "chromium", "turnserver": "coturn"}
"""Programs and their packages in Debian."""


def browser() -> str | None:
    """Return where a browser is that tests can drive, or None."""
    own = os.environ.get("CHROMIUM")
    return own or next((path for name in BROWSERS if (path := shutil.which(name))), None)


def missing() -> list[str]:
    """Name the programs that are not there."""
    return [
        name for name, is_there in (("chromium", browser()), ("turnserver", shutil.which("turnserver"))) if not is_there
    ]


def main() -> int:
    """Install what is missing, or say what to install."""
    wanted = missing()
    if not wanted:
        return 0
    packages = [APT[name] for name in wanted]
    install = _installer()
    if install is None:
        print(f"Tests need {', '.join(wanted)}: install {' and '.join(packages)}, then go on.", file=sys.stderr)
        return 1
    print(f"Installing {', '.join(packages)} for the tests.", flush=True)
    # Debian starts a TURN server that it has just installed; nobody asked for one.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    subprocess.run([*install, "update", "-qq"], check=False, env=environment)
    options = ["-o", "DPkg::Lock::Timeout=300", "-qq", "-y", "--no-install-recommends"]
    subprocess.run([*install, "install", *options, *packages], check=True, env=environment, stdout=subprocess.DEVNULL)
    return 1 if missing() else 0


def _installer() -> list[str] | None:
    apt = shutil.which("apt-get")
    if apt is None:
        return None
    if os.geteuid() == 0:
        return [apt]
    sudo = shutil.which("sudo")
    may = sudo is not None and subprocess.run([sudo, "-n", "true"], check=False, capture_output=True).returncode == 0
    return [sudo, "-n", apt] if sudo is not None and may else None


if __name__ == "__main__":
    sys.exit(main())
