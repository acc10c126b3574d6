"""What it takes to be connected: a ticket, ICE servers, and push subscriptions for when one is not."""

from fastapi import Request, Response

from functions.api.callers import Authenticated, CallsReader, CallsWriter
from functions.api.problems import problems
from functions.calls.parts import (
    DeviceId,
    TheClock,
    TheDevices,
    TheIceServers,
    TheLimiter,
    ThePushSubscriptions,
    TheRealtime,
    TheTickets,
    TheVapid,
    count_by_minute,
    person_of,
)
from functions.calls.routes.door import router
from functions.calls.schemas import (
    IceServersView,
    PushKey,
    PushRequest,
    PushView,
    TicketRequest,
    TicketView,
)
from functions.core.accounts.model import Scope
from functions.core.errors import Conflict, Invalid, NotFound, Unavailable
from functions.core.observability import log
from functions.core.realtime.model import TICKET_LIFE
from functions.core.web_push.model import Subscription
from functions.core.webhooks.addresses import Policy, target_of


@router.post("/realtime/ticket", status_code=201, responses=problems(NotFound, Invalid))
def make_ticket(
    caller: Authenticated,
    tickets: TheTickets,
    devices: TheDevices,
    realtime: TheRealtime,
    body: TicketRequest | None = None,
) -> TicketView:
    """Get what opens one WebSocket, within half a minute; the connection says what happens to what is mine.

    With a `device_id` it may also take part in calls; that needs the scope `calls:write`.
    """
    device_id = None if body is None else body.device_id
    if device_id is not None:
        caller.need(Scope.CALLS_WRITE)
        devices.get(person_of(caller).unique_id, device_id)
    ticket = tickets.issue(caller, device_id=device_id)
    return TicketView(ticket=ticket, expires_in=int(TICKET_LIFE.total_seconds()), url=realtime.realtime_url)


@router.get("/ice-servers", responses=problems(Unavailable), response_model_exclude_none=True)
def list_ice_servers(
    request: Request, caller: CallsReader, ice_servers: TheIceServers, limiter: TheLimiter, clock: TheClock
) -> IceServersView:
    """Get STUN and TURN servers for a call, with credentials for a while. 30 times a minute."""
    me = person_of(caller)
    count_by_minute(request, limiter, clock, name="ice-servers", key=me.user_id)
    return IceServersView.of(ice_servers.for_user(me.user_id))


@router.get("/push-key", responses=problems(NotFound))
def read_push_key(_caller: CallsReader, vapid: TheVapid) -> PushKey:
    """Read the key that a browser subscribes with (`applicationServerKey`)."""
    if vapid is None:
        raise NotFound("No browser is woken by this installation.", code="no-push")
    return PushKey(public_key=vapid.public_key)


@router.put("/push-subscriptions/{device_id}", responses=problems(NotFound, Conflict, Invalid))
def put_push_subscription(
    device_id: DeviceId,
    body: PushRequest,
    caller: CallsWriter,
    devices: TheDevices,
    subscriptions: ThePushSubscriptions,
    vapid: TheVapid,
    clock: TheClock,
) -> PushView:
    """Have one of my devices woken when I am called and am not connected.

    The message says nothing at all: the service worker asks `GET /v1/calls?status=ringing`.
    """
    me = person_of(caller)
    if vapid is None:
        raise Conflict("No browser is woken by this installation.", code="no-push")
    # Nobody sends to a network of the house: only to public addresses, and they are judged again at each message.
    target_of(body.endpoint, Policy())
    devices.get(me.unique_id, device_id)
    subscription = Subscription(
        device_id=device_id, endpoint=body.endpoint, created_at=clock(), expires_at=body.expiration
    )
    subscriptions.put(me.unique_id, subscription)
    log.info("push subscribed", user_id=me.user_id, device_id=device_id)
    return PushView.of(subscription)


@router.delete(
    "/push-subscriptions/{device_id}",
    status_code=204,
    responses=problems(NotFound, Conflict),
    response_class=Response,
)
def remove_push_subscription(device_id: DeviceId, caller: CallsWriter, subscriptions: ThePushSubscriptions) -> None:
    """Let a device sleep."""
    subscriptions.remove(person_of(caller).unique_id, device_id)
