"""A table and a bucket in memory that count what AWS would charge, the bucket as far away as S3 is from Lambda."""

import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from bench.search.conversations import Conversations
from functions.core.clock import utc_now
from functions.core.jobs.model import Status
from functions.core.jobs.store import Jobs
from functions.core.recordings.store import Recordings
from functions.core.search.index import SearchIndex
from functions.core.search.manifest import Manifests
from functions.core.search.query import parse
from functions.core.search.reading import PackReader
from functions.core.search.reconciling import Reconciler
from functions.core.search.search import Answer, Page, Search, Wanted
from functions.core.table import Delete, Document, Put, Unchanged, Write, stored
from tests.builders import a_job, a_recording
from tests.fakes.media import FakeMedia
from tests.fakes.table import FakeTable

FIRST_BYTE: Final = 0.025
BYTES_A_SECOND: Final = 70e6
OWNER: Final = "usr_bench"
SHOWN: Final = 20


class Bucket(FakeMedia):
    """Counts; transcripts in it are made when they are read."""

    def __init__(self, conversations: Conversations) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self.is_far = False
        self.making = 0.0
        """Seconds of CPU that went into making transcripts, which nobody will pay for."""
        self._conversations = conversations
        self._lock = threading.Lock()

    def read(self, key: str, *, first: int | None = None) -> bytes:
        """Read an object."""
        if key.startswith("results/"):
            started = time.process_time()
            made = self._conversations.transcript(int(key.split("/")[1].removeprefix("job_")))
            self.making += time.process_time() - started
            return made
        return self._sent(super().read(key, first=first))

    def read_range(self, key: str, start: int, end: int) -> bytes:
        """Read a part of one."""
        return self._sent(super().read(key)[start:end])

    def write(self, key: str, body: bytes, *, content_type: str) -> None:
        """Store an object."""
        self.counts["PUT"] += 1
        self.counts["bytes written"] += len(body)
        super().write(key, body, content_type=content_type)

    def remove_all(self, prefix: str) -> int:
        """Delete what lies under a prefix: S3 lists it until there is nothing more, and deletes for nothing."""
        removed = super().remove_all(prefix)
        self.counts["LIST"] += 1 + (removed > 0)
        return removed

    @property
    def size(self) -> int:
        """How many bytes lie there."""
        return sum(len(body) for body, _ in self.objects.values())

    def _sent(self, body: bytes) -> bytes:
        with self._lock:
            self.counts["GET"] += 1
            self.counts["bytes read"] += len(body)
        if self.is_far:
            time.sleep(FIRST_BYTE + len(body) / BYTES_A_SECOND)
        return body


class Table(FakeTable):
    """Counts units."""

    def __init__(self) -> None:
        super().__init__()
        self.units: Counter[str] = Counter()

    def get(self, pk: str) -> Document | None:
        """Read a document: a unit for each 4 KB begun."""
        found = super().get(pk)
        self.units["read"] += _units(found or {}, 4096)
        return found

    def get_many(self, pks: Any) -> dict[str, Document]:
        """Read documents."""
        found = super().get_many(pks)
        self.units["read"] += sum(_units(one, 4096) for one in found.values())
        return found

    def write(self, *writes: Write) -> None:
        """Write documents: a unit for each KB begun, of the old one where it is removed; twice as much together."""
        units = sum(self._units_of(write) for write in writes)
        self.units["write"] += units * (2 if len(writes) > 1 else 1)
        super().write(*writes)
        self.changes.clear()

    def _units_of(self, write: Write) -> int:
        match write:
            case Put():
                return _units(stored(write), 1024)
            case Delete() | Unchanged():
                return _units(self.documents.get(write.pk, {}), 1024)


def _units(document: Document, size: int) -> int:
    return max(1, -(-len(repr(document)) // size))


@dataclass(frozen=True, slots=True)
class Spent:
    """What something took."""

    wall: float
    cpu: float
    gets: int
    megabytes: float


class World:
    """Somebody with many conversations."""

    def __init__(self) -> None:
        self.conversations = Conversations()
        self.bucket, self.table = Bucket(self.conversations), Table()
        self.index = SearchIndex(self.table, self.bucket, clock=utc_now)
        self.manifests = Manifests(self.table)
        self._recordings, self._jobs = Recordings(self.table, clock=utc_now), Jobs(self.table, clock=utc_now)
        self._reconciler = Reconciler(index=self.index, recordings=self._recordings, jobs=self._jobs, media=self.bucket)

    def prepare(self, number: int) -> str:
        """Add a recording with its transcript, and return its id; nothing is indexed yet."""
        key = f"results/job_{number}/1/transcript.json"
        job = a_job(id=f"job_{number}", owner_id=OWNER, status=Status.SUCCEEDED, result_key=key)
        recording = self._recordings.add(
            a_recording(owner_id=OWNER, job_ids=(job.id,), location_id=f"loc_{number % 10}")
        )
        self.table.write(self._jobs.put(job))
        return recording.id

    def index_one(self, recording_id: str) -> None:
        """Do what follows when a transcript has come."""
        self._reconciler.reconcile(OWNER, recording_id)

    def remove(self, recording_id: str) -> None:
        """Do what follows when a recording is deleted."""
        self.index.remove_of(self._recordings.delete(self._recordings.get(recording_id)))

    def search(self) -> Search:
        """Return a search that has read nothing yet."""
        return Search(self.manifests, PackReader(self.bucket), self._recordings, clock=utc_now)

    def ask(self, search: Search, text: str, **filters: str) -> tuple[Answer, Spent]:
        """Ask as the door does."""
        before = self.bucket.counts.copy()
        wall, cpu = time.perf_counter(), time.process_time()
        wanted = Wanted(query=parse(text), location_id=filters.get("location_id"))
        answer = search.find(OWNER, wanted, Page(limit=SHOWN, per_recording=3))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        spent = self.bucket.counts - before
        return answer, Spent(wall, cpu, spent["GET"], spent["bytes read"] / 1e6)
