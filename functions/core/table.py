"""A DynamoDB table of documents that change only while nobody else has changed them.

Every document carries a `version`. A write says which version it has seen (none: it must be new) and fails as
`Changed` when that is no longer so. This one condition carries all state changes of the house, so the laws of a thing
(`Job.claim`, ...) stay pure functions, and a fake table is a dictionary.

Attributes: `pk` (the key), `list_pk` and `list_sk` (index `lists`: newest first within a group), `ttl`
(TTL in epoch seconds; AWS deletes late, so readers judge by their own times), `version`, and the document's fields.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Protocol

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from functions.core.aws import client

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

BATCH_GET_LIMIT: Final = 100
"""Items that one BatchGetItem takes."""

Document = dict[str, Any]


class Changed(Exception):
    """Somebody else wrote one of the documents meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """Write a whole document. `seen` is the version that it replaces; None: it must not exist yet."""

    pk: str
    document: Mapping[str, Any]
    seen: int | None = None
    listed_under: tuple[str, str] | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a document; without a condition whatever its version, and no error if it is not there."""

    pk: str
    seen: int | None = None
    """Only while it is still of this version."""
    expired_before: datetime | None = None
    """Only if its time was over before this one; it may have been prolonged."""


class Table(Protocol):
    """What stores need of a table."""

    def get(self, pk: str) -> Document | None:
        """Read one document, consistently."""
        ...

    def get_many(self, pks: Sequence[str]) -> dict[str, Document]:
        """Read documents by key, consistently; those that don't exist are left out."""
        ...

    def write(self, *writes: Put | Delete) -> None:
        """Do all writes or none.

        Raises:
            Changed: a document is not what its writer has seen.
        """
        ...

    def newest(self, list_pk: str, *, before: str | None, limit: int) -> list[Document]:
        """List a group's documents by falling `list_sk`, from the first one below `before`."""
        ...

    def expired(self, before: datetime, *, limit: int) -> list[str]:
        """Return keys of documents whose time was over before `before`.

        The one way to read a table without knowing what for, and the dear one: all of it is read, 130,000 units
        (2 cents) for each GB. For maintenance only; no door may.
        """
        ...


class DynamoTable:
    """The real one."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._client = client("dynamodb")

    def get(self, pk: str) -> Document | None:
        """Read one document, consistently."""
        answer = self._client.get_item(TableName=self._name, Key={"pk": {"S": pk}}, ConsistentRead=True)
        return _load(answer["Item"]) if "Item" in answer else None

    def get_many(self, pks: Sequence[str]) -> dict[str, Document]:
        """Read documents by key, consistently; those that don't exist are left out."""
        found: dict[str, Document] = {}
        wanted = list(dict.fromkeys(pks))
        while wanted:
            batch, wanted = wanted[:BATCH_GET_LIMIT], wanted[BATCH_GET_LIMIT:]
            answer = self._client.batch_get_item(
                RequestItems={self._name: {"Keys": [{"pk": {"S": pk}} for pk in batch], "ConsistentRead": True}}
            )
            for item in answer["Responses"].get(self._name, []):
                found[item["pk"]["S"]] = _load(item)
            unread = answer["UnprocessedKeys"].get(self._name)
            wanted += [key["pk"]["S"] for key in unread["Keys"]] if unread else []
        return found

    def write(self, *writes: Put | Delete) -> None:
        """Do all writes or none; raises Changed."""
        try:
            match writes:
                case [Put() as put]:
                    self._client.put_item(**self._put(put))
                case [Delete() as delete]:
                    self._client.delete_item(**self._delete(delete))
                case _:
                    self._client.transact_write_items(TransactItems=[self._transact(write) for write in writes])
        except ClientError as error:
            if _is_lost_race(error):
                raise Changed from error
            raise

    def newest(self, list_pk: str, *, before: str | None, limit: int) -> list[Document]:
        """List a group's documents by falling `list_sk`, from the first one below `before`."""
        values = {":group": {"S": list_pk}} | ({":before": {"S": before}} if before else {})
        answer = self._client.query(
            TableName=self._name,
            IndexName="lists",
            KeyConditionExpression="list_pk = :group" + (" AND list_sk < :before" if before else ""),
            ExpressionAttributeValues=values,
            ScanIndexForward=False,
            Limit=limit,
        )
        return [_load(item) for item in answer["Items"]]

    def expired(self, before: datetime, *, limit: int) -> list[str]:
        """Return keys of documents whose time was over before `before`; reads all of the table."""
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._name,
            FilterExpression="#ttl < :before",
            ProjectionExpression="pk",
            ExpressionAttributeNames={"#ttl": "ttl"},
            ExpressionAttributeValues={":before": {"N": str(int(before.timestamp()))}},
        )
        return [item["pk"]["S"] for item in islice((item for page in pages for item in page["Items"]), limit)]

    def _put(self, put: Put) -> dict[str, Any]:
        is_new = "attribute_not_exists(pk)"
        is_as_seen = "version = :seen"
        seen = {} if put.seen is None else {"ExpressionAttributeValues": {":seen": {"N": str(put.seen)}}}
        return {
            "TableName": self._name,
            "Item": _dump(stored(put)),
            "ConditionExpression": is_new if put.seen is None else is_as_seen,
            **seen,
        }

    def _delete(self, delete: Delete) -> dict[str, Any]:
        request: dict[str, Any] = {"TableName": self._name, "Key": {"pk": {"S": delete.pk}}}
        conditions, names, values = list[str](), dict[str, str](), dict[str, Any]()
        if delete.seen is not None:
            conditions.append("version = :seen")
            values[":seen"] = {"N": str(delete.seen)}
        if delete.expired_before is not None:
            conditions.append("#ttl < :before")
            names["#ttl"] = "ttl"
            values[":before"] = {"N": str(int(delete.expired_before.timestamp()))}
        if conditions:
            request |= {"ConditionExpression": " AND ".join(conditions), "ExpressionAttributeValues": values}
        return request | ({"ExpressionAttributeNames": names} if names else {})

    def _transact(self, write: Put | Delete) -> "TransactWriteItemTypeDef":
        if isinstance(write, Delete):
            return {"Delete": self._delete(write)}  # type: ignore[typeddict-item]
        return {"Put": self._put(write)}  # type: ignore[typeddict-item]


def stored(put: Put) -> Document:
    """Return the document as the table keeps it: with its keys and its new version."""
    document = {"pk": put.pk, **put.document, "version": (put.seen or 0) + 1}
    if put.listed_under is not None:
        document["list_pk"], document["list_sk"] = put.listed_under
    if put.expires_at is not None:
        document["ttl"] = int(put.expires_at.timestamp())
    return document


def _is_lost_race(error: ClientError) -> bool:
    code = error.response["Error"]["Code"]
    if code == "TransactionCanceledException":
        reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
        return bool(reasons & {"ConditionalCheckFailed", "TransactionConflict"})
    return code in {"ConditionalCheckFailedException", "TransactionConflictException"}


def _dump(document: Document) -> dict[str, Any]:
    serialise = TypeSerializer().serialize
    return {name: serialise(_decimals(value)) for name, value in document.items() if value is not None}


def _load(item: Mapping[str, Any]) -> Document:
    deserialise = TypeDeserializer().deserialize
    return {name: _numbers(deserialise(value)) for name, value in item.items()}


def _decimals(value: Any) -> Any:
    # DynamoDB knows decimals only; str() keeps 0.1 what it looks like.
    match value:
        case float():
            return Decimal(str(value))
        case dict():
            return {name: _decimals(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_decimals(inner) for inner in value]
        case _:
            return value


def _numbers(value: Any) -> Any:
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case dict():
            return {name: _numbers(inner) for name, inner in value.items()}
        case list():
            return [_numbers(inner) for inner in value]
        case _:
            return value
