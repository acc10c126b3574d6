"""Who may open the secrets of webhooks, and what the function may that sends to strangers' addresses."""

import json
from pathlib import Path
from typing import Any

from infra.local.template import read_template

RESOURCES = read_template(Path(__file__).parent.parent.parent / "template.yaml")["Resources"]


def statements_of(function: str) -> list[dict[str, Any]]:
    found = [one for policy in RESOURCES[function]["Properties"]["Policies"] for one in policy["Statement"]]
    return [one["Fn::If"][1] if "Fn::If" in one else one for one in found]


def functions() -> list[str]:
    return [name for name, one in RESOURCES.items() if one["Type"] == "AWS::Serverless::Function"]


def purposes_opened_by(function: str) -> set[str]:
    conditions = [
        one.get("Condition", {}).get("StringEquals", {})
        for one in statements_of(function)
        if "kms:Decrypt" in one["Action"]
    ]
    purposes = [one.get("kms:EncryptionContext:purpose", "all") for one in conditions]
    return {purpose for one in purposes for purpose in ([one] if isinstance(one, str) else one)}


def test_only_the_door_of_webhooks_and_who_sends_to_them_open_their_secrets() -> None:
    openers = {name for name in functions() if "webhooks" in purposes_opened_by(name)}

    assert openers == {"WebhooksFunction", "WebhooksDeliverFunction"}
    assert purposes_opened_by("WebhooksDeliverFunction") == {"webhooks"}


def test_who_sends_to_webhooks_can_read_nothing_of_anybody_but_what_is_sent() -> None:
    read = [one for one in statements_of("WebhooksDeliverFunction") if "dynamodb:GetItem" in one["Action"]]
    keys = {key for one in read for condition in one["Condition"].values() for key in condition["dynamodb:LeadingKeys"]}

    assert keys == {"KEY#webhooks", "WEBHOOKS#*", "WEBHOOK_SECRET#*", "DELIVERY#*"}
    assert "s3:" not in json.dumps(statements_of("WebhooksDeliverFunction"))


def test_a_delivery_is_hidden_for_longer_than_it_may_take() -> None:
    timeout = RESOURCES["WebhooksDeliverFunction"]["Properties"]["Timeout"]

    assert RESOURCES["WebhookQueue"]["Properties"]["VisibilityTimeout"] >= 6 * timeout
