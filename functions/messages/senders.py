"""Who brings a text to somebody: SNS by SMS, SES by email, and on a developer's desk the log.

What AWS says of a failure repeats the number or the address; of all that only the code of the error leaves here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from functions.core.aws import client
from functions.core.observability import log
from functions.messages.words import Text

# A number that opted out, or that the sandbox doesn't know, is mostly taken all the same, and never gets anything.
# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
_REFUSED_BY_SNS: Final = frozenset({"InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid", "OptedOut"})
# Also what the sandbox says of an address that is not verified.
# https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
_REFUSED_BY_SES: Final = frozenset({"MessageRejected", "BadRequestException"})


class Undeliverable(Exception):
    """The provider refuses this message for good; says AWS's code, and nothing about anybody."""


class NotSent(Exception):
    """The provider took nothing this time; says AWS's code, and nothing about anybody."""


class Sender(Protocol):
    """Brings a text to somebody."""

    def send(self, to: str, text: Text) -> None:
        """Send `text`.

        Raises:
            Undeliverable: trying again would not help.
            NotSent: it may work later.
        """
        ...


class SnsSender:
    """By SMS."""

    def __init__(self, *, max_price_usd: str) -> None:
        self._max_price_usd = max_price_usd

    def send(self, to: str, text: Text) -> None:
        """Send the body to an E.164 number."""
        with _only_the_code(refusals=_REFUSED_BY_SNS):
            sent = client("sns").publish(
                PhoneNumber=to,
                Message=text.body,
                MessageAttributes={
                    # Transactional: reliable before cheap.
                    "AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"},
                    "AWS.SNS.SMS.MaxPrice": {"DataType": "Number", "StringValue": self._max_price_usd},
                },
            )
        log.info("sent by SNS", provider_id=sent["MessageId"])


class SesSender:
    """By email."""

    def __init__(self, *, mail_from: str) -> None:
        self._mail_from = mail_from

    def send(self, to: str, text: Text) -> None:
        """Send to an address."""
        with _only_the_code(refusals=_REFUSED_BY_SES):
            sent = client("sesv2").send_email(
                FromEmailAddress=self._mail_from,
                Destination={"ToAddresses": [to]},
                Content={
                    "Simple": {
                        "Subject": {"Data": text.subject, "Charset": "UTF-8"},
                        "Body": {"Text": {"Data": text.body, "Charset": "UTF-8"}},
                    }
                },
            )
        log.info("sent by SES", provider_id=sent["MessageId"])


class NoMailSender:
    """In place of SES where there is nobody to send from."""

    def send(self, to: str, text: Text) -> None:  # noqa: ARG002 (neither is logged)
        """Say that nothing is sent."""
        log.error("no MAIL_FROM is set: e-mail is not sent")


class LogSender:
    """Writes texts, codes among them, to the log: on a desk that is where a developer looks."""

    def send(self, to: str, text: Text) -> None:
        """Log the body."""
        log.info("message", to=_masked(to), text=text.body)


@contextmanager
def _only_the_code(*, refusals: frozenset[str]) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise (Undeliverable if code in refusals else NotSent)(code) from None
    except BotoCoreError as error:
        raise NotSent(type(error).__name__) from None


def _masked(to: str) -> str:
    name, at, domain = to.rpartition("@")
    return f"{name[:1]}***@{domain}" if at else f"***{to[-2:]}"
