"""The real template as a desk sees it."""

import json
from functools import cache
from typing import Any

import pytest

from infra.local.errors import CannotRun
from infra.local.left_out import RESOURCES, TYPES, reason_for
from infra.local.naming import Names, Place
from infra.local.resources.making import refuse_unknown_types
from infra.local.settings import REPOSITORY
from infra.local.stack import Stack, read_stack
from infra.local.template import Template, parameter_values, read_template, transform, variable_of

OURS = {"Stage": "local", "KeySecret": "x" * 32}


@cache
def translated() -> Template:
    return transform(read_template(REPOSITORY / "template.yaml"), region="eu-central-1")


def names() -> Names:
    parameters = parameter_values(translated(), ours=OURS, environ={})
    place = Place(stack="parley-local", region="eu-central-1", account_id="0", api_url="http://x")
    found = Names(translated(), parameters, place)
    for logical_id, definition in translated()["Resources"].items():
        if definition["Type"] == "AWS::SQS::Queue":
            found.add_queue_url(logical_id, f"http://x/{logical_id}")
        if "StreamSpecification" in definition.get("Properties", {}):
            found.add_stream_arn(logical_id, f"arn:aws:dynamodb:eu-central-1:0:table/{logical_id}/stream/1")
    return found


@cache
def stack() -> Stack:
    rules = [name for name, each in translated()["Resources"].items() if each["Type"] == "AWS::Events::Rule"]
    return read_stack(translated(), names(), {name: f"http://x/{name}" for name in rules})


def kept() -> dict[str, Any]:
    return {name: each for name, each in translated()["Resources"].items() if reason_for(name, each) is None}


def test_every_reference_is_known() -> None:
    without_code = {
        name: {key: value for key, value in (each.get("Properties") or {}).items() if key not in {"Code", "Layers"}}
        for name, each in kept().items()
        if each["Type"] != "AWS::ECS::TaskDefinition"
    }
    resolved = json.dumps(names().resolve(without_code))
    assert "Fn::" not in resolved
    assert '"Ref"' not in resolved


def test_every_resource_is_made_read_or_left_out_for_a_reason() -> None:
    refuse_unknown_types(translated())


def test_nothing_is_left_out_that_is_not_there() -> None:
    resources = translated()["Resources"]
    assert set(RESOURCES) <= set(resources)
    assert set(TYPES) <= {each["Type"] for each in resources.values()}


def test_an_unknown_resource_stops_the_start() -> None:
    with pytest.raises(CannotRun, match=r"Topic \(AWS::SNS::Topic\)"):
        refuse_unknown_types({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})


def test_every_function_has_its_whole_environment() -> None:
    written = read_template(REPOSITORY / "template.yaml")
    everywhere = set(written["Globals"]["Function"]["Environment"]["Variables"])
    for logical_id, function in stack().functions.items():
        own = set(written["Resources"][logical_id]["Properties"]["Environment"]["Variables"])
        assert set(function.environment) == own | everywhere
        assert function.role_arn == f"arn:aws:iam::0:role/parley-local-{logical_id}Role"


def test_every_route_of_the_template_is_served() -> None:
    written = read_template(REPOSITORY / "template.yaml")
    expected = {
        (event["Properties"]["Method"], event["Properties"]["Path"], logical_id)
        for logical_id, each in written["Resources"].items()
        for event in each.get("Properties", {}).get("Events", {}).values()
        if event["Type"] == "HttpApi"
    }
    assert {(route.method, route.path, route.function) for route in stack().routes} == expected


def test_the_web_socket_api_is_served_with_its_stage() -> None:
    api = stack().web_sockets
    assert api is not None
    assert (api.stage, api.selection) == ("ws", ("type",))
    assert {(key, route.function) for key, route in api.routes.items()} == {
        ("$connect", "RealtimeFunction"),
        ("$disconnect", "RealtimeFunction"),
        ("$default", "RealtimeFunction"),
    }
    assert {key for key, route in api.routes.items() if route.is_answered} == {"$default"}


def test_whoever_knows_where_connections_are_may_post_to_them() -> None:
    api = stack().web_sockets
    assert api is not None
    told = [function for function in stack().functions.values() if "REALTIME_URL" in function.environment]
    assert {function.environment["REALTIME_URL"] for function in told} == {"ws://x/ws"}
    for function in told:
        assert api.may_manage(function.role_arn, "POST"), function.logical_id


def test_a_failed_upload_is_tried_again_and_then_kept() -> None:
    failures = stack().functions["UploadedFunction"].failures
    assert (failures.retries, failures.queue_url) == (2, "http://x/UploadedDeadLetters")


def test_dead_letters_call_their_function() -> None:
    mapping = next(each for each in stack().queue_mappings if each.function == "MaintenanceDeadJobsFunction")
    assert (mapping.queue_url, mapping.batch_size) == ("http://x/DeadLetters", 10)
    assert mapping.reports_failures


def test_what_follows_a_change_is_called_by_the_library_s_stream() -> None:
    (mapping,) = stack().stream_mappings
    assert (mapping.name, mapping.table, mapping.function) == (
        "LibraryChanges",
        "parley-local-LibraryTable",
        "NotifyFunction",
    )
    assert mapping.bisects
    assert (mapping.retries, mapping.queue_url) == (10, "http://x/ChangesDeadLetters")


def test_every_rule_calls_its_function() -> None:
    written = read_template(REPOSITORY / "template.yaml")
    expected = {
        f"{logical_id}{name}": logical_id
        for logical_id, each in written["Resources"].items()
        for name, event in each.get("Properties", {}).get("Events", {}).items()
        if event["Type"] in {"EventBridgeRule", "Schedule"}
    }
    assert "MaintenanceHousekeepingFunctionDaily" in expected
    assert {rule.queue_url.removeprefix("http://x/"): rule.function for rule in stack().rules} == expected


def test_the_worker_is_told_where_everything_is() -> None:
    worker = stack().worker
    assert worker is not None
    assert worker.environment["SPEECH_QUEUE_URL"] == "http://x/SpeechQueue"
    assert worker.environment["MEDIA_BUCKET"] == "parley-local-media-0-eu-central-1"
    assert worker.role_arn == "arn:aws:iam::0:role/parley-local-WorkerRole"


@pytest.mark.parametrize(
    ("parameter", "variable"),
    [("KeySecret", "KEY_SECRET"), ("WhisperModel", "WHISPER_MODEL"), ("Stage", "STAGE")],
)
def test_a_parameter_has_a_variable(parameter: str, variable: str) -> None:
    assert variable_of(parameter) == variable


def test_the_users_choice_goes_before_ours_and_the_default() -> None:
    values = parameter_values(
        translated(), ours=OURS, environ={"STAGE": "mine", "LLM_API_KEY": "", "UPLOAD_MINUTES": ""}
    )
    assert values["Stage"] == "mine"
    assert values["KeySecret"] == OURS["KeySecret"]
    assert values["UploadMinutes"] == "60"


@pytest.mark.parametrize(
    ("environ", "complaint"),
    [
        ({"WHISPER_DEVICE": "tpu"}, r"WHISPER_DEVICE=tpu must be one of auto, cpu, cuda\."),
        ({"MAX_UPLOAD_BYTES": "many"}, r"MAX_UPLOAD_BYTES=many must be a number\."),
        ({"UPLOAD_MINUTES": "0"}, r"UPLOAD_MINUTES=0 must lie between 1 and 720\."),
        ({"STAGE": "Local"}, r"STAGE=Local must match"),
        # A secret is never shown.
        ({"KEY_SECRET": "short"}, r"^KEY_SECRET must be empty, or at least 32"),
    ],
)
def test_a_wrong_parameter_is_named(environ: dict[str, str], complaint: str) -> None:
    with pytest.raises(CannotRun, match=complaint):
        parameter_values(translated(), ours=OURS, environ=environ)


def test_a_missing_parameter_is_named() -> None:
    needed = {"Parameters": {"RootKey": {"Type": "String", "NoEcho": True, "Description": "Opens all"}}}
    with pytest.raises(CannotRun, match="Set ROOT_KEY: Opens all"):
        parameter_values(needed, ours={}, environ={})


def test_what_is_for_development_only_is_not_there_in_production() -> None:
    parameters = parameter_values(translated(), ours=OURS | {"Stage": "prod"}, environ={})
    place = Place(stack="parley-prod", region="eu-central-1", account_id="0", api_url="http://x")
    in_production = Names(translated(), parameters, place)
    paths = next(
        in_production.resolve(each["Properties"]["Body"]["paths"])
        for each in translated()["Resources"].values()
        if "Body" in each.get("Properties", {})
    )
    assert not any("debug" in path for path in paths)
    assert not in_production.is_wanted(translated()["Resources"]["DebugFunction"])
