"""The queues between doors and workers, one per lane. A message carries ids, never objects or addresses."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from functions.core.aws import client
from functions.core.jobs.model import Job, Kind, Lane

MESSAGE_VERSION: Final = 1
SENT_AT_ONCE: Final = 10
"""Messages that one SendMessageBatch takes."""


class MalformedMessage(ValueError):
    """A message that this version cannot read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobMessage:
    """Says that a job waits."""

    job_id: str
    kind: Kind
    request_id: str
    owner_id: str = ""
    """So that a worker can be fair between owners before it has read the job."""

    def to_json(self) -> str:
        """Serialise."""
        return json.dumps(
            {
                "version": MESSAGE_VERSION,
                "job_id": self.job_id,
                "kind": self.kind,
                "request_id": self.request_id,
                "owner_id": self.owner_id,
            }
        )

    @classmethod
    def from_json(cls, body: str) -> "JobMessage":
        """Read what `to_json` wrote.

        Raises:
            MalformedMessage: it is something else.
        """
        try:
            data = json.loads(body)
            if data["version"] != MESSAGE_VERSION:
                raise MalformedMessage(f"message version {data['version']!r}")
            return cls(
                job_id=str(data["job_id"]),
                kind=Kind(data["kind"]),
                request_id=str(data["request_id"]),
                owner_id=str(data.get("owner_id", "")),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise MalformedMessage(f"not a job message: {error!r}") from error


class Queues(Protocol):
    """Where jobs are put to wait."""

    def enqueue(self, job: Job) -> None:
        """Tell the job's lane that it waits; telling twice does no harm."""
        ...

    def enqueue_many(self, jobs: Sequence[Job]) -> None:
        """Tell their lanes that jobs wait; where that breaks, some lanes may have been told."""
        ...


class SqsQueues:
    """The real ones."""

    def __init__(self, urls: Mapping[Lane, str]) -> None:
        self._urls = urls
        self._client = client("sqs")

    def enqueue(self, job: Job) -> None:
        """Tell the job's lane that it waits."""
        self._client.send_message(QueueUrl=self._urls[job.lane], **_message_of(job))

    def enqueue_many(self, jobs: Sequence[Job]) -> None:
        """Tell their lanes that jobs wait, ten at once."""
        for lane in self._urls:
            waiting = [job for job in jobs if job.lane is lane]
            for at in range(0, len(waiting), SENT_AT_ONCE):
                self._send(lane, waiting[at : at + SENT_AT_ONCE])

    def _send(self, lane: Lane, jobs: Sequence[Job]) -> None:
        entries: Any = [{"Id": job.id, **_message_of(job)} for job in jobs]
        answer = self._client.send_message_batch(QueueUrl=self._urls[lane], Entries=entries)
        refused = {one["Id"] for one in answer.get("Failed", [])}
        for job in jobs:
            # Each for itself, which says what is wrong with it.
            if job.id in refused:
                self.enqueue(job)


def _message_of(job: Job) -> dict[str, Any]:
    message = JobMessage(job_id=job.id, kind=job.kind, request_id=job.request_id, owner_id=job.owner_id)
    return {
        "MessageBody": message.to_json(),
        # The owner as the group makes it a fair queue: one user's thousand files don't starve another's one.
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
        "MessageGroupId": job.owner_id,
        # Beside the body, so that the job can be named even where the body can't be read.
        "MessageAttributes": {"job_id": {"DataType": "String", "StringValue": job.id}},
    }
