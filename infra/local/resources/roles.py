"""IAM roles: the reason why a missing permission fails at the desk as it would in production."""

import json
from typing import Any, Final

from infra.local.resources.aws import Aws
from infra.local.resources.properties import Properties, refuse_unknown

_KNOWN: Final = {"AssumeRolePolicyDocument", "Description", "ManagedPolicyArns", "Policies", "RoleName", "Tags"}


def make_role(aws: Aws, name: str, properties: Properties) -> None:
    """Make a role with exactly the template's permissions, whatever it had before.

    AWS's managed policies are left out: those that the template names let a function write its log and a task fetch
    its image, and a desk does neither through AWS.
    """
    refuse_unknown(properties, _KNOWN, of=f"role {name}")
    trust = json.dumps(_trusting_the_desk(properties["AssumeRolePolicyDocument"], aws.account_id))
    try:
        aws.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    except aws.iam.exceptions.EntityAlreadyExistsException:
        aws.iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
    policies = {policy["PolicyName"]: policy["PolicyDocument"] for policy in properties.get("Policies", [])}
    for policy in aws.iam.list_role_policies(RoleName=name)["PolicyNames"]:
        if policy not in policies:
            aws.iam.delete_role_policy(RoleName=name, PolicyName=policy)
    for policy, document in policies.items():
        statements = document["Statement"]
        every = statements if isinstance(statements, list) else [statements]
        allowed = {**document, "Statement": [_with_batches(statement) for statement in every]}
        aws.iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(allowed))


def _with_batches(statement: dict[str, Any]) -> dict[str, Any]:
    """AWS checks a batch of messages as the single call; the emulator asks for a permission that AWS does not know."""
    actions = statement.get("Action", [])
    named = [actions] if isinstance(actions, str) else actions
    return {**statement, "Action": [*named, "sqs:SendMessageBatch"]} if "sqs:SendMessage" in named else statement


def _trusting_the_desk(document: Any, account_id: str) -> dict[str, Any]:
    # On AWS the services take on the roles; here the local system does it for them.
    desk = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account_id}:root"}, "Action": "sts:AssumeRole"}
    return {**document, "Statement": [*document["Statement"], desk]}
