"""Children that never outlive the supervisor, even when it is killed with -9.

`python -m infra.local.leash SUPERVISOR MODULE` runs a module that knows nothing of this.
"""

import ctypes
import os
import runpy
import signal
import sys
import threading
import time
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


def hold_on_to(supervisor: int, *, on_death: signal.Signals = signal.SIGKILL) -> None:
    """Make the kernel signal this process when its supervisor dies (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, on_death)
    if os.getppid() != supervisor:
        # It died before we asked.
        sys.exit(1)


def end_with_stdin(on_end: signal.Signals = signal.SIGKILL, *, grace: float = 0) -> None:
    """End when stdin closes, which it does with the supervisor on every platform; kill after `grace` seconds."""

    def watch() -> None:
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), on_end)
        time.sleep(grace)
        # The group: whatever this process has started goes with it.
        os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=watch, name="leash", daemon=True).start()


def main() -> None:
    """Run another module on the leash."""
    _, supervisor, module, *arguments = sys.argv
    hold_on_to(int(supervisor))
    end_with_stdin()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
