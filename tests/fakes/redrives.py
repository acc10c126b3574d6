"""Takes note of what an admin wants tried again."""

from functions.core.errors import Unavailable
from functions.core.redrives import DeadQueue


class FakeRedrives:
    def __init__(self) -> None:
        self.asked: list[DeadQueue] = []
        self.is_there = True

    def ask(self, queue: DeadQueue) -> None:
        if not self.is_there:
            raise Unavailable("This could not be handed over; try again.")
        self.asked.append(queue)
