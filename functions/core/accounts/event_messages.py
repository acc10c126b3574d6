"""Messages handed over through EventBridge, which starts the door `messages` with each."""

from typing import Final

from functions.core.accounts.messages import Message
from functions.core.errors import Unavailable
from functions.core.events import EventBus
from functions.core.observability import log

SOURCE: Final = "parley.accounts"
DETAIL_TYPE: Final = "Message"


class EventBridgeMessages:
    """The real ones. Neither a message nor what AWS says of one is ever logged."""

    def __init__(self, *, installation: str = "") -> None:
        self._bus = EventBus(SOURCE, installation=installation)

    def send(self, message: Message) -> None:
        """Hand a message over; raises Unavailable."""
        failure = self._bus.put(DETAIL_TYPE, message.to_json())
        if failure is not None:
            log.error("a message could not be handed over", message_id=message.id, code=failure)
            raise Unavailable("The message could not be handed over; try again.")
