import logging
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends
from moto.sns.models import sns_backends

from functions.core.aws import client
from functions.core.observability import set_up_logging
from functions.messages.senders import LogSender, NoMailSender, NotSent, SesSender, SnsSender, Undeliverable
from functions.messages.words import Text

REGION = "eu-central-1"
NUMBER = "+4915112345678"
ADDRESS = "anna@example.com"
HOUSE = "parley@example.org"
TEXT = Text("Ваш код", "905217 - код Parley.")


@pytest.fixture
def sns() -> Iterator[Stubber]:
    with Stubber(client("sns")) as stubber:
        yield stubber


@pytest.fixture
def sesv2() -> Iterator[Stubber]:
    with Stubber(client("sesv2")) as stubber:
        yield stubber


def texts_sent() -> list[tuple[str, str]]:
    return list(sns_backends[DEFAULT_ACCOUNT_ID][REGION].sms_messages.values())


def mails_sent() -> list[Any]:
    return list(ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages)


def test_an_sms_carries_the_body() -> None:
    SnsSender(max_price_usd="0.50").send(NUMBER, TEXT)

    assert texts_sent() == [(NUMBER, TEXT.body)]


def test_an_sms_is_transactional_and_has_a_highest_price(sns: Stubber) -> None:
    sns.add_response(
        "publish",
        {"MessageId": "1"},
        {
            "PhoneNumber": NUMBER,
            "Message": TEXT.body,
            "MessageAttributes": {
                "AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"},
                "AWS.SNS.SMS.MaxPrice": {"DataType": "Number", "StringValue": "0.07"},
            },
        },
    )

    SnsSender(max_price_usd="0.07").send(NUMBER, TEXT)

    sns.assert_no_pending_responses()


def test_a_number_that_is_none_is_undeliverable() -> None:
    with pytest.raises(Undeliverable, match=r"^InvalidParameter$"):
        SnsSender(max_price_usd="0.50").send("0151 12345678", TEXT)

    assert texts_sent() == []


def test_an_email_carries_subject_and_body() -> None:
    boto3.client("sesv2").create_email_identity(EmailIdentity=HOUSE)

    SesSender(mail_from=HOUSE).send(ADDRESS, TEXT)

    (mail,) = mails_sent()
    assert (mail.source, mail.subject, mail.body) == (HOUSE, TEXT.subject, TEXT.body)
    assert mail.destinations == {"ToAddresses": [ADDRESS]}


def test_an_email_is_in_utf_8(sesv2: Stubber) -> None:
    content = {
        "Subject": {"Data": TEXT.subject, "Charset": "UTF-8"},
        "Body": {"Text": {"Data": TEXT.body, "Charset": "UTF-8"}},
    }
    sesv2.add_response(
        "send_email",
        {"MessageId": "1"},
        {"FromEmailAddress": HOUSE, "Destination": {"ToAddresses": [ADDRESS]}, "Content": {"Simple": content}},
    )

    SesSender(mail_from=HOUSE).send(ADDRESS, TEXT)

    sesv2.assert_no_pending_responses()


def test_an_email_that_the_sandbox_refuses_is_undeliverable() -> None:
    with pytest.raises(Undeliverable, match=r"^MessageRejected$"):
        SesSender(mail_from="nobody@example.org").send(ADDRESS, TEXT)


@pytest.mark.parametrize("code", ["Throttling", "InternalError", "AuthorizationError"])
def test_an_sms_that_may_work_later_is_not_sent(sns: Stubber, code: str) -> None:
    sns.add_client_error("publish", code)

    with pytest.raises(NotSent, match=f"^{code}$"):
        SnsSender(max_price_usd="0.50").send(NUMBER, TEXT)


@pytest.mark.parametrize("code", ["TooManyRequestsException", "SendingPausedException"])
def test_an_email_that_may_work_later_is_not_sent(sesv2: Stubber, code: str) -> None:
    sesv2.add_client_error("send_email", code)

    with pytest.raises(NotSent, match=f"^{code}$"):
        SesSender(mail_from=HOUSE).send(ADDRESS, TEXT)


def test_an_sms_to_a_provider_that_does_not_answer_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_off(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://sns.example")

    monkeypatch.setattr(client("sns"), "publish", break_off)

    with pytest.raises(NotSent, match=r"^EndpointConnectionError$"):
        SnsSender(max_price_usd="0.50").send(NUMBER, TEXT)


@pytest.mark.parametrize("code", ["InvalidParameter", "Throttling"])
def test_a_failure_in_the_log_shows_nothing_of_what_aws_repeats(
    sns: Stubber, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logging("test", level="DEBUG")
    sns.add_client_error("publish", code, f"Invalid parameter: PhoneNumber Reason: {NUMBER} is not valid")

    try:
        SnsSender(max_price_usd="0.50").send(NUMBER, TEXT)
    except (Undeliverable, NotSent):
        logging.getLogger().exception("it broke")

    written = capsys.readouterr().err
    assert code in written
    assert NUMBER not in written


@pytest.mark.parametrize("form", ["json", "console"])
def test_what_aws_sends_is_not_in_the_log_at_any_level(form: Any, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("test", level="DEBUG", form=form)
    boto3.client("sesv2").create_email_identity(EmailIdentity=HOUSE)
    capsys.readouterr()

    SnsSender(max_price_usd="0.50").send(NUMBER, TEXT)
    SesSender(mail_from=HOUSE).send(ADDRESS, TEXT)

    written = capsys.readouterr().err
    assert "sent by SNS" in written
    assert not [secret for secret in (NUMBER, ADDRESS, "905217", TEXT.subject) if secret in written]


def test_without_a_sender_address_an_email_is_an_error_in_the_log_and_nobodys_address(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logging("test")

    NoMailSender().send(ADDRESS, TEXT)

    written = capsys.readouterr().err
    assert "no MAIL_FROM is set: e-mail is not sent" in written
    assert ADDRESS not in written
    assert "905217" not in written


@pytest.mark.parametrize(("to", "masked"), [(NUMBER, "***78"), (ADDRESS, "a***@example.com")])
def test_the_log_of_a_desk_shows_the_text_and_little_of_the_person(
    to: str, masked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logging("test")

    LogSender().send(to, TEXT)

    written = capsys.readouterr().err
    assert TEXT.body in written
    assert f'"{masked}"' in written
    assert to not in written
