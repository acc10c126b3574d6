"""One thread that holds on to everything this worker has claimed.

A thread and not the lanes themselves: their work blocks for seconds, and a beat must not wait.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from functions.core.observability import log
from gpu_worker.claim import Claim

BEATS_PER_LEASE: Final = 3
"""Two beats may be lost before a lease is."""

Keeper = Callable[[timedelta], None]


class Heartbeat:
    """Renews leases and keeps messages hidden."""

    def __init__(self, lease: timedelta) -> None:
        self._lease = lease
        self._claims: set[Claim] = set()
        self._keepers: list[Keeper] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Start beating."""
        self._thread.start()

    def stop(self) -> None:
        """Stop beating."""
        self._over.set()
        self._thread.join()

    def watch_over(self, keeper: Keeper) -> None:
        """Beat for somebody who holds something by himself."""
        self._keepers.append(keeper)

    @contextmanager
    def watching(self, claim: Claim) -> Iterator[None]:
        """Hold on to a claim inside the block."""
        with self._lock:
            self._claims.add(claim)
        try:
            yield
        finally:
            with self._lock:
                self._claims.discard(claim)

    def beat(self) -> None:
        """Hold on to all claims once."""
        with self._lock:
            claims = list(self._claims)
        for claim in claims:
            try:
                claim.beat(self._lease)
            except Exception:  # noqa: BLE001 (one missed beat is no loss; the next may go through)
                log.error("a heartbeat failed", job_id=claim.job.id)
        for keeper in self._keepers:
            try:
                keeper(self._lease)
            except Exception:  # noqa: BLE001 (as above)
                log.error("a heartbeat failed")

    def _run(self) -> None:
        while not self._over.wait(self._lease.total_seconds() / BEATS_PER_LEASE):
            self.beat()
