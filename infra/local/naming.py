"""Names of the template's resources on a desk: known before anything is made, the same after every restart."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.local.intrinsics import Resolver
from infra.local.template import Template

_NAMED: Final = {
    "AWS::DynamoDB::Table": ("TableName", "arn:aws:dynamodb:{region}:{account}:table/{name}"),
    "AWS::Events::Rule": ("Name", "arn:aws:events:{region}:{account}:rule/{name}"),
    "AWS::IAM::Role": ("RoleName", "arn:aws:iam::{account}:role/{name}"),
    "AWS::Lambda::Function": ("FunctionName", "arn:aws:lambda:{region}:{account}:function:{name}"),
    "AWS::S3::Bucket": ("BucketName", "arn:aws:s3:::{name}"),
    "AWS::SQS::Queue": ("QueueName", "arn:aws:sqs:{region}:{account}:{name}"),
}
"""The property that names a resource, and the form of its ARN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a stack stands."""

    stack: str
    region: str
    account_id: str
    api_url: str


class Names:
    """What `Ref` and `Fn::GetAtt` give. What only AWS knows is added once a thing is made: addresses, streams."""

    def __init__(self, template: Template, parameters: Mapping[str, str], place: Place) -> None:
        self._template = template
        self._place = place
        self._attributes: dict[str, dict[str, str]] = {
            name: {"Ref": value} for name, value in {**parameters, **_pseudo_parameters(place)}.items()
        }
        for logical_id, definition in template["Resources"].items():
            self._attributes[logical_id] = self._attributes_of(logical_id, definition)

    def resolve(self, value: Any) -> Any:
        """Return `value` with all names in place."""
        return self._resolver().resolve(value)

    def is_wanted(self, definition: Mapping[str, Any]) -> bool:
        """Tell whether a resource's condition holds."""
        return "Condition" not in definition or self._resolver().holds(definition["Condition"])

    def of(self, logical_id: str) -> str:
        """Return a resource's physical name."""
        attributes = self._attributes[logical_id]
        return attributes.get("Name", attributes["Ref"])

    def ref(self, logical_id: str) -> str:
        """Return what `Ref` gives."""
        return self._attributes[logical_id]["Ref"]

    def arn(self, logical_id: str) -> str:
        """Return a resource's ARN."""
        return self._attributes[logical_id]["Arn"]

    def add_queue_url(self, logical_id: str, url: str) -> None:
        """Make a queue's address known."""
        self._attributes[logical_id] |= {"Ref": url, "QueueUrl": url}

    def add_stream_arn(self, logical_id: str, arn: str) -> None:
        """Make a table's stream known."""
        self._attributes[logical_id]["StreamArn"] = arn

    def logical_id_of(self, arn: str) -> str:
        """Return whose ARN this is, or whose stream's."""
        return next(
            name
            for name, attributes in self._attributes.items()
            if arn in {attributes.get("Arn"), attributes.get("StreamArn")}
        )

    def _resolver(self) -> Resolver:
        return Resolver(self._attributes, self._template.get("Conditions", {}))

    def _attributes_of(self, logical_id: str, definition: Mapping[str, Any]) -> dict[str, str]:
        kind = definition["Type"]
        place = self._place
        if kind == "AWS::ApiGatewayV2::Api":
            return {"Ref": "local", "ApiEndpoint": _endpoint(definition, place)}
        name_property, arn = _NAMED.get(kind, (None, None))
        name = str(self.resolve((definition.get("Properties") or {}).get(name_property, f"{place.stack}-{logical_id}")))
        if kind == "AWS::S3::Bucket":
            name = name.lower()
        attributes = {"Ref": name}
        if arn is not None:
            attributes["Arn"] = arn.format(region=place.region, account=place.account_id, name=name)
        if kind == "AWS::SQS::Queue":
            attributes |= {"Name": name, "QueueName": name, "Ref": ""}
        return attributes


def _endpoint(api: Mapping[str, Any], place: Place) -> str:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-api.html
    is_web_socket = (api.get("Properties") or {}).get("ProtocolType") == "WEBSOCKET"
    return place.api_url.replace("http", "ws", 1) if is_web_socket else place.api_url


def _pseudo_parameters(place: Place) -> dict[str, str]:
    return {
        "AWS::AccountId": place.account_id,
        "AWS::Partition": "aws",
        "AWS::Region": place.region,
        "AWS::StackName": place.stack,
        "AWS::URLSuffix": "amazonaws.com",
    }
