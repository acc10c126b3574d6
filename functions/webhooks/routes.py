"""Webhooks: make, see, change and remove them, and see what they were told."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from functions.api.callers import WebhooksReader, WebhooksWriter
from functions.api.paging import CurrentPage, Page
from functions.api.problems import problems
from functions.api.repeats import IdempotencyKey
from functions.api.services import service
from functions.core.clock import Clock
from functions.core.errors import Conflict, Invalid, NotFound
from functions.core.ids import new_id
from functions.core.observability import log
from functions.core.webhooks.addresses import Policy, target_of
from functions.core.webhooks.changing import Wish, changed
from functions.core.webhooks.model import DeliveryStatus, Endpoint
from functions.core.webhooks.outbox import Outbox
from functions.core.webhooks.registry import Registry
from functions.core.webhooks.signing import OVERLAP
from functions.core.webhooks.store import Deliveries, Webhooks
from functions.webhooks.schemas import (
    DeliveryDetails,
    DeliveryView,
    NewSecret,
    NewWebhook,
    WebhookChange,
    WebhookRequest,
    WebhookView,
)

router = APIRouter(prefix="/v1", tags=["webhooks"])

TheClock = Annotated[Clock, Depends(service(Clock))]
TheDeliveries = Annotated[Deliveries, Depends(service(Deliveries))]
TheOutbox = Annotated[Outbox, Depends(service(Outbox))]
ThePolicy = Annotated[Policy, Depends(service(Policy))]
TheRegistry = Annotated[Registry, Depends(service(Registry))]
TheWebhooks = Annotated[Webhooks, Depends(service(Webhooks))]
WebhookId = Annotated[str, Path(max_length=64, description="`whk_...`")]
DeliveryId = Annotated[str, Path(max_length=64, description="`dlv_...`")]


@router.post("/webhooks", status_code=201, responses=problems(Conflict, Invalid))
def make_webhook(
    request: WebhookRequest,
    caller: WebhooksWriter,
    registry: TheRegistry,
    policy: ThePolicy,
    clock: TheClock,
    idempotency_key: IdempotencyKey = None,
) -> NewWebhook:
    """Have what happens to my recordings and jobs sent to an address of mine, as it happens.

    Messages are signed as [Standard Webhooks](https://www.standardwebhooks.com) says: verify them with one of its
    libraries and the `secret` of this answer, which is never shown again. A message that is not taken with a 2xx is
    sent again for three days. You may have 10 webhooks.
    """
    target_of(request.url, policy)
    webhook = Endpoint(
        id=new_id("webhook"),
        url=request.url,
        created_at=clock(),
        description=request.description,
        events=request.chosen(),
    )
    made = registry.add(webhook, owner_id=caller.user_id, idempotency_key=idempotency_key)
    log.info("webhook made", webhook_id=made.webhook.id)
    return NewWebhook(**WebhookView.of(made.webhook).model_dump(), secret=made.secrets.newest)


@router.get("/webhooks")
def list_webhooks(caller: WebhooksReader, webhooks: TheWebhooks) -> Page[WebhookView]:
    """List my webhooks, newest first: all of them."""
    return Page(items=[WebhookView.of(one) for one in reversed(webhooks.of(caller.user_id).endpoints)])


@router.get("/webhooks/{webhook_id}", responses=problems(NotFound))
def read_webhook(webhook_id: WebhookId, caller: WebhooksReader, webhooks: TheWebhooks) -> WebhookView:
    """Read a webhook and how it is doing."""
    return WebhookView.of(webhooks.of(caller.user_id).get(webhook_id))


@router.patch("/webhooks/{webhook_id}", responses=problems(NotFound, Conflict, Invalid))
def change_webhook(
    webhook_id: WebhookId,
    request: WebhookChange,
    caller: WebhooksWriter,
    webhooks: TheWebhooks,
    policy: ThePolicy,
    clock: TheClock,
) -> WebhookView:
    """Change where a webhook's messages go, or which; disable it, or enable it again with `active`.

    While it is disabled nothing is sent, and what happens meanwhile is not sent later.
    """
    if request.url:
        target_of(request.url, policy)
    wish = Wish(
        url=request.url or None, events=request.chosen(), description=request.description, active=request.active
    )
    endpoints = webhooks.of(caller.user_id)
    webhook = webhooks.change(endpoints, webhook_id, lambda fresh: changed(fresh, wish, clock()))
    log.info("webhook changed", webhook_id=webhook_id)
    return WebhookView.of(webhook)


@router.delete("/webhooks/{webhook_id}", status_code=204, responses=problems(NotFound), response_class=Response)
def remove_webhook(webhook_id: WebhookId, caller: WebhooksWriter, webhooks: TheWebhooks) -> None:
    """Remove a webhook: nothing more is sent to it, and its secret signs nothing more."""
    webhooks.remove(caller.user_id, webhook_id)
    log.info("webhook removed", webhook_id=webhook_id)


@router.post("/webhooks/{webhook_id}/rotate", responses=problems(NotFound, Conflict, Invalid))
def rotate_secret(
    webhook_id: WebhookId,
    caller: WebhooksWriter,
    registry: TheRegistry,
    idempotency_key: IdempotencyKey = None,
) -> NewSecret:
    """Give a webhook a new secret. For a day messages are signed with the former one, too, so none is refused."""
    secrets = registry.rotate(webhook_id, owner_id=caller.user_id, idempotency_key=idempotency_key)
    log.info("webhook's secret replaced", webhook_id=webhook_id)
    return NewSecret(id=webhook_id, secret=secrets.newest, former_until=secrets.replaced_at[0] + OVERLAP)


@router.post("/webhooks/{webhook_id}/test", status_code=202, responses=problems(NotFound, Conflict, Invalid))
def send_test_message(
    webhook_id: WebhookId,
    caller: WebhooksWriter,
    webhooks: TheWebhooks,
    outbox: TheOutbox,
    idempotency_key: IdempotencyKey = None,
) -> DeliveryView:
    """Send a `webhook.test` message to a webhook, once: it is not tried again."""
    webhook = webhooks.of(caller.user_id).get(webhook_id)
    return DeliveryView.of(outbox.test(webhook, caller.user_id, idempotency_key=idempotency_key))


@router.get("/webhooks/{webhook_id}/deliveries", responses=problems(NotFound, Invalid))
def list_deliveries(
    webhook_id: WebhookId,
    caller: WebhooksReader,
    webhooks: TheWebhooks,
    deliveries: TheDeliveries,
    paging: CurrentPage,
    status: Annotated[DeliveryStatus | None, Query(description="Only those; a page may then hold few, or none")] = None,
) -> Page[DeliveryView]:
    """List what was sent to a webhook in the last 30 days, newest first."""
    webhooks.of(caller.user_id).get(webhook_id)
    list_name = f"deliveries of {webhook_id} {status or ''}"
    found = deliveries.look(webhook_id, before=paging.position(list_name), limit=paging.limit, status=status)
    return paging.answer(list_name, [DeliveryView.of(one) for one in found.things], following=found.following)


@router.get("/webhooks/{webhook_id}/deliveries/{delivery_id}", responses=problems(NotFound))
def read_delivery(
    webhook_id: WebhookId,
    delivery_id: DeliveryId,
    caller: WebhooksReader,
    webhooks: TheWebhooks,
    deliveries: TheDeliveries,
) -> DeliveryDetails:
    """Read what was sent, and how the receiver's last answer began."""
    webhooks.of(caller.user_id).get(webhook_id)
    return DeliveryDetails.of(deliveries.get_of(webhook_id, delivery_id))


@router.post(
    "/webhooks/{webhook_id}/deliveries/{delivery_id}/replay",
    status_code=202,
    responses=problems(NotFound, Conflict),
)
def replay_delivery(
    webhook_id: WebhookId,
    delivery_id: DeliveryId,
    caller: WebhooksWriter,
    webhooks: TheWebhooks,
    deliveries: TheDeliveries,
    outbox: TheOutbox,
) -> DeliveryView:
    """Send a message once more, now, under its old id; where it is not taken it is tried again as at first."""
    webhook = webhooks.of(caller.user_id).get(webhook_id)
    replayed = outbox.replay(webhook, deliveries.get_of(webhook_id, delivery_id))
    log.info("delivery replayed", webhook_id=webhook_id, delivery_id=delivery_id)
    return DeliveryView.of(replayed)
