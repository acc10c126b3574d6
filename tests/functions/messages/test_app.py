"""The very handler that AWS calls, with events as EventBridge sends them, on moto."""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends
from moto.sns.models import sns_backends

from functions.core.aws import client
from functions.core.clock import utc_now
from functions.messages.senders import NotSent

ROOT = Path(__file__).parent.parent.parent.parent
EVENT = (ROOT / "tests/events/eventbridge_message.json").read_text()
REGION = "eu-central-1"
APP = "functions.messages.app"

Start = Callable[..., Any]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Import the function's module as Lambda does, with its settings."""

    def start(**environment: str) -> Any:
        for name, value in ({"STAGE": "prod", "MESSAGE_SENDER": "aws"} | environment).items():
            monkeypatch.setenv(name, value)
        return importlib.import_module(APP)

    sys.modules.pop(APP, None)
    yield start
    sys.modules.pop(APP, None)


def an_event(*, age: timedelta = timedelta(0), **detail: Any) -> Any:
    event = json.loads(EVENT)
    event["time"] = (utc_now() - age).strftime("%Y-%m-%dT%H:%M:%SZ")
    event["detail"] |= detail
    return event


def texts_sent() -> list[tuple[str, str]]:
    return list(sns_backends[DEFAULT_ACCOUNT_ID][REGION].sms_messages.values())


def test_a_code_is_sent_by_sms_and_stays_out_of_the_log(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    start(LOG_LEVEL="DEBUG").handler(an_event(), None)

    ((number, body),) = texts_sent()
    written = capsys.readouterr().err
    assert (number, body[:6]) == ("+4915112345678", "905217")
    assert "sent by SNS" in written
    assert "4915112345678" not in written
    assert "905217" not in written


def test_a_code_is_sent_by_email(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    boto3.client("sesv2").create_email_identity(EmailIdentity="parley@example.org")

    start(MAIL_FROM="parley@example.org").handler(an_event(channel="email", to="anna@example.com"), None)

    (mail,) = ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages
    assert mail.subject == "Your code to sign in to Parley"
    assert "905217" in mail.body
    assert "anna@example.com" not in capsys.readouterr().err


def test_without_a_sender_address_an_sms_is_sent_and_an_email_is_not(
    start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    app = start()

    app.handler(an_event(channel="email", to="anna@example.com"), None)
    app.handler(an_event(), None)

    assert len(texts_sent()) == 1
    assert "no MAIL_FROM is set" in capsys.readouterr().err


def test_a_code_that_is_over_is_not_sent(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    start().handler(an_event(age=timedelta(minutes=6)), None)

    assert texts_sent() == []
    assert "a code was over" in capsys.readouterr().err


def test_a_notice_is_sent_also_late(start: Start) -> None:
    start().handler(an_event(age=timedelta(hours=6), template="already-registered", facts={}), None)

    assert len(texts_sent()) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"channel": "pigeon-905217"},
        {"template": "poem"},
        {"facts": {}},
        {"facts": ["905217"]},
        {"facts": None},
        {"colour": "red"},
        {"template": "inactive", "facts": {"days": "905217 or so"}},
    ],
    ids=str,
)
def test_what_is_no_message_is_dropped_and_not_repeated_in_the_log(
    start: Start, wrong: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    start().handler(an_event(**wrong), None)

    written = capsys.readouterr().err
    assert texts_sent() == []
    assert json.loads(EVENT)["id"] in written
    assert "could not be read" in written
    assert "905217" not in written


@pytest.mark.parametrize("wrong", [{"detail": "hello"}, {"detail": None}, {"time": "noon"}, {"time": None}], ids=str)
def test_what_is_no_event_of_ours_is_dropped(
    start: Start, wrong: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    start().handler(an_event() | wrong, None)

    assert texts_sent() == []
    assert "could not be read" in capsys.readouterr().err


def test_a_number_that_the_provider_refuses_is_not_tried_again(
    start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    start().handler(an_event(to="0151 12345678"), None)

    written = capsys.readouterr().err
    assert "InvalidParameter" in written
    assert "0151" not in written


def test_a_provider_that_is_busy_makes_lambda_try_again(start: Start) -> None:
    app = start()
    with Stubber(client("sns")) as sns:
        sns.add_client_error("publish", "Throttling", "+4915112345678")

        with pytest.raises(NotSent, match=r"^Throttling$"):
            app.handler(an_event(), None)


def test_on_a_desk_the_code_is_read_in_the_log(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    start(STAGE="local", MESSAGE_SENDER="log").handler(an_event(), None)

    written = capsys.readouterr().err
    assert "905217 is your Parley code" in written
    assert "4915112345678" not in written
    assert texts_sent() == []


@pytest.mark.parametrize("stage", ["prod", "staging", "production"])
def test_codes_cannot_be_logged_where_people_are(start: Start, stage: str) -> None:
    with pytest.raises(ValueError, match=f"MESSAGE_SENDER=log writes codes to the log.*'{stage}'"):
        start(STAGE=stage, MESSAGE_SENDER="log")


def test_a_process_that_would_log_codes_in_production_does_not_start() -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "STAGE": "prod", "MESSAGE_SENDER": "log"}

    started = subprocess.run(
        [sys.executable, "-c", f"import {APP}"], env=environment, capture_output=True, text=True, check=False
    )

    assert started.returncode == 1
    assert "ValueError: MESSAGE_SENDER=log writes codes to the log" in started.stderr
