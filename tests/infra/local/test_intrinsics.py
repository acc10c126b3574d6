from typing import Any

import pytest

from infra.local.errors import CannotRun
from infra.local.intrinsics import Resolver

NAMES = {"Table": {"Ref": "t", "Arn": "arn:t"}, "Stage": {"Ref": "local"}}
CONDITIONS = {"IsLocal": {"Fn::Equals": [{"Ref": "Stage"}, "local"]}, "IsProd": {"Fn::Not": [{"Condition": "IsLocal"}]}}


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ({"Ref": "Table"}, "t"),
        ({"Fn::GetAtt": ["Table", "Arn"]}, "arn:t"),
        ({"Fn::Sub": "${Table.Arn}/index/${!kept}/${Stage}"}, "arn:t/index/${kept}/local"),
        ({"Fn::Sub": ["${a}-${Table}", {"a": {"Ref": "Stage"}}]}, "local-t"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Table"}]]}, "a-t"),
        ({"Fn::Select": [1, {"Fn::Split": [",", "a,b"]}]}, "b"),
        ({"Fn::If": ["IsLocal", 1, 2]}, 1),
        ({"Fn::If": [{"Fn::And": [{"Condition": "IsLocal"}, {"Condition": "IsProd"}]}, 1, 2]}, 2),
        ({"Fn::If": [{"Fn::Or": [{"Condition": "IsLocal"}, {"Condition": "IsProd"}]}, 1, 2]}, 1),
        ({"a": {"Ref": "AWS::NoValue"}, "b": [{"Ref": "AWS::NoValue"}, True]}, {"b": [True]}),
    ],
)
def test_a_function_becomes_its_value(value: Any, resolved: Any) -> None:
    assert Resolver(NAMES, CONDITIONS).resolve(value) == resolved


@pytest.mark.parametrize(
    "value",
    [{"Ref": "Nobody"}, {"Fn::GetAtt": ["Table", "StreamArn"]}, {"Fn::Sub": "${Nobody}"}, {"Fn::ImportValue": "x"}],
)
def test_what_is_unknown_stops_the_start(value: Any) -> None:
    with pytest.raises(CannotRun):
        Resolver(NAMES, CONDITIONS).resolve(value)
