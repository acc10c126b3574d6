"""The whole house over fakes: every door in one app, no patching, no environment."""

from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache

from fastapi import FastAPI
from pydantic import SecretStr
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from functions.accounts.wiring import account_services
from functions.api.application import build_app
from functions.api.services import Service, Services
from functions.calls.wiring import Library, Neighbours, call_services, recording_services
from functions.core.accounts.callers import Callers
from functions.core.accounts.model import User
from functions.core.accounts.open_credentials import OpenCredentials
from functions.core.accounts.passwords import hash_password
from functions.core.accounts.sessions import Session, Sessions
from functions.core.accounts.store import Accounts
from functions.core.accounts.tokens import AccessTokens
from functions.core.batches.progress import BatchProgress
from functions.core.batches.store import Batches
from functions.core.calls.recording import CallRecordings
from functions.core.calls.store import Calls
from functions.core.changes import Reaction
from functions.core.clock import Clock, utc_now
from functions.core.ice.providers import ice_servers_of
from functions.core.ice.settings import IceSettings
from functions.core.jobs.followers import settle_followers
from functions.core.jobs.queue_depths import QueueDepths
from functions.core.jobs.results import Transcript, transcript_to_json
from functions.core.jobs.store import Jobs
from functions.core.jobs.worker_report import WorkerReports
from functions.core.keys.ring import KeyRing
from functions.core.locations.store import Locations
from functions.core.presets.store import Presets
from functions.core.realtime.push import Push
from functions.core.realtime.store import Connections
from functions.core.recordings.arrivals import Arrivals
from functions.core.recordings.correcting import Correcting
from functions.core.recordings.deletions import AnnouncingDeletions
from functions.core.recordings.duplicates import Duplicates
from functions.core.recordings.media import Media, result_key, source_key
from functions.core.recordings.model import Recording
from functions.core.recordings.multipart import MultipartUploads
from functions.core.recordings.removal import Removal
from functions.core.recordings.store import Recordings
from functions.core.redrives import Redrives
from functions.core.search.index import SearchIndex
from functions.core.search.manifest import Manifests
from functions.core.search.news import SearchNews
from functions.core.search.reading import PackReader
from functions.core.search.reconciling import Reconciler
from functions.core.search.search import Search
from functions.core.settings import Door, Keeping, Realtime, Registrations, Uploads
from functions.core.shares.links import Links
from functions.core.shares.store import Shares
from functions.core.stats.keeper import StatsKeeper
from functions.core.stats.store import Stats
from functions.core.web_push.vapid import Vapid
from functions.core.webhooks.addresses import Policy
from functions.core.webhooks.announcer import Announcer
from functions.core.webhooks.outbox import Outbox
from functions.core.webhooks.registry import Registry
from functions.core.webhooks.store import Deliveries, Webhooks
from functions.jobs.wiring import job_services
from functions.notify.live import LiveNews
from functions.openai.transcribing import Transcriber
from functions.openai.waiting import Patience
from functions.system.settings import SystemSettings
from functions.webhooks.wiring import webhook_services
from infra.doors import ROUTERS
from tests.builders import PASSWORD, a_recording, a_user
from tests.fakes.deletions import FakeDeletions
from tests.fakes.indexers import FakeIndexers
from tests.fakes.leavers import FakeLeavers
from tests.fakes.limiter import FakeLimiter
from tests.fakes.media import FakeMedia
from tests.fakes.messages import FakeMessages
from tests.fakes.posts import FakePosts
from tests.fakes.queues import FakeQueues
from tests.fakes.redrives import FakeRedrives
from tests.fakes.table import FakeTable
from tests.fakes.webhooks import FakeDeliveryQueue

WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(100)
SECRET = "a secret of more than thirty-two characters"
OPERATOR_KEY = "operator-key-one"
SETUP_CODE = "setup-code"
VAPID_PRIVATE_KEY = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"
MAX_UPLOAD_BYTES = 20 * 1024**3
PASSWORD_HASH = hash_password(PASSWORD)


class _Current(Services):
    """The services of the house that is being asked."""

    def get(self, kind: type[Service]) -> Service:
        return _ASKED.get().get(kind)


_ASKED: ContextVar[Services] = ContextVar("services of the house that is being asked")


@cache
def every_door() -> FastAPI:
    """One app of all doors for all houses: making its routes takes longer than most tests."""
    return build_app(*ROUTERS.values(), services=_Current({}))


class HouseApp:
    def __init__(self, services: Services) -> None:
        self.services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = _ASKED.set(self.services)
        try:
            await every_door()(scope, receive, send)
        finally:
            _ASKED.reset(asked)


@dataclass
class House:
    clock: Clock = utc_now
    accounts_table: FakeTable = field(default_factory=FakeTable)
    library_table: FakeTable = field(default_factory=FakeTable)
    presence_table: FakeTable = field(default_factory=FakeTable)
    media: FakeMedia = field(default_factory=FakeMedia)
    auth_calls_per_minute: int = 0
    requests_per_minute: int = 0
    keep_days: int = 0
    allowed_models: str = ""
    patience: Patience = field(default_factory=lambda: Patience(seconds=0))

    def __post_init__(self) -> None:
        self.queues = FakeQueues(self.clock)
        self.messages = FakeMessages()
        self.leavers = FakeLeavers()
        self.redrives = FakeRedrives()
        self.limiter = FakeLimiter()
        self.posts = FakePosts()
        self.push = Push(
            Connections(self.presence_table, clock=self.clock),
            self.posts,
            OpenCredentials(self.accounts_table, clock=self.clock),
        )
        self.delivery_queue = FakeDeliveryQueue(self.clock)
        self.recordings = Recordings(self.library_table, clock=self.clock)
        self.jobs = Jobs(self.library_table, clock=self.clock)
        self.locations = Locations(self.library_table, clock=self.clock)
        self.shares = Shares(self.library_table, clock=self.clock)
        self.call_recordings = CallRecordings(self.library_table, recordings=self.recordings, clock=self.clock)
        self.search_index = SearchIndex(self.library_table, self.media, clock=self.clock, wait=lambda _: None)
        self.removal = Removal(
            recordings=self.recordings,
            jobs=self.jobs,
            media=self.media,
            belongings=(Duplicates(self.library_table), self.shares, self.search_index, self.call_recordings),
            estates=(
                Stats(self.library_table),
                self.search_index,
                Webhooks(self.library_table, clock=self.clock),
                Batches(self.library_table, clock=self.clock),
                Presets(self.library_table, clock=self.clock),
            ),
        )
        self.deletions = FakeDeletions(self.removal)
        self.indexers = FakeIndexers(
            Reconciler(
                index=self.search_index,
                recordings=self.recordings,
                jobs=self.jobs,
                media=self.media,
                wait=lambda _: None,
            )
        )
        self.arrivals = Arrivals(
            recordings=self.recordings, jobs=self.jobs, media=self.media, queues=self.queues, clock=self.clock
        )
        settings = SystemSettings(
            speech_queue_url="s",
            language_queue_url="l",
            pictures_queue_url="p",
            dead_letters_url="d",
            uploaded_dead_letters_url="u",
            changes_dead_letters_url="c",
            webhook_dead_letters_url="w",
            library_table="t",
            accounts_table="t",
            max_upload_bytes=MAX_UPLOAD_BYTES,
            allowed_models=self.allowed_models,
        )
        door = Door(
            accounts_table="t",
            key_secret=SecretStr(SECRET),
            api_auth_token=SecretStr(f"{OPERATOR_KEY}, ,second-key"),
            auth_calls_per_minute=self.auth_calls_per_minute,
            requests_per_minute=self.requests_per_minute,
        )
        people = account_services(
            door,
            registrations=Registrations(setup_code=SecretStr(SETUP_CODE)),
            accounts_table=self.accounts_table,
            limiter=self.limiter,
            messages=self.messages,
            leavers=self.leavers,
            clock=self.clock,
        )
        self.ring = Services(people).get(KeyRing)
        services = Services(
            people
            | webhook_services(
                self.library_table, self.ring, queue=self.delivery_queue, policy=Policy(), clock=self.clock
            )
            | job_services(
                self.library_table,
                media=self.media,
                queues=self.queues,
                uploads=settings,
                keeping=Keeping(keep_days=self.keep_days),
                ascii_keeping=settings,
                models=settings,
                clock=self.clock,
            )
            | call_services(
                self.presence_table,
                self.accounts_table,
                Neighbours(
                    ring=self.ring,
                    limiter=self.limiter,
                    posts=self.posts,
                    ice_servers=ice_servers_of(IceSettings(), clock=self.clock),
                    vapid=Vapid(VAPID_PRIVATE_KEY, "mailto:it@example.org", clock=self.clock),
                    realtime=Realtime(realtime_url="wss://parley.test/ws"),
                ),
                clock=self.clock,
            )
            | recording_services(
                Library(
                    table=self.library_table,
                    media=self.media,
                    queues=self.queues,
                    uploads=settings,
                    keeping=Keeping(keep_days=self.keep_days),
                    models=settings,
                ),
                clock=self.clock,
            )
            | {
                Links: Links(self.ring),
                Recordings: self.recordings,
                Jobs: self.jobs,
                Locations: self.locations,
                Media: self.media,
                MultipartUploads: MultipartUploads(recordings=self.recordings, media=self.media, clock=self.clock),
                Shares: self.shares,
                Correcting: Correcting(recordings=self.recordings, media=self.media),
                Search: Search(
                    Manifests(self.library_table), PackReader(self.media), self.recordings, clock=self.clock
                ),
                Stats: Stats(self.library_table),
                Uploads: settings,
                Keeping: Keeping(keep_days=self.keep_days),
                Clock: self.clock,
                QueueDepths: self.queues,
                Redrives: self.redrives,
                WorkerReports: WorkerReports(self.library_table),
                SystemSettings: settings,
                Transcriber: Transcriber(
                    recordings=self.recordings,
                    jobs=self.jobs,
                    media=self.media,
                    patience=self.patience,
                    clock=self.clock,
                    keep_days=self.keep_days,
                ),
            }
        )
        self.calls = services.get(Calls)
        self.accounts = services.get(Accounts)
        self.sessions = services.get(Sessions)
        self.tokens = services.get(AccessTokens)
        self.callers = services.get(Callers)
        self.webhooks = services.get(Webhooks)
        self.deliveries = services.get(Deliveries)
        self.registry = services.get(Registry)
        self.batches = services.get(Batches)
        self.reactions: list[Reaction] = [
            LiveNews(self.jobs, self.push),
            BatchProgress(self.batches),
            AnnouncingDeletions(self.deletions),
            Announcer(self.webhooks, services.get(Outbox), clock=self.clock),
            StatsKeeper(self.library_table),
            SearchNews(self.indexers),
        ]
        """What the door `notify` does."""
        self.app = HouseApp(services)

    def client(self, user: User | None = None, *, bearer: str | None = None) -> TestClient:
        token = self.token_of(user) if user else bearer
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return TestClient(self.app, headers=headers, follow_redirects=False)

    def session_of(self, user: User) -> Session:
        return self.sessions.start(user, agent="tests")

    def token_of(self, user: User) -> str:
        return self.tokens.issue(self.session_of(user))

    def a_known_user(self, **changes: object) -> User:
        return self.accounts.add(a_user(**changes), PASSWORD_HASH)

    def settle(self) -> None:
        """Let follow what follows from changes, until nothing does."""
        while changes := self.library_table.changes:
            self.library_table.changes = []
            for reaction in self.reactions:
                reaction.react(changes)

    def a_transcribed_recording(self, owner: User, transcript: Transcript, **changes: object) -> Recording:
        """A recording of somebody whose transcription has just succeeded."""
        recording = self.recordings.add(a_recording(owner_id=owner.id, **changes))
        job = self.uploaded(recording, WAV).job_ids[0]
        held = self.jobs.claim(job, by="test", lease=timedelta(seconds=30))
        key = result_key(job, 1, "transcript.json")
        self.media.write(key, transcript_to_json(transcript), content_type="application/json")
        finished = self.jobs.finish(held, result_key=key, timings={})
        settle_followers(finished, jobs=self.jobs, recordings=self.recordings, queues=self.queues)
        return self.recordings.get(recording.id)

    def uploaded(self, recording: Recording, body: bytes) -> Recording:
        """Put bytes where the form would, and tell the house as the bucket would."""
        # The form takes no other size than was announced.
        self.recordings.change(recording, lambda fresh: replace(fresh, size=len(body)))
        key = source_key(recording)
        self.media.write(key, body, content_type=recording.content_type)
        self.arrivals.take_in(key)
        return self.recordings.get(recording.id)
