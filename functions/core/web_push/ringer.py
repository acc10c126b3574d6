"""Rings browsers that are not open: a message without any content wakes them, and they ask us what there is.

So neither the push service nor a lock screen learns who calls, or that it is a call at all. RFC 8030, and 8292 for who
sends.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from functions.core.calls.people import Ringer, SilentRinger
from functions.core.clock import Clock
from functions.core.observability import log
from functions.core.table import Table
from functions.core.version import VERSION
from functions.core.web_push.model import Subscription
from functions.core.web_push.settings import WebPush
from functions.core.web_push.store import PushSubscriptions
from functions.core.web_push.vapid import Vapid, vapid_of
from functions.core.webhooks.addresses import Policy
from functions.core.webhooks.sending import HttpSender, NoAnswer, Sender

RING_SECONDS: Final = 45
GONE: Final = frozenset({404, 410})
"""RFC 8030 (7.3): the subscription has ended."""
PATIENCE_SECONDS: Final = 3.0
"""For the push service: the caller waits as long."""
HEADERS: Final = {
    "TTL": str(RING_SECONDS),
    "Urgency": "high",
    # The next message takes the place of one that was not delivered: nobody's phone rings for a call that is over.
    "Topic": "call",
    "Content-Type": "application/octet-stream",
    "User-Agent": f"Parley/{VERSION}",
}


class WebPushRinger:
    """The switchboard's ringer. What goes wrong here changes nothing: the call is where it was."""

    def __init__(self, subscriptions: PushSubscriptions, vapid: Vapid, sender: Sender) -> None:
        self._subscriptions = subscriptions
        self._vapid = vapid
        self._sender = sender

    def ring(self, unique_id: str, call_id: str) -> None:
        """Wake somebody's browsers: a call is there."""
        self._wake(unique_id, call_id)

    def stop(self, unique_id: str, call_id: str) -> None:
        """Wake them again: they find no call that rings, and put the notification away."""
        self._wake(unique_id, call_id)

    def _wake(self, unique_id: str, call_id: str) -> None:
        try:
            subscriptions = self._subscriptions.of(unique_id)
            if subscriptions:
                self._send(unique_id, subscriptions)
                log.info("browsers woken", call_id=call_id, browsers=len(subscriptions))
        except Exception:  # noqa: BLE001 (a call does not fail for a push that does)
            log.error("browsers could not be woken", call_id=call_id)

    def _send(self, unique_id: str, subscriptions: Sequence[Subscription]) -> None:
        with ThreadPoolExecutor(max_workers=len(subscriptions)) as pool:
            gone = [one for one in pool.map(self._is_gone, subscriptions) if one is not None]
        for endpoint in gone:
            self._subscriptions.forget_endpoint(unique_id, endpoint)

    def _is_gone(self, subscription: Subscription) -> str | None:
        """Send one message; returns the endpoint if there is nobody behind it any more."""
        endpoint = subscription.endpoint
        try:
            answer = self._sender.post(endpoint, {**HEADERS, "Authorization": self._vapid.authorization(endpoint)}, b"")
        except NoAnswer as error:
            log.warning("a push service could not be reached", reason=error.code)
            return None
        if answer.status not in range(200, 300) and answer.status not in GONE:
            log.warning("a push service refused", status=answer.status)
        return endpoint if answer.status in GONE else None


def ringer_of(settings: WebPush, presence: Table, *, clock: Clock) -> Ringer:
    """Return what rings browsers that are not open; without keys nothing does."""
    vapid = vapid_of(settings, clock=clock)
    if vapid is None:
        return SilentRinger()
    sender = HttpSender(Policy(), patience=PATIENCE_SECONDS)
    return WebPushRinger(PushSubscriptions(presence, clock=clock), vapid, sender)
