"""How full the queues are, for those who look after the house."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from functions.core.aws import client
from functions.core.clock import Clock
from functions.core.jobs.model import Lane
from functions.core.observability import log

if TYPE_CHECKING:
    from types_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

FRESH_SECONDS: Final = 5.0
_WAITING: Final = "ApproximateNumberOfMessages"
_IN_FLIGHT: Final = "ApproximateNumberOfMessagesNotVisible"
_AGES_LOOKED_AT: Final = timedelta(minutes=10)
"""CloudWatch learns of queues every minute, and a few minutes late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueDepth:
    """How much is in one queue, about."""

    waiting: int
    in_flight: int
    oldest: timedelta | None = None
    """How old the oldest message is; None: there is none, or nobody knows."""


class QueueDepths(Protocol):
    """How much is in the queues."""

    def in_flight(self) -> int:
        """Return how many messages are in workers' hands, about."""
        ...

    def lanes(self) -> dict[Lane, QueueDepth]:
        """Return how full each lane's queue is."""
        ...

    def dead(self) -> dict[str, int]:
        """Return how many dead letters there are, by what they were."""
        ...


class SqsQueueDepths:
    """The real ones. `in_flight` is asked at most every `FRESH_SECONDS`: anybody may call /v1/health."""

    def __init__(self, urls: Mapping[Lane, str], *, dead: Mapping[str, str], clock: Clock) -> None:
        self._urls = dict(urls)
        self._dead = dict(dead)
        self._clock = clock
        self._client = client("sqs")
        self._known = 0
        self._known_until = 0.0

    def in_flight(self) -> int:
        """Return how many messages are in workers' hands, about."""
        if time.monotonic() >= self._known_until:
            self._known = sum(self._depth_of(url).in_flight for url in self._urls.values())
            self._known_until = time.monotonic() + FRESH_SECONDS
        return self._known

    def lanes(self) -> dict[Lane, QueueDepth]:
        """Return how full each lane's queue is."""
        depths = {lane: self._depth_of(url) for lane, url in self._urls.items()}
        used = {lane: self._urls[lane] for lane, depth in depths.items() if depth.waiting or depth.in_flight}
        ages = self._ages(used) if used else {}
        return {lane: replace(depth, oldest=ages.get(lane)) for lane, depth in depths.items()}

    def dead(self) -> dict[str, int]:
        """Return how many dead letters there are, by what they were."""
        depths = {name: self._depth_of(url) for name, url in self._dead.items()}
        return {name: depth.waiting + depth.in_flight for name, depth in depths.items()}

    def _depth_of(self, url: str) -> QueueDepth:
        answer = self._client.get_queue_attributes(QueueUrl=url, AttributeNames=[_WAITING, _IN_FLIGHT])
        return QueueDepth(waiting=int(answer["Attributes"][_WAITING]), in_flight=int(answer["Attributes"][_IN_FLIGHT]))

    def _ages(self, urls: Mapping[Lane, str]) -> dict[Lane, timedelta]:
        """Ask CloudWatch how old the oldest messages are.

        SQS itself says it nowhere else, and to look at a message would count as a delivery. Emulators often don't
        know either, and an age is worth no failed check: who is left out is unknown.
        """
        try:
            # Made here: whoever asks for no age needs no CloudWatch.
            answer = client("cloudwatch").get_metric_data(
                MetricDataQueries=[_age_query(lane, url) for lane, url in urls.items()],
                StartTime=self._clock() - _AGES_LOOKED_AT,
                EndTime=self._clock(),
                ScanBy="TimestampDescending",
            )
        except (BotoCoreError, ClientError) as error:
            log.warning("the age of messages is unknown", reason=type(error).__name__)
            return {}
        found = {result["Id"]: result["Values"] for result in answer["MetricDataResults"]}
        return {lane: timedelta(seconds=found[lane][0]) for lane in urls if found.get(lane)}


def _age_query(lane: Lane, url: str) -> "MetricDataQueryTypeDef":
    return {
        "Id": lane.value,
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/SQS",
                "MetricName": "ApproximateAgeOfOldestMessage",
                "Dimensions": [{"Name": "QueueName", "Value": url.rpartition("/")[2]}],
            },
            "Period": 60,
            "Stat": "Maximum",
        },
    }
