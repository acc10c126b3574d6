from typing import Any

import pytest

from infra.local.errors import CannotRun
from infra.local.patterns import matches, refuse_unknown_rules

RECORD = {"eventName": "MODIFY", "dynamodb": {"Keys": {"pk": {"S": "JOB#1"}}, "NewImage": {"tries": {"N": "1"}}}}


@pytest.mark.parametrize(
    "pattern",
    [
        {},
        {"eventName": ["INSERT", "MODIFY"]},
        {"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "RECORDING#"}, {"prefix": "JOB#"}]}}}},
        {"dynamodb": {"OldImage": {"pk": {"S": [{"exists": False}]}}}},
        {"dynamodb": {"NewImage": {"tries": {"N": [{"exists": True}]}}}, "eventName": ["MODIFY"]},
    ],
)
def test_a_record_that_has_it_all_matches(pattern: dict[str, Any]) -> None:
    refuse_unknown_rules(pattern, of="a mapping")
    assert matches(pattern, RECORD)


@pytest.mark.parametrize(
    "pattern",
    [
        {"eventName": ["REMOVE"]},
        {"eventName": [{"prefix": "modify"}]},
        {"eventName": []},
        {"dynamodb": {"Keys": {"sk": {"S": [{"prefix": "JOB#"}]}}}},
        {"dynamodb": {"NewImage": {"tries": {"N": [1, True, None]}}}},
        {"eventName": ["MODIFY"], "dynamodb": {"Keys": {"pk": {"S": ["JOB#2"]}}}},
    ],
)
def test_a_record_that_lacks_something_does_not(pattern: dict[str, Any]) -> None:
    refuse_unknown_rules(pattern, of="a mapping")
    assert not matches(pattern, RECORD)


@pytest.mark.parametrize(
    "pattern",
    [
        {"eventName": "MODIFY"},
        {"a": [{"numeric": [">", 1]}]},
        {"a": {"b": [{"suffix": "x"}]}},
        {"$or": [{"a": ["b"]}]},
        {"a": [{"prefix": "x", "exists": True}]},
    ],
)
def test_a_rule_that_is_not_known_stops_the_start(pattern: dict[str, Any]) -> None:
    with pytest.raises(CannotRun, match="infra/local cannot match"):
        refuse_unknown_rules(pattern, of="a mapping")
