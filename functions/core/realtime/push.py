"""Says things to people's open connections, and forgets connections that are gone.

Nothing waits for it and nothing depends on it: what was missed is read where it is kept. So a failure is logged.
"""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

from functions.core.accounts.open_credentials import OpenCredentials
from functions.core.observability import log
from functions.core.realtime.model import Connection, Notice
from functions.core.realtime.posts import ConnectionGone, NotPosted, Posts
from functions.core.realtime.store import Connections

AT_ONCE: Final = 10


class Push:
    """Reaches people where they are connected."""

    def __init__(self, connections: Connections, posts: Posts, credentials: OpenCredentials) -> None:
        self._connections = connections
        self._posts = posts
        self._credentials = credentials

    def send(self, notices: Sequence[Notice]) -> list[int]:
        """Say each notice to whom it is for, in its order for each connection; returns how many heard each.

        Two reads for all of them together, and one where nobody is connected.
        """
        present = self._connections.of({notice.user_id for notice in notices})
        if not present:
            return [0] * len(notices)
        present = self._without_closed(present)
        everyone = [one for connections in present.values() for one in connections]
        letters = {
            one.id: [(number, notice) for number, notice in enumerate(notices) if _is_addressed(notice, one)]
            for one in everyone
        }
        heard = [0] * len(notices)
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            for numbers in pool.map(lambda one: self._say(one, letters[one.id]), everyone):
                for number in numbers:
                    heard[number] += 1
        return heard

    def close(self, connections: Sequence[Connection]) -> None:
        """End connections that are not in the registry any more."""
        for one in connections:
            with suppress(NotPosted):
                self._posts.close(one.id)

    def _say(self, connection: Connection, letters: Sequence[tuple[int, Notice]]) -> list[int]:
        heard = []
        try:
            for number, notice in letters:
                self._posts.post(connection.id, written(notice.event))
                heard.append(number)
        except ConnectionGone:
            self._connections.lost(connection)
        except NotPosted as error:
            log.warning("a connection could not be told", reason=str(error))
        return heard

    def _without_closed(self, present: dict[str, tuple[Connection, ...]]) -> dict[str, tuple[Connection, ...]]:
        """Leave out, and close, connections of those who are signed out or may not come in any more."""
        shown = {(one.user_id, one.credential) for connections in present.values() for one in connections}
        still_open = self._credentials.open_of(shown)
        kept: dict[str, tuple[Connection, ...]] = {}
        for user_id, connections in present.items():
            closed = [one for one in connections if (user_id, one.credential) not in still_open]
            if closed:
                self._connections.forget(user_id, [one.id for one in closed])
                self.close(closed)
            kept[user_id] = tuple(one for one in connections if one not in closed)
        return kept


def written(event: dict[str, object]) -> bytes:
    """Return an event as it goes over the wire."""
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


def _is_addressed(notice: Notice, connection: Connection) -> bool:
    return notice.user_id == connection.user_id and notice.is_for(connection)
