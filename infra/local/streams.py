"""Calls functions with the changes of a table, as Lambda does with a DynamoDB stream.

Changes come in their order, each at least once: a position is kept after a batch, not before it.
"""

import asyncio
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

from functions.core.observability import log
from infra.local.credentials import Roles
from infra.local.functions import FunctionFailed, LocalFunction
from infra.local.patterns import matches
from infra.local.positions import Positions
from infra.local.stack import StreamMapping

RETRY_AFTER: Final = (1, 2, 5)
"""Seconds. Lambda takes a quarter of an hour for ten attempts; all other changes wait meanwhile."""

_GATHERING: Final = 0.05
"""Seconds from the first change to the batch: what is written together is followed up together."""

_AFTER_ERROR: Final = 1.0

Record = Mapping[str, Any]


class StreamEvents:
    """Calls a function with a stream's records in batches, with the rights of that function's role."""

    def __init__(  # noqa: PLR0913 - each is another part of the system
        self,
        mapping: StreamMapping,
        function: LocalFunction,
        *,
        roles: Roles,
        region: str,
        positions: Positions,
        poll_every: float,
    ) -> None:
        self._mapping = mapping
        self._function = function
        self._roles = roles
        self._region = region
        self._positions = positions
        self._poll_every = poll_every
        self._iterators: dict[str, str] = {}
        self._closed: set[str] = set()
        self._has_changes = asyncio.Event()
        self._following: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Follow the stream from now on, from where it was left."""
        self._following = asyncio.create_task(self._follow())

    def stop(self) -> None:
        """Follow no more; what is in hand is followed up after the next start."""
        if self._following is not None:
            self._following.cancel()

    def wake(self) -> None:
        """Look at the stream soon, since there are changes."""
        self._has_changes.set()

    async def _follow(self) -> None:
        while True:
            self._has_changes.clear()
            try:
                found = await self._poll()
            except Exception as error:  # noqa: BLE001 (without it, nothing would follow from any change)
                # For example: an iterator ends after a quarter of an hour, which a laptop may sleep for.
                self._iterators.clear()
                log.error(f"{self._mapping.name} could not follow its stream", reason=str(error))
                await asyncio.sleep(_AFTER_ERROR)
                continue
            if not found:
                await self._wait()

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._has_changes.wait(), self._poll_every)
        await asyncio.sleep(_GATHERING)

    async def _poll(self) -> bool:
        if not self._iterators:
            self._iterators = await asyncio.to_thread(self._open)
        found = False
        for shard, iterator in self._iterators.items():
            answer = await asyncio.to_thread(self._streams.get_records, ShardIterator=iterator)
            records = [self._record(record) for record in answer["Records"]]
            if records:
                found = True
                await self._take(shard, records)
            if "NextShardIterator" in answer:
                self._iterators[shard] = answer["NextShardIterator"]
            else:
                self._closed.add(shard)
        if self._closed & set(self._iterators):
            # Their children are found when all others are opened again.
            self._iterators.clear()
        return found

    @property
    def _streams(self) -> Any:
        return self._roles.aws_as(self._function.function.role_arn).streams

    def _open(self) -> dict[str, str]:
        description = self._streams.describe_stream(StreamArn=self._mapping.stream_arn)["StreamDescription"]
        positions = self._positions.last(self._mapping.table)
        shards = [shard["ShardId"] for shard in description["Shards"] if shard["ShardId"] not in self._closed]
        return {shard: self._iterator(shard, positions) for shard in shards}

    def _iterator(self, shard: str, positions: Mapping[str, str]) -> str:
        place = {"StreamArn": self._mapping.stream_arn, "ShardId": shard}
        # Not found: it was of another stream, or nothing up to it is left. What comes twice does no harm.
        with suppress(self._streams.exceptions.TrimmedDataAccessException):
            if shard in positions:
                answer = self._streams.get_shard_iterator(
                    **place, ShardIteratorType="AFTER_SEQUENCE_NUMBER", SequenceNumber=positions[shard]
                )
                return str(answer["ShardIterator"])
        return str(self._streams.get_shard_iterator(**place, ShardIteratorType="TRIM_HORIZON")["ShardIterator"])

    async def _take(self, shard: str, records: Sequence[Record]) -> None:
        for begin in range(0, len(records), self._mapping.batch_size):
            batch = records[begin : begin + self._mapping.batch_size]
            wanted = [record for record in batch if self._is_wanted(record)]
            if wanted:
                await self._settle(shard, wanted)
            self._positions.keep(self._mapping.table, shard, _sequence_number(batch[-1]))

    def _is_wanted(self, record: Record) -> bool:
        return not self._mapping.filters or any(matches(pattern, record) for pattern in self._mapping.filters)

    async def _settle(self, shard: str, batch: Sequence[Record]) -> None:
        """Call the function until it has taken a batch, or its halves, or they are given up.

        https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
        """
        for calls in count(1):
            try:
                await self._function.call({"Records": batch})
            except FunctionFailed as failure:
                if self._mapping.bisects and len(batch) > 1:
                    # No attempt is counted for that.
                    middle = len(batch) // 2
                    await self._settle(shard, batch[:middle])
                    await self._settle(shard, batch[middle:])
                    return
                if self._mapping.retries is not None and calls > self._mapping.retries:
                    log.error(f"{self._mapping.function} gave changes up", calls=calls, reason=str(failure))
                    await asyncio.to_thread(self._give_up, shard, batch, calls)
                    return
            else:
                return
            wait = RETRY_AFTER[min(calls, len(RETRY_AFTER)) - 1]
            log.warning(f"{self._mapping.function} is tried again", calls=calls, seconds=wait)
            await asyncio.sleep(wait)

    def _give_up(self, shard: str, batch: Sequence[Record], calls: int) -> None:
        if self._mapping.queue_url is not None:
            self._roles.aws_as(self._function.function.role_arn).sqs.send_message(
                QueueUrl=self._mapping.queue_url, MessageBody=json.dumps(self._failure(shard, batch, calls))
            )

    def _failure(self, shard: str, batch: Sequence[Record], calls: int) -> dict[str, Any]:
        return {
            "requestContext": {
                "functionArn": self._function.function.arn,
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": calls,
            },
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "version": "1.0",
            "timestamp": datetime.now(UTC).isoformat(),
            "DDBStreamBatchInfo": {
                "shardId": shard,
                "startSequenceNumber": _sequence_number(batch[0]),
                "endSequenceNumber": _sequence_number(batch[-1]),
                "approximateArrivalOfFirstRecord": _arrival(batch[0]),
                "approximateArrivalOfLastRecord": _arrival(batch[-1]),
                "batchSize": len(batch),
                "streamArn": self._mapping.stream_arn,
            },
        }

    def _record(self, record: Record) -> dict[str, Any]:
        # https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
        by = record.get("userIdentity")
        return {
            "eventID": record["eventID"],
            "eventName": record["eventName"],
            "eventVersion": record["eventVersion"],
            "eventSource": record["eventSource"],
            "awsRegion": self._region,
            "dynamodb": _plain(record["dynamodb"]),
            "eventSourceARN": self._mapping.stream_arn,
            **({"userIdentity": {"type": by["Type"], "principalId": by["PrincipalId"]}} if by else {}),
        }


def _sequence_number(record: Record) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


def _arrival(record: Record) -> str:
    return datetime.fromtimestamp(record["dynamodb"]["ApproximateCreationDateTime"], UTC).isoformat()


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain(inner) for key, inner in value.items()}
        case list():
            return [_plain(inner) for inner in value]
        case bytes():
            return b64encode(value).decode()
        case datetime():
            return value.timestamp()
        case _:
            return value
