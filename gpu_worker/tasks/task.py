"""What a lane gives a task, and what it wants back."""

from dataclasses import dataclass
from typing import Protocol

from gpu_worker.claim import Claim


@dataclass(frozen=True, slots=True)
class Work:
    """One attempt at a job: what to do and who waits for word, and whether there will be another."""

    claim: Claim
    is_last_try: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where the result lies, and how many seconds each stage took."""

    result_key: str
    timings: dict[str, float]


class Task(Protocol):
    """Does jobs of one kind.

    It writes its result under the attempt and returns where; the lane makes it the job's result.
    It raises Hopeless where no further attempt would help; anything else is tried again.
    """

    def run(self, work: Work) -> Outcome:
        """Do one attempt."""
        ...
