"""A DynamoDB table of documents that change only while nobody else has changed them.

Every document carries a `version`. A write says which version it has seen (none: it must be new) and fails as
`Changed` when that is no longer so. This one condition carries all state changes of the house, so the laws of a thing
(`Job.claim`, ...) stay pure functions, and a fake table is a dictionary.

Attributes: `pk` (the key), `list_pk` and `list_sk` (index `lists`: newest first within a group), `everyone_pk` and
`place_pk` (further groups of the same order, where a table has those indexes), `ttl` (TTL in epoch seconds; AWS deletes
late, so readers judge by their own times), `version`, and the document's fields.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from functions.core.aws import client
from functions.core.errors import Unavailable

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

BATCH_GET_LIMIT: Final = 100
"""Items that one BatchGetItem takes."""

TRANSACTION_LIMIT: Final = 100
"""Writes that go through together."""

Index = Literal["lists", "everyone", "places"]
GROUP_OF: Final[Mapping[Index, str]] = {"lists": "list_pk", "everyone": "everyone_pk", "places": "place_pk"}
"""Each index's attribute that names the group; `list_sk` orders all of them."""

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
    also_under: Mapping[Index, str] = field(default_factory=dict)
    """Groups in further indexes; needs `listed_under`, whose order it shares."""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Go on only while a document is of the version that was seen; None: while there is none. Writes nothing."""

    pk: str
    seen: int | None


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a document; without a condition whatever its version, and no error if it is not there."""

    pk: str
    seen: int | None = None
    """Only while it is still of this version."""
    expired_before: datetime | None = None
    """Only if its time was over before this one; it may have been prolonged."""


Write = Put | Delete | Unchanged


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What a listed document must be like; every condition is about a text field of it."""

    equal: Mapping[str, str] = field(default_factory=dict)
    contains: Mapping[str, str] = field(default_factory=dict)
    at_least: Mapping[str, str] = field(default_factory=dict)
    below: Mapping[str, str] = field(default_factory=dict)

    def holds(self, document: Mapping[str, Any]) -> bool:
        """Tell whether a document is like that; one without a field that is asked about is not."""
        if any(name not in document for name in (*self.at_least, *self.below)):
            return False
        return (
            all(document.get(name) == value for name, value in self.equal.items())
            and all(text in str(document.get(name, "")) for name, text in self.contains.items())
            and all(document[name] >= value for name, value in self.at_least.items())
            and all(document[name] < value for name, value in self.below.items())
        )


@dataclass(frozen=True, slots=True)
class Found:
    """Part of a list. `following` is where to go on (as `before`), also where nothing was found yet; None: the end."""

    documents: list[Document]
    following: str | None


class Table(Protocol):
    """What stores need of a table."""

    def get(self, pk: str) -> Document | None:
        """Read one document, consistently."""
        ...

    def get_many(self, pks: Sequence[str]) -> dict[str, Document]:
        """Read documents by key, consistently; those that don't exist are left out."""
        ...

    def write(self, *writes: Write) -> None:
        """Do all writes or none; at most TRANSACTION_LIMIT.

        Raises:
            Changed: a document is not what its writer has seen.
        """
        ...

    def newest(self, list_pk: str, *, before: str | None, limit: int) -> list[Document]:
        """List a group's documents by falling `list_sk`, from the first one below `before`."""
        ...

    def look(  # noqa: PLR0913 - all but the first two have a default
        self,
        index: Index,
        group: str,
        *,
        before: str | None = None,
        since: str | None = None,
        where: Where | None = None,
        limit: int,
        look_at: int,
    ) -> Found:
        """List those of a group that are as asked, by falling `list_sk` from below `before` down to `since`.

        One call: it looks at `look_at` documents at most, so that what it costs is known, and may find fewer than
        `limit`, or none, where there are more to come.
        """
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
        return load(answer["Item"]) if "Item" in answer else None

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
                found[item["pk"]["S"]] = load(item)
            unread = answer["UnprocessedKeys"].get(self._name)
            wanted += [key["pk"]["S"] for key in unread["Keys"]] if unread else []
        return found

    def write(self, *writes: Write) -> None:
        """Do all writes or none; raises Changed."""
        try:
            match writes:
                case [Put() as put]:
                    self._client.put_item(**self._put(put))
                case [Delete() as delete]:
                    self._client.delete_item(**self._delete(delete))
                case _:
                    # One ConditionCheck alone is a transaction too.
                    self._client.transact_write_items(TransactItems=[self._transact(write) for write in writes])
        except ClientError as error:
            if _is_lost_race(error):
                raise Changed from error
            if _is_too_much(error):
                raise Unavailable("The table takes no more at the moment; try again.", code="busy") from error
            raise

    def newest(self, list_pk: str, *, before: str | None, limit: int) -> list[Document]:
        """List a group's documents by falling `list_sk`, from the first one below `before`."""
        return self.look("lists", list_pk, before=before, limit=limit, look_at=limit).documents

    def look(  # noqa: PLR0913 - all but the first two have a default
        self,
        index: Index,
        group: str,
        *,
        before: str | None = None,
        since: str | None = None,
        where: Where | None = None,
        limit: int,
        look_at: int,
    ) -> Found:
        """List those of a group that are as asked; one Query."""
        condition, values = _range(GROUP_OF[index], group, before, since)
        names: dict[str, str] = {}
        wanted = _filter(where or Where(), names, values)
        filtered: dict[str, Any] = {"FilterExpression": wanted, "ExpressionAttributeNames": names} if wanted else {}
        answer = self._client.query(
            TableName=self._name,
            IndexName=index,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ScanIndexForward=False,
            Limit=look_at,
            **filtered,
        )
        # BETWEEN takes both of its ends.
        found = [document for document in map(load, answer["Items"]) if document["list_sk"] != before]
        looked_until = answer.get("LastEvaluatedKey", {}).get("list_sk", {}).get("S")
        return cut(found, limit=limit, looked_until=looked_until)

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
            "Item": dump(stored(put)),
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

    def _transact(self, write: Write) -> "TransactWriteItemTypeDef":
        match write:
            case Delete():
                return {"Delete": self._delete(write)}  # type: ignore[typeddict-item]
            case Put():
                return {"Put": self._put(write)}  # type: ignore[typeddict-item]
            case Unchanged():
                return {"ConditionCheck": self._unchanged(write)}  # type: ignore[typeddict-item]

    def _unchanged(self, check: Unchanged) -> dict[str, Any]:
        request: dict[str, Any] = {"TableName": self._name, "Key": {"pk": {"S": check.pk}}}
        if check.seen is None:
            return request | {"ConditionExpression": "attribute_not_exists(pk)"}
        values = {":seen": {"N": str(check.seen)}}
        return request | {"ConditionExpression": "version = :seen", "ExpressionAttributeValues": values}


def cut(found: list[Document], *, limit: int, looked_until: str | None) -> Found:
    """Return the first `limit` of what was found, and where to go on."""
    if len(found) > limit:
        return Found(found[:limit], str(found[limit - 1]["list_sk"]))
    return Found(found, looked_until)


def _range(attribute: str, group: str, before: str | None, since: str | None) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {":group": {"S": group}}
    if before is not None:
        values[":before"] = {"S": before}
    if since is not None:
        values[":since"] = {"S": since}
    match (before is not None, since is not None):
        case (True, True):
            return f"{attribute} = :group AND list_sk BETWEEN :since AND :before", values
        case (True, False):
            return f"{attribute} = :group AND list_sk < :before", values
        case (False, True):
            return f"{attribute} = :group AND list_sk >= :since", values
        case _:
            return f"{attribute} = :group", values


def _filter(where: Where, names: dict[str, str], values: dict[str, Any]) -> str:
    """Write a filter expression; its names and values are added to the two dictionaries."""
    forms = (
        (where.equal, "{name} = {value}"),
        (where.contains, "contains({name}, {value})"),
        (where.at_least, "{name} >= {value}"),
        (where.below, "{name} < {value}"),
    )
    conditions: list[str] = []
    for asked, form in forms:
        for attribute, text in asked.items():
            name, value = f"#f{len(conditions)}", f":f{len(conditions)}"
            names[name], values[value] = attribute, {"S": text}
            conditions.append(form.format(name=name, value=value))
    return " AND ".join(conditions)


def stored(put: Put) -> Document:
    """Return the document as the table keeps it: with its keys and its new version."""
    document = {"pk": put.pk, **put.document, "version": (put.seen or 0) + 1}
    if put.listed_under is not None:
        document["list_pk"], document["list_sk"] = put.listed_under
        document |= {GROUP_OF[index]: group for index, group in put.also_under.items()}
    if put.expires_at is not None:
        document["ttl"] = int(put.expires_at.timestamp())
    return document


def _is_lost_race(error: ClientError) -> bool:
    return bool(_reasons(error) & {"ConditionalCheckFailed", "TransactionConflict"})


def _is_too_much(error: ClientError) -> bool:
    return bool(
        _reasons(error) & {"ThrottlingError", "Throttling", "ProvisionedThroughputExceeded", "RequestLimitExceeded"}
    )


def _reasons(error: ClientError) -> set[str]:
    """Return why a write did not go through; a transaction names a reason for each of its writes."""
    code = error.response["Error"]["Code"]
    if code == "TransactionCanceledException":
        return {str(reason.get("Code")) for reason in error.response.get("CancellationReasons", [])}
    return {code.removesuffix("Exception")}


def dump(document: Document) -> dict[str, Any]:
    """Write a document as DynamoDB reads it."""
    serialise = TypeSerializer().serialize
    return {name: serialise(_decimals(value)) for name, value in document.items() if value is not None}


def load(item: Mapping[str, Any]) -> Document:
    """Read a document as DynamoDB writes it."""
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
