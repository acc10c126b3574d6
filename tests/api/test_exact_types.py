"""No body of a request has numbers or truths that are taken for one another."""

import inspect
import typing
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import params
from fastapi.routing import APIRoute
from pydantic import BaseModel, Strict, TypeAdapter, ValidationError

from functions.api.announcements import Moment
from functions.core.exact_types import Number, Truth, Whole
from infra.doors import ROUTERS

ROUTES = [route for router in ROUTERS.values() for route in router.routes if isinstance(route, APIRoute)]


def bodies() -> Iterator[type[BaseModel]]:
    for route in ROUTES:
        if route.body_field is not None and not isinstance(route.body_field.field_info, params.Form):
            yield from models(route.body_field.field_info.annotation)


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    for inner in typing.get_args(annotation):
        yield from models(inner)
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from models(field.annotation)


def lax(annotation: Any, metadata: list[Any]) -> bool:
    if annotation in {int, float, bool}:
        return not any(isinstance(one, Strict) for one in metadata)
    if typing.get_origin(annotation) is typing.Annotated:
        inner, *marks = typing.get_args(annotation)
        return lax(inner, [*metadata, *marks])
    if typing.get_origin(annotation) is typing.Literal:
        return False
    return any(lax(inner, metadata) for inner in typing.get_args(annotation))


def test_every_number_and_truth_in_a_body_is_exact() -> None:
    found = {
        f"{model.__name__}.{name}"
        for model in bodies()
        for name, field in model.model_fields.items()
        if lax(field.annotation, field.metadata)
    }

    assert found == set()


@pytest.mark.parametrize("said", [True, "5", 1.5])
def test_what_is_no_whole_number_is_not_made_one(said: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Whole).validate_python(said)


@pytest.mark.parametrize("said", [False, "1.5"])
def test_what_is_no_number_is_not_made_one(said: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Number).validate_python(said)


@pytest.mark.parametrize("said", [1, "no", 0.0])
def test_what_is_neither_true_nor_false_is_not_made_it(said: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Truth).validate_python(said)


def test_a_whole_number_is_a_number() -> None:
    assert TypeAdapter(Number).validate_python(5) == 5


@pytest.mark.parametrize("said", [7, 1.5, True, "5", "1795262400", "tomorrow"])
def test_a_number_is_no_moment(said: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Moment).validate_python(said)


@pytest.mark.parametrize("said", ["2026-11-21T12:00:00Z", "2026-11-21T15:00:00+03:00", "2026-11-21 12:00"])
def test_a_moment_is_taken_as_it_is_written(said: str) -> None:
    assert TypeAdapter(Moment).validate_python(said) == datetime(2026, 11, 21, 12, tzinfo=UTC)
