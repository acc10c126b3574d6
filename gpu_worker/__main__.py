"""`python -m gpu_worker`: work until SIGTERM, then give back what is in hand."""

import logging
import os
import signal
import threading

from functions.core.observability import set_up_logging
from gpu_worker.settings import WorkerSettings
from gpu_worker.worker import Worker


def main() -> int:
    """Run a worker; the exit status is 0 after a stop that was asked for."""
    settings = WorkerSettings()
    set_up_logging("worker", level=settings.log_level, form=settings.log_format)
    stopping = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: stopping.set())
    return Worker(settings, stopping).run()


if __name__ == "__main__":
    status = main()
    logging.shutdown()
    # Not sys.exit: native threads of the model or of a download would abort the interpreter on its way out.
    os._exit(status)
