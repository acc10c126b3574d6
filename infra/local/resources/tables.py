"""DynamoDB tables."""

from contextlib import suppress
from typing import Any, Final

from infra.local.errors import CannotRun
from infra.local.resources.aws import Aws
from infra.local.resources.properties import Properties, refuse_unknown

_AT_CREATION: Final = {
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "StreamSpecification",
    "Tags",
}
_KNOWN: Final = _AT_CREATION | {"TableName", "PointInTimeRecoverySpecification", "TimeToLiveSpecification"}


def make_table(aws: Aws, name: str, properties: Properties) -> str | None:
    """Make a table, or bring the existing one up to the template; its items stay. Returns its stream's ARN."""
    refuse_unknown(properties, _KNOWN, of=f"table {name}")
    created: dict[str, Any] = {key: value for key, value in properties.items() if key in _AT_CREATION}
    if "StreamSpecification" in created:
        created["StreamSpecification"] = {"StreamEnabled": True, **created["StreamSpecification"]}
    try:
        aws.dynamodb.create_table(TableName=name, **created)
    except aws.dynamodb.exceptions.ResourceInUseException:
        _update(aws, name, created)
    _set_expiry(aws, name, properties.get("TimeToLiveSpecification"))
    if "PointInTimeRecoverySpecification" in properties:
        aws.dynamodb.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification=properties["PointInTimeRecoverySpecification"]
        )
    if "StreamSpecification" not in created:
        return None
    return aws.dynamodb.describe_table(TableName=name)["Table"]["LatestStreamArn"]


def _update(aws: Aws, name: str, wanted: dict[str, Any]) -> None:
    table = aws.dynamodb.describe_table(TableName=name)["Table"]
    if _keys(table["KeySchema"]) != _keys(wanted["KeySchema"]):
        raise CannotRun(f"Table {name} has other keys now; set another DATA_DIR, or delete this one's data.")
    existing = {index["IndexName"]: _keys(index["KeySchema"]) for index in table.get("GlobalSecondaryIndexes", [])}
    # One index at a time, and the stream by itself: UpdateTable takes no two of them together.
    for index in wanted.get("GlobalSecondaryIndexes", []):
        if index["IndexName"] not in existing:
            aws.dynamodb.update_table(
                TableName=name,
                AttributeDefinitions=wanted["AttributeDefinitions"],
                GlobalSecondaryIndexUpdates=[{"Create": index}],
            )
        elif existing[index["IndexName"]] != _keys(index["KeySchema"]):
            raise CannotRun(f"Index {index['IndexName']} of {name} has other keys now; give it another name.")
    _set_stream(aws, name, table.get("StreamSpecification"), wanted.get("StreamSpecification"))


def _set_stream(aws: Aws, name: str, existing: Any, wanted: Any) -> None:
    is_on = bool(existing and existing.get("StreamEnabled"))
    if wanted and not is_on:
        aws.dynamodb.update_table(TableName=name, StreamSpecification=wanted)
    elif wanted and existing["StreamViewType"] != wanted["StreamViewType"]:
        raise CannotRun(f"The stream of {name} shows other images now, which would lose the changes that it holds.")
    elif is_on and not wanted:
        aws.dynamodb.update_table(TableName=name, StreamSpecification={"StreamEnabled": False})


def _set_expiry(aws: Aws, name: str, wanted: Any) -> None:
    if not wanted:
        return
    # DynamoDB refuses to set what is set already.
    with suppress(aws.dynamodb.exceptions.ClientError):
        aws.dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=wanted)
    now = aws.dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    if now.get("AttributeName") != wanted["AttributeName"]:
        raise CannotRun(f"Table {name} could not be told to expire items by {wanted['AttributeName']}.")


def _keys(schema: Any) -> set[tuple[str, str]]:
    return {(key["AttributeName"], key["KeyType"]) for key in schema}
