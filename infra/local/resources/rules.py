"""EventBridge rules, each delivering into a queue of our own, from which we call the real function."""

import json
from typing import Any, Final

from infra.local.resources.aws import Aws
from infra.local.resources.properties import Properties, refuse_unknown
from infra.local.resources.queues import make_queue, set_up_queue

_KNOWN: Final = {"Description", "EventPattern", "Name", "ScheduleExpression", "State", "Targets"}
_RETENTION: Final = 14 * 24 * 3600


def make_rule(aws: Aws, name: str, properties: Properties) -> str:
    """Make a rule and the queue that its events wait in. Returns the queue's address."""
    refuse_unknown(properties, _KNOWN, of=f"rule {name}")
    url = make_queue(aws, queue_of(name))
    set_up_queue(aws, url, {"MessageRetentionPeriod": _RETENTION})
    matched: dict[str, Any] = {key: properties[key] for key in ("ScheduleExpression", "State") if key in properties}
    if "EventPattern" in properties:
        matched["EventPattern"] = json.dumps(properties["EventPattern"])
    aws.events.put_rule(Name=name, **matched)
    target = {"Id": "queue", "Arn": f"arn:aws:sqs:{aws.region}:{aws.account_id}:{queue_of(name)}"}
    aws.events.put_targets(Rule=name, Targets=[target])
    return url


def drop_other_rules(aws: Aws, prefix: str, names: set[str]) -> None:
    """Remove rules that the template no longer has."""
    for rule in aws.events.list_rules(NamePrefix=prefix)["Rules"]:
        if rule["Name"] not in names:
            aws.events.remove_targets(Rule=rule["Name"], Ids=["queue"])
            aws.events.delete_rule(Name=rule["Name"])


def queue_of(rule: str) -> str:
    """Name the queue that a rule delivers into."""
    return f"{rule}-events"
