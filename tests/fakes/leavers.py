"""Remembers who is leaving."""


class FakeLeavers:
    def __init__(self) -> None:
        self.announced: list[str] = []

    def announce(self, user_id: str) -> None:
        self.announced.append(user_id)
