"""Changes that are read from a table's stream once more, while it keeps them: for a day.

https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from functions.core.aws import client

MOST: Final = 1000


class TooOld(Exception):
    """The stream keeps them no longer."""


def records_of(batch: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Read what Lambda has given up: `batch` is the `DDBStreamBatchInfo` of its record.

    Raises:
        TooOld: they are not there any more.
    """
    streams = client("dynamodbstreams")
    try:
        answer = streams.get_shard_iterator(
            StreamArn=batch["streamArn"],
            ShardId=batch["shardId"],
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            SequenceNumber=batch["startSequenceNumber"],
        )
        return list(_until(batch["endSequenceNumber"], answer.get("ShardIterator")))
    except (streams.exceptions.TrimmedDataAccessException, streams.exceptions.ResourceNotFoundException) as error:
        raise TooOld from error


def _until(last: str, iterator: str | None) -> Iterator[Mapping[str, Any]]:
    while iterator is not None:
        answer = client("dynamodbstreams").get_records(ShardIterator=iterator, Limit=MOST)
        for record in answer["Records"]:
            yield record
            if record["dynamodb"]["SequenceNumber"] == last:
                return
        # Empty pages may lie between records; the last one of our batch was there.
        iterator = answer.get("NextShardIterator")
