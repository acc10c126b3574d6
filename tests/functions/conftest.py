"""Handlers set up logging when they are imported; the next test has it as before."""

import logging
from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def handlers_have_a_loop(lambdas_loop: None) -> None:
    pass


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    before = structlog.get_config()
    yield
    root.handlers, root.level = handlers, level
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()
