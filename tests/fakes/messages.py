"""Keeps messages instead of handing them over. `tests/contracts/test_messages.py` holds it and EventBridge alike."""

from functions.core.accounts.messages import Message, Template


class FakeMessages:
    def __init__(self) -> None:
        self.sent: list[Message] = []

    def send(self, message: Message) -> None:
        self.sent.append(message)

    def code_for(self, to: str) -> str:
        """Return the newest code that somebody was sent."""
        return [one.facts["code"] for one in self.sent if one.to == to and one.template is Template.CODE][-1]
