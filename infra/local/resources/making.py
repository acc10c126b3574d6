"""Makes what the template describes, in an order in which every name is known."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra.local.errors import CannotRun
from infra.local.left_out import reason_for
from infra.local.naming import Names
from infra.local.resources.aws import Aws
from infra.local.resources.buckets import make_bucket
from infra.local.resources.queues import allow_senders, make_queue, set_up_queue
from infra.local.resources.roles import make_role
from infra.local.resources.rules import drop_other_rules, make_rule
from infra.local.resources.tables import make_table
from infra.local.template import Template

READ: Final = {
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::RouteResponse",
    "AWS::ApiGatewayV2::Stage",
    "AWS::ECS::TaskDefinition",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
}
"""Resources that our own processes stand in for: read into the stack, not made."""

_MADE: Final = {
    "AWS::DynamoDB::Table",
    "AWS::Events::Rule",
    "AWS::IAM::Role",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
}


def refuse_unknown_types(template: Template) -> None:
    """Stop where a resource would be missing in silence.

    Raises:
        CannotRun: there is one that is neither made nor read nor left out for a reason.
    """
    for logical_id, definition in template["Resources"].items():
        if definition["Type"] not in _MADE | READ and reason_for(logical_id, definition) is None:
            raise CannotRun(
                f"template.yaml: infra/local cannot make {logical_id} ({definition['Type']}) yet; "
                "teach it, or say in left_out.py why a desk does without."
            )


def make_data(aws: Aws, template: Template, names: Names) -> None:
    """Make tables, queues and buckets."""
    # Queues first: an address is only known from its queue, and nothing that a queue needs is an address.
    queues = list(_of_type("AWS::SQS::Queue", template, names))
    for logical_id, _ in queues:
        names.add_queue_url(logical_id, make_queue(aws, names.of(logical_id)))
    for logical_id, properties in queues:
        set_up_queue(aws, names.ref(logical_id), properties)
    for _, properties in _of_type("AWS::SQS::QueuePolicy", template, names):
        allow_senders(aws, properties)
    for logical_id, properties in _of_type("AWS::DynamoDB::Table", template, names):
        stream_arn = make_table(aws, names.of(logical_id), properties)
        if stream_arn is not None:
            names.add_stream_arn(logical_id, stream_arn)
    for logical_id, properties in _of_type("AWS::S3::Bucket", template, names):
        make_bucket(aws, names.of(logical_id), properties)


def make_roles(aws: Aws, template: Template, names: Names) -> None:
    """Make roles with exactly their permissions."""
    for logical_id, properties in _of_type("AWS::IAM::Role", template, names):
        make_role(aws, names.of(logical_id), properties)


def make_rules(aws: Aws, template: Template, names: Names, *, prefix: str) -> dict[str, str]:
    """Make rules; returns the queue that each delivers into."""
    urls = {
        logical_id: make_rule(aws, names.of(logical_id), properties)
        for logical_id, properties in _of_type("AWS::Events::Rule", template, names)
    }
    drop_other_rules(aws, prefix, {names.of(logical_id) for logical_id in urls})
    return urls


def _of_type(wanted: str, template: Template, names: Names) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for logical_id, definition in template["Resources"].items():
        is_here = reason_for(logical_id, definition) is None and names.is_wanted(definition)
        if definition["Type"] == wanted and is_here:
            yield logical_id, names.resolve(definition.get("Properties") or {})
