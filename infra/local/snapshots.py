"""Keeps the emulator's state: which services, when, and how without holding up its loop.

ministack itself saves on a clean shutdown only. Its own loading at the start reads what is written here.
"""

import asyncio
import json
import time
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any, Final

from ministack.core import persistence
from ministack.services import dynamodb, eventbridge, iam, s3, sqs, sts

from infra.local.stream_state import StreamState

_DELAY: Final = 0.2
"""Seconds from a change to its snapshot: one answer to a whole request's writes."""

_DUTY: Final = 0.1
"""Part of the time that may go into snapshots, however large the state."""

_TRIES: Final = 3

_STREAMS: Final = "parley_streams"
"""Changes that are yet to be followed up."""

_SESSIONS: Final = "parley_sessions"
"""Credentials handed out: with them, uploads signed before a restart go on after it."""

_READING: Final = ("Get", "List", "Describe", "Query", "Scan", "BatchGet", "TransactGet", "Receive")


class Snapshots:
    """Writes state after changes, on one thread at a time."""

    def __init__(self, streams: StreamState) -> None:
        self._streams = streams
        self._changed: set[str] = set()
        self._running: asyncio.Task[None] | None = None
        self._written: dict[str, str] = {}

    def notice(self, scope: MutableMapping[str, Any]) -> None:
        """Plan a snapshot if a request may have changed something."""
        headers = dict(scope["headers"])
        operation = headers.get(b"x-amz-target", b"").decode("latin-1").rpartition(".")[2]
        if scope["method"] in {"GET", "HEAD", "OPTIONS"} or operation.startswith(_READING):
            return
        is_table = headers.get(b"x-amz-target", b"").startswith(b"DynamoDB")
        # An upload changes queues too, and roles are a few kilobytes: all but tables go together.
        self._changed |= {"dynamodb"} if is_table else {"others"}
        if self._running is None:
            self._running = asyncio.create_task(self._run())

    async def finish(self) -> None:
        """Write everything before the end."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        # Twice: now it is known which changes were followed up before the first one.
        for _ in range(2):
            self._changed = {"dynamodb", "others"}
            await self._write()

    def restore(self) -> None:
        """Bring back what ministack does not keep: credentials that were handed out, and streams."""
        sts._sessions.update(persistence.load_state(_SESSIONS) or {})  # noqa: SLF001
        self._streams.restore(persistence.load_state(_STREAMS))

    async def _run(self) -> None:
        try:
            await asyncio.sleep(_DELAY)
            while self._changed:
                began = time.perf_counter()
                await self._write()
                await asyncio.sleep(max(_DELAY, (time.perf_counter() - began) / _DUTY))
        finally:
            self._running = None

    async def _write(self) -> None:
        changed, self._changed = self._changed, set()
        # On the loop, where requests are served: no request is half in it.
        states = dict(self._states(changed))
        await asyncio.shield(asyncio.to_thread(self._save, states))

    def _states(self, changed: set[str]) -> Iterator[tuple[str, Any]]:
        if "dynamodb" in changed:
            # The changes first: one that is followed up in vain does less harm than one that is forgotten.
            yield _STREAMS, self._streams.unfinished()
            yield "dynamodb", _tables()
        if "others" in changed:
            for name, module in {"eventbridge": eventbridge, "iam": iam, "s3": s3, "sqs": sqs}.items():
                yield name, module.get_state()
            yield _SESSIONS, dict(sts._sessions)  # noqa: SLF001

    def _save(self, states: dict[str, Any]) -> None:
        for service, state in states.items():
            text = _serialised(state)
            if text is not None and text != self._written.get(service):
                _replace(service, text)
                self._written[service] = text if len(text) < 1_000_000 else ""


def _tables() -> dict[str, Any]:
    # As dynamodb.get_state, but 2 ms instead of 150 for 5,000 documents: a put replaces a document, so that the
    # documents themselves need no copy.
    state: dict[str, Any] = {}
    stores = {
        "tables": dynamodb._tables,  # noqa: SLF001
        "tags": dynamodb._tags,  # noqa: SLF001
        "ttl_settings": dynamodb._ttl_settings,  # noqa: SLF001
        "pitr_settings": dynamodb._pitr_settings,  # noqa: SLF001
    }
    for name, store in stores.items():
        state[name] = type(store)()
        for (account, region, key), value in store.all_items():
            copied = value
            if name == "tables":
                copied = {k: v for k, v in value.items() if k != dynamodb._INDEX_MEMBERS}  # noqa: SLF001
                copied["items"] = {pk: dict(rows) for pk, rows in value["items"].items()}
            state[name].set_scoped(account, region, key, copied)
    return state


def _serialised(state: Any) -> str | None:
    for _ in range(_TRIES):
        try:
            return json.dumps(state, default=persistence._json_default)  # noqa: SLF001
        except RuntimeError:
            # Something was changed in place meanwhile.
            continue
    return None


def _replace(service: str, text: str) -> None:
    # The file that persistence.load_state reads; its own save_state is four times slower (json.dump is Python).
    version = persistence._state_format_version(service)  # noqa: SLF001
    path = Path(persistence.STATE_DIR) / f"{service}.json"
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(f'{{"__ministack_format__": {version}, "payload": {text}}}')
    unfinished.replace(path)
