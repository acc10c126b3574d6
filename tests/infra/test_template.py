"""The template is the only truth: the code is held against it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from functions.core.jobs.model import Lane
from gpu_worker.retries import MAX_DELIVERIES
from gpu_worker.settings import WorkerSettings
from infra.doors import ROUTERS
from infra.local.template import read_template
from infra.openapi import DOCUMENT, text
from tests.setting_values import VALUES

ROOT = Path(__file__).parent.parent.parent
TEMPLATE = read_template(ROOT / "template.yaml")
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
FUNCTIONS = {name: one["Properties"] for name, one in RESOURCES.items() if one["Type"] == "AWS::Serverless::Function"}
QUEUES = {name: one["Properties"] for name, one in RESOURCES.items() if one["Type"] == "AWS::SQS::Queue"}
ALARMS = [one["Properties"] for one in RESOURCES.values() if one["Type"] == "AWS::CloudWatch::Alarm"]

# Imports a handler as Lambda does and says what its settings are named.
PROBE = """
import importlib, json, sys
module, name = sys.argv[1].rsplit(".", 1)
loaded = importlib.import_module(module)
settings = getattr(loaded, "Settings", None) or type(loaded.settings)
print(json.dumps([callable(getattr(loaded, name)), sorted(settings.model_fields)]))
"""


def environment_of(function: str) -> set[str]:
    everybodys = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    return {*everybodys, *FUNCTIONS[function].get("Environment", {}).get("Variables", {})}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_starts_with_exactly_the_settings_that_the_template_gives_it(function: str) -> None:
    given = environment_of(function)
    environment = {name: VALUES.get(name, "x") for name in given} | {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }

    probe = subprocess.run(
        [sys.executable, "-c", PROBE, FUNCTIONS[function]["Handler"]],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert probe.returncode == 0, probe.stderr
    is_callable, fields = json.loads(probe.stdout)
    assert is_callable
    assert {field.upper() for field in fields} == given


def test_the_worker_gets_exactly_its_settings() -> None:
    container = RESOURCES["WorkerTask"]["Properties"]["ContainerDefinitions"][0]

    given = {one["Name"] for one in container["Environment"]}

    assert given == {field.upper() for field in WorkerSettings.model_fields}


def routes() -> dict[str, str]:
    events = [(name, event) for name, one in FUNCTIONS.items() for event in one.get("Events", {}).values()]
    return {event["Properties"]["Path"]: name for name, event in events if event["Type"] == "HttpApi"}


def function_for(path: str) -> str:
    """Route as API Gateway does: a full match first, then the longest greedy one."""
    owned = routes()
    if path in owned:
        return owned[path]
    greedy = {route.removesuffix("{proxy+}"): name for route, name in owned.items() if route.endswith("{proxy+}")}
    return greedy[max((prefix for prefix in greedy if path.startswith(prefix)), key=len)]


@pytest.mark.parametrize("door", ROUTERS)
def test_every_path_of_a_door_is_routed_to_it(door: str) -> None:
    paths = {route.path for route in ROUTERS[door].routes}  # type: ignore[attr-defined]

    handlers = {FUNCTIONS[function_for(path)]["Handler"] for path in paths}

    assert handlers == {f"functions.{door}.app.handler"}


def test_operation_ids_are_unique_over_all_doors() -> None:
    operations = [one["operationId"] for path in json.loads(text())["paths"].values() for one in path.values()]

    assert len(operations) == len(set(operations))


def test_the_checked_in_document_is_current() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == text()


@pytest.mark.parametrize("lane", Lane)
def test_every_lane_has_a_queue_with_dead_letters_and_an_alarm(lane: Lane) -> None:
    name = f"{lane.capitalize()}Queue"
    redrive = QUEUES[name]["RedrivePolicy"]

    assert redrive["maxReceiveCount"] == MAX_DELIVERIES
    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadLetters", "Arn"]}


@pytest.mark.parametrize("queue", QUEUES)
def test_every_queue_has_an_alarm(queue: str) -> None:
    watched = [one["Value"] for alarm in ALARMS for one in alarm["Dimensions"]]

    assert {"Fn::GetAtt": [queue, "QueueName"]} in watched


@pytest.mark.parametrize("queue", QUEUES)
def test_every_queue_keeps_messages_encrypted_for_a_fortnight(queue: str) -> None:
    assert QUEUES[queue]["SqsManagedSseEnabled"] is True
    assert QUEUES[queue]["MessageRetentionPeriod"] == 14 * 24 * 3600


def statements() -> list[tuple[str, dict[str, Any]]]:
    functions = [(name, policy) for name, one in FUNCTIONS.items() for policy in one["Policies"]]
    worker = [("Worker", one["PolicyDocument"]) for one in RESOURCES["WorkerRole"]["Properties"]["Policies"]]
    found = [(name, statement) for name, policy in functions + worker for statement in policy["Statement"]]
    # Those of KMS stand only where KMS is used.
    return [(name, one["Fn::If"][1] if "Fn::If" in one else one) for name, one in found]


def actions_of(statement: dict[str, Any]) -> list[str]:
    return statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]


def resource_of(statement: dict[str, Any]) -> Any:
    match actions_of(statement):
        case ["sns:Publish"]:
            # A text to a phone has no resource: everything but topics.
            return statement["NotResource"]
        case ["cloudwatch:GetMetricData"] if statement["Resource"] == "*":
            # IAM knows no resource for reading figures.
            return "figures"
        case _:
            return statement["Resource"]


def test_no_role_may_do_everything_or_anything_to_all() -> None:
    for name, statement in statements():
        resource = resource_of(statement)
        assert not any("*" in action for action in actions_of(statement)), name
        assert "*" not in (resource if isinstance(resource, list) else [resource]), name


def test_only_the_door_that_checks_the_system_reads_figures() -> None:
    readers = {name for name, one in statements() if "cloudwatch:GetMetricData" in actions_of(one)}

    assert readers == {"SystemFunction"}


def test_the_door_that_anybody_may_ask_reads_of_the_library_what_workers_say_what_fails_and_no_more() -> None:
    read = [
        one["Condition"]
        for name, one in statements()
        if name == "SystemFunction" and "LibraryTable" in json.dumps(one["Resource"])
    ]

    assert read == [
        {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["WORKER_REPORT#newest"]}},
        {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["WORKERS", "WEBHOOKS_IN_TROUBLE"]}},
    ]


def of_accounts(statement: dict[str, Any], *actions: str) -> bool:
    is_theirs = "AccountsTable" in json.dumps(statement.get("Resource"))
    return is_theirs and bool(set(actions) & set(actions_of(statement)))


def leading_keys(statement: dict[str, Any]) -> set[str] | None:
    condition = statement.get("Condition", {}).get("ForAllValues:StringLike", {})
    return set(condition["dynamodb:LeadingKeys"]) if "dynamodb:LeadingKeys" in condition else None


def test_only_accounts_and_its_housekeeping_write_accounts_freely() -> None:
    writers = {
        name
        for name, one in statements()
        if of_accounts(one, "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem")
        and leading_keys(one) is None
    }

    assert writers == {"AccountsFunction", "MaintenanceEraseFunction", "MaintenanceHousekeepingFunction"}


@pytest.mark.parametrize("door", ["RecordingsFunction", "JobsFunction", "SearchFunction", "SystemFunction"])
def test_a_door_that_only_asks_who_calls_reads_no_password_no_name_and_no_code(door: str) -> None:
    read = [leading_keys(one) for name, one in statements() if name == door and of_accounts(one, "dynamodb:GetItem")]
    written = [leading_keys(one) for name, one in statements() if name == door and of_accounts(one, "dynamodb:PutItem")]

    assert read == [{"USER#*", "SESSION#*", "API_KEY#*", "LAST_USE#*", "KEY#*"}]
    assert written == [{"RATE#*", "LAST_USE#*", "KEY#cursors"}]


@pytest.mark.parametrize("door", ["RecordingsFunction", "JobsFunction", "SearchFunction", "SystemFunction"])
def test_a_door_that_only_asks_who_calls_opens_no_key_but_the_one_of_cursors(door: str) -> None:
    opened = [one["Condition"] for name, one in statements() if name == door and "kms:Decrypt" in actions_of(one)]

    assert opened == [{"StringEquals": {"kms:EncryptionContext:purpose": "cursors"}}]


def test_the_door_that_searches_changes_nothing_of_the_library() -> None:
    theirs = [one for name, one in statements() if name == "SearchFunction" and "AccountsTable" not in json.dumps(one)]
    allowed = {action for one in theirs for action in actions_of(one) if not action.startswith("kms:")}

    assert allowed == {"dynamodb:GetItem", "dynamodb:BatchGetItem", "s3:GetObject", "s3:ListBucket"}


def test_only_the_functions_that_search_carry_its_layer() -> None:
    carriers = {name for name, one in FUNCTIONS.items() if "SearchLayer" in json.dumps(one.get("Layers", []))}

    assert carriers == {"SearchFunction", "SearchIndexFunction"}


def test_only_the_door_of_messages_can_send_any() -> None:
    senders = {name for name, one in statements() if {"sns:Publish", "ses:SendEmail"} & set(actions_of(one))}

    assert senders == {"MessagesFunction"}


def test_the_bucket_is_private_encrypted_and_versioned() -> None:
    bucket = RESOURCES["MediaBucket"]["Properties"]

    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert bucket["BucketEncryption"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}


def test_data_outlives_the_stack() -> None:
    kept = {name for name, one in RESOURCES.items() if one.get("DeletionPolicy") == "Retain"}

    assert kept == {"AccountsTable", "IndexKey", "LibraryTable", "MediaBucket", "PresenceTable", "WrappingKey"}
