"""Open WebSocket connections in memory."""

import json
import threading
from typing import Any

from functions.core.realtime.posts import ConnectionGone, NotPosted


class FakePosts:
    def __init__(self) -> None:
        self.posts: list[tuple[str, dict[str, Any]]] = []
        """Who was told what, in order."""
        self.gone: set[str] = set()
        self.failing: set[str] = set()
        self.closed: list[str] = []
        self._lock = threading.Lock()

    def post(self, connection_id: str, data: bytes) -> None:
        if connection_id in self.gone:
            raise ConnectionGone
        if connection_id in self.failing:
            raise NotPosted("LimitExceededException")
        with self._lock:
            self.posts.append((connection_id, json.loads(data)))

    def close(self, connection_id: str) -> None:
        with self._lock:
            self.closed.append(connection_id)
            self.gone.add(connection_id)

    def told(self, connection_id: str) -> list[dict[str, Any]]:
        return [event for heard_by, event in self.posts if heard_by == connection_id]
