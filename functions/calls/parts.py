"""What the routes of this door are given, and what several of them do."""

from typing import Annotated, Final

from fastapi import Depends, Path, Query, Request

from functions.api.limits import RateLimits, remember
from functions.api.services import service
from functions.core.accounts.model import Caller
from functions.core.calls.store import Calls
from functions.core.clock import Clock
from functions.core.contacts.model import Person
from functions.core.contacts.news import ContactNews
from functions.core.contacts.sign_in import SignIns
from functions.core.contacts.store import Contacts
from functions.core.devices.news import DeviceNews
from functions.core.devices.store import Devices
from functions.core.errors import Refused, TooMany
from functions.core.ice.model import IceServers
from functions.core.limits.model import Limit, Limiter
from functions.core.realtime.store import Tickets
from functions.core.settings import Realtime
from functions.core.web_push.store import PushSubscriptions
from functions.core.web_push.vapid import Vapid

TheCalls = Annotated[Calls, Depends(service(Calls))]
TheClock = Annotated[Clock, Depends(service(Clock))]
TheContactNews = Annotated[ContactNews, Depends(service(ContactNews))]
TheContacts = Annotated[Contacts, Depends(service(Contacts))]
TheDeviceNews = Annotated[DeviceNews, Depends(service(DeviceNews))]
TheDevices = Annotated[Devices, Depends(service(Devices))]
TheIceServers = Annotated[IceServers, Depends(service(IceServers))]
TheLimiter = Annotated[Limiter, Depends(service(Limiter))]
TheLimits = Annotated[RateLimits, Depends(service(RateLimits))]
ThePushSubscriptions = Annotated[PushSubscriptions, Depends(service(PushSubscriptions))]
TheRealtime = Annotated[Realtime, Depends(service(Realtime))]
TheSignIns = Annotated[SignIns, Depends(service(SignIns))]
TheTickets = Annotated[Tickets, Depends(service(Tickets))]
TheVapid = Annotated[Vapid | None, Depends(service(Vapid))]

UNIQUE_ID: Final = "^[0-9]{8}$"
DEVICE_ID: Final = "^dev_[0-9A-HJKMNP-TV-Z]{26}$"

UniqueId = Annotated[str, Path(pattern=UNIQUE_ID, description="The other one's number", examples=["12345678"])]
DeviceId = Annotated[str, Path(pattern=DEVICE_ID, description="`dev_...`, as the device has named itself")]
IncludeSecret = Annotated[
    bool, Query(description="With secret contacts; only for a session whose sign-in was less than 15 minutes ago")
]

CALLS_A_MINUTE: Final = 30


def person_of(caller: Caller) -> Person:
    """Return who is calling as others know them; raises Refused."""
    if not caller.unique_id:
        raise Refused("An operator key has no number: nobody can be its contact.", code="people-only")
    return Person(unique_id=caller.unique_id, user_id=caller.user_id)


def count_by_minute(request: Request, limiter: Limiter, clock: Clock, *, name: str, key: str) -> None:
    """Count what a person does at most CALLS_A_MINUTE times a minute; raises TooMany."""
    verdict = limiter.take(Limit(name=name, calls=CALLS_A_MINUTE, seconds=60), key, now=clock())
    remember(request, verdict)
    if not verdict.is_allowed:
        seconds = verdict.seconds_to_wait
        raise TooMany(f"Too many requests; try again in {seconds} s.", retry_after=seconds)
