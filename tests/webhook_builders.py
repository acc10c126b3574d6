"""Webhooks that are valid by default; a test names only what it is about."""

from typing import Any

from functions.core.ids import new_id
from functions.core.webhooks.model import KEPT_FOR, Delivery, Endpoint
from tests.builders import NOON

URL = "https://example.com/parley"


def a_webhook(**changes: Any) -> Endpoint:
    defaults: dict[str, Any] = {"id": new_id("webhook"), "url": URL, "created_at": NOON}
    return Endpoint(**defaults | changes)


def a_delivery(**changes: Any) -> Delivery:
    defaults: dict[str, Any] = {
        "id": new_id("webhook").replace("whk", "dlv"),
        "owner_id": "usr_anna",
        "webhook_id": "whk_1",
        "message_id": "msg_1",
        "type": "recording.ready",
        "payload": '{"type":"recording.ready","timestamp":"2026-11-21T12:00:00+00:00","data":{"id":"rec_1"}}',
        "created_at": NOON,
        "due_at": NOON,
        "until": NOON + KEPT_FOR,
    }
    return Delivery(**defaults | changes)
