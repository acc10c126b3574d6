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


def make_table(aws: Aws, name: str, properties: Properties) -> None:
    """Make a table, or bring the existing one up to the template; its items stay."""
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


def _update(aws: Aws, name: str, wanted: dict[str, Any]) -> None:
    table = aws.dynamodb.describe_table(TableName=name)["Table"]
    if _keys(table["KeySchema"]) != _keys(wanted["KeySchema"]):
        raise CannotRun(f"Table {name} has other keys now; set another DATA_DIR, or delete this one's data.")
    existing = {index["IndexName"]: _keys(index["KeySchema"]) for index in table.get("GlobalSecondaryIndexes", [])}
    for index in wanted.get("GlobalSecondaryIndexes", []):
        if index["IndexName"] not in existing:
            aws.dynamodb.update_table(
                TableName=name,
                AttributeDefinitions=wanted["AttributeDefinitions"],
                GlobalSecondaryIndexUpdates=[{"Create": index}],
            )
        elif existing[index["IndexName"]] != _keys(index["KeySchema"]):
            raise CannotRun(f"Index {index['IndexName']} of {name} has other keys now; give it another name.")
    if "StreamSpecification" in wanted and "LatestStreamArn" not in table:
        aws.dynamodb.update_table(TableName=name, StreamSpecification=wanted["StreamSpecification"])


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
