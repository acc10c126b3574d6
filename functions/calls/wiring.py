"""What this door is made of."""

from dataclasses import dataclass

from functions.core.accounts.open_credentials import OpenCredentials
from functions.core.calls.recording import CallRecordings
from functions.core.calls.store import Calls
from functions.core.clock import Clock
from functions.core.contacts.news import ContactNews
from functions.core.contacts.people import People
from functions.core.contacts.sign_in import SignIns
from functions.core.contacts.store import Contacts
from functions.core.devices.news import DeviceNews
from functions.core.devices.store import Devices
from functions.core.ice.model import IceServers
from functions.core.jobs.allowed_models import AllowedModels
from functions.core.jobs.queue import Queues
from functions.core.jobs.store import Jobs
from functions.core.keys.ring import KeyRing
from functions.core.limits.model import Limiter
from functions.core.presets.store import Presets
from functions.core.presets.wishes import Wishes
from functions.core.realtime.posts import Posts
from functions.core.realtime.push import Push
from functions.core.realtime.store import Connections, Tickets
from functions.core.recordings.joining import Joining
from functions.core.recordings.media import Media
from functions.core.recordings.store import Recordings
from functions.core.settings import Keeping, Models, Realtime, Uploads
from functions.core.table import Table
from functions.core.web_push.store import PushSubscriptions
from functions.core.web_push.vapid import Vapid


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """What this door reaches beside its tables."""

    ring: KeyRing
    limiter: Limiter
    posts: Posts
    ice_servers: IceServers
    vapid: Vapid | None
    realtime: Realtime


def call_services(
    presence: Table, accounts_table: Table, neighbours: Neighbours, *, clock: Clock
) -> dict[type, object]:
    """Return what the routes may ask for, save what recordings of calls need."""
    connections = Connections(presence, clock=clock)
    push = Push(connections, neighbours.posts, OpenCredentials(accounts_table, clock=clock))
    contacts = Contacts(presence, neighbours.ring, People(accounts_table), clock=clock)
    return {
        Calls: Calls(presence, clock=clock),
        Clock: clock,
        ContactNews: ContactNews(push),
        Contacts: contacts,
        DeviceNews: DeviceNews(contacts, connections, push),
        Devices: Devices(presence, clock=clock),
        IceServers: neighbours.ice_servers,
        Limiter: neighbours.limiter,
        PushSubscriptions: PushSubscriptions(presence, clock=clock),
        Realtime: neighbours.realtime,
        SignIns: SignIns(accounts_table, clock=clock),
        Tickets: Tickets(presence, clock=clock),
        Vapid: neighbours.vapid,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """What recordings of calls are made with."""

    table: Table
    media: Media
    queues: Queues
    uploads: Uploads
    keeping: Keeping
    models: Models


def recording_services(library: Library, *, clock: Clock) -> dict[type, object]:
    """Return what the routes may ask for that record calls."""
    recordings, jobs = Recordings(library.table, clock=clock), Jobs(library.table, clock=clock)
    return {
        CallRecordings: CallRecordings(library.table, recordings=recordings, clock=clock),
        Joining: Joining(recordings=recordings, jobs=jobs, queues=library.queues, clock=clock),
        Keeping: library.keeping,
        Media: library.media,
        Uploads: library.uploads,
        Wishes: Wishes(Presets(library.table, clock=clock), AllowedModels(library.models.allowed_models)),
    }
