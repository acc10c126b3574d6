import json
import logging
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from functions.core.observability import log, set_up_logging


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    before = structlog.get_config()
    yield
    root.handlers, root.level = handlers, level
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()


def break_with(password: str) -> None:
    raise ValueError(f"it broke with {len(password)} letters")


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_shows_no_values_of_variables(
    form: Literal["json", "console"], capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logging("test", form=form)
    try:
        break_with("tr0ub4dor" + chr(45) + "3")  # a value that stands in no line of code
    except ValueError:
        log.error("request broke")

    written = capsys.readouterr().err
    assert "break_with" in written
    assert "tr0ub4dor-3" not in written


def test_every_line_carries_the_bound_request_and_the_process(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("test")
    log.bind_request("req_1", job_id="job_1")
    log.info("job started", attempt=2)
    logging.getLogger("a.library").warning("said a library")

    ours, theirs = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (ours["event"], ours["attempt"], ours["job_id"], ours["process"]) == ("job started", 2, "job_1", "test")
    assert (theirs["event"], theirs["request_id"]) == ("said a library", "req_1")
