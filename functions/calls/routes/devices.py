"""Devices: register, see, remove; and the history of their keys."""

from typing import Final

from fastapi import Request, Response

from functions.api.callers import CallsReader, CallsWriter
from functions.api.paging import CurrentPage, Page
from functions.api.problems import problems
from functions.calls.device_schemas import DeviceRequest, DevicesView, DeviceView, KeyLogEntryView
from functions.calls.parts import (
    DeviceId,
    TheContacts,
    TheDeviceNews,
    TheDevices,
    TheLimits,
    ThePushSubscriptions,
    UniqueId,
    person_of,
)
from functions.calls.routes.door import router
from functions.core.contacts.store import Contacts
from functions.core.devices.bundle import read_bundle
from functions.core.errors import Conflict, Invalid, NotFound
from functions.core.observability import log

BUNDLES_AN_HOUR: Final = 20


@router.put("/devices/{device_id}", responses=problems(Conflict, Invalid))
def put_device(
    request: Request,
    device_id: DeviceId,
    body: DeviceRequest,
    caller: CallsWriter,
    devices: TheDevices,
    news: TheDeviceNews,
    limits: TheLimits,
) -> DeviceView:
    """Register a device of mine, or renew its bundle; the same again changes nothing.

    The device has made its keys and its id itself. An id keeps its identity key, also after the device was removed.
    You may have 5 devices.
    """
    me = person_of(caller)
    limits.check_exact(request, "device-bundles", me.user_id, calls=BUNDLES_AN_HOUR, seconds=3600)
    bundle = body.bundle.model_dump()
    keys = read_bundle(bundle)
    if (keys.unique_id, keys.device_id) != (me.unique_id, device_id):
        raise Invalid("The bundle is of another person or another device.", code="bad-bundle")
    stored = devices.put(keys, bundle)
    if stored.is_news:
        news.tell(me)
        log.info("device registered", user_id=me.user_id, device_id=device_id)
    return DeviceView.of(stored.device)


@router.delete("/devices/{device_id}", status_code=204, responses=problems(NotFound, Conflict), response_class=Response)
def remove_device(
    device_id: DeviceId,
    caller: CallsWriter,
    devices: TheDevices,
    subscriptions: ThePushSubscriptions,
    news: TheDeviceNews,
) -> None:
    """Remove a device of mine: its connections are closed, and no call is sealed for it any more."""
    me = person_of(caller)
    devices.remove(me.unique_id, device_id)
    subscriptions.remove_if_there(me.unique_id, device_id)
    news.end(me, device_id)
    news.tell(me)
    log.info("device removed", user_id=me.user_id, device_id=device_id)


@router.get("/devices")
def list_my_devices(caller: CallsReader, devices: TheDevices) -> DevicesView:
    """List my devices, with their bundles."""
    return DevicesView.of(devices.all_of(person_of(caller).unique_id))


@router.get("/users/{unique_id}/devices", responses=problems(NotFound, Invalid))
def list_devices(unique_id: UniqueId, caller: CallsReader, devices: TheDevices, contacts: TheContacts) -> DevicesView:
    """List the devices of a confirmed contact, or mine, with the bundles that calls are sealed with."""
    _need_to_know(person_of(caller).unique_id, unique_id, contacts)
    return DevicesView.of(devices.all_of(unique_id))


@router.get("/users/{unique_id}/key-log", responses=problems(NotFound, Invalid))
def list_key_log(
    unique_id: UniqueId, caller: CallsReader, devices: TheDevices, contacts: TheContacts, paging: CurrentPage
) -> Page[KeyLogEntryView]:
    """List how the keys of a confirmed contact, or mine, have changed, newest first.

    Each entry names the one before by its hash: whoever has kept an entry notices when history is told otherwise.
    """
    _need_to_know(person_of(caller).unique_id, unique_id, contacts)
    return paging.found(
        f"key log of {unique_id}",
        lambda before, limit: devices.history_of(unique_id, before=before, limit=limit),
        lambda found: [KeyLogEntryView.of(one) for one in found],
    )


def _need_to_know(me: str, unique_id: str, contacts: Contacts) -> None:
    """Go on only with oneself and with confirmed contacts; raises NotFound, the same for all others."""
    if unique_id != me and contacts.confirmed(me, unique_id) is None:
        raise NotFound("There is no such contact.")
