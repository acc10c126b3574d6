"""What EventBridge starts with each message that a door handed over; nothing else may send to people.

An event may come twice. Then its message is sent twice: the same code once more does no harm, and to remember each
message would cost more than it saves.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.core.accounts.messages import Channel, Message, Template
from functions.core.clock import utc_now
from functions.core.observability import log, set_up_logging
from functions.core.settings import Logging, Sending, Stage
from functions.messages.senders import LogSender, NoMailSender, Sender, SesSender, SnsSender, Undeliverable
from functions.messages.words import CODE_LIFE, Text, text_of


class Settings(Stage, Sending, Logging):
    """What this function is told."""


@dataclass(frozen=True, slots=True)
class _Letter:
    message: Message
    text: Text
    handed_over_at: datetime

    def is_over(self, now: datetime) -> bool:
        return self.message.template is Template.CODE and now - self.handed_over_at > CODE_LIFE


def senders_for(settings: Settings) -> dict[Channel, Sender]:
    """Return who sends by each channel.

    Raises:
        ValueError: codes would stand in the log of an installation that people use.
    """
    if settings.message_sender == "aws":
        mail = SesSender(mail_from=settings.mail_from) if settings.mail_from else NoMailSender()
        return {Channel.SMS: SnsSender(max_price_usd=settings.sms_max_price_usd), Channel.EMAIL: mail}
    if not settings.is_development:
        raise ValueError(
            f"MESSAGE_SENDER=log writes codes to the log: only a development stage may do that, not {settings.stage!r}."
        )
    return dict.fromkeys(Channel, LogSender())


settings = Settings()
set_up_logging("messages", level=settings.log_level, form=settings.log_format)
senders = senders_for(settings)


def handler(event: dict[str, Any], _context: object) -> None:
    """Send one message; an exception makes Lambda try again."""
    log.bind_request(str(event.get("id")))
    letter = _letter_in(event)
    if letter is None:
        log.error("a message could not be read")
        return
    if letter.is_over(utc_now()):
        log.warning("a code was over before it could be sent", message_id=letter.message.id)
        return
    _send(letter)


def _letter_in(event: dict[str, Any]) -> _Letter | None:
    # None instead of the error, whose sentence may quote a number or a code.
    try:
        message = Message.from_json(json.dumps(event["detail"]))
        return _Letter(message, text_of(message), datetime.fromisoformat(event["time"]))
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _send(letter: _Letter) -> None:
    try:
        senders[letter.message.channel].send(letter.message.to, letter.text)
    except Undeliverable as refusal:
        log.warning("a message was refused for good", message_id=letter.message.id, code=str(refusal))
