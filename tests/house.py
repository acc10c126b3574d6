"""The whole house over fakes: every door in one app, no patching, no environment."""

from dataclasses import dataclass, field
from datetime import timedelta

from pydantic import SecretStr
from starlette.testclient import TestClient

from functions.accounts.wiring import account_services
from functions.api.application import build_app
from functions.api.services import Services
from functions.core.accounts.model import User
from functions.core.accounts.passwords import hash_password
from functions.core.accounts.sessions import Session, Sessions
from functions.core.accounts.store import Accounts
from functions.core.accounts.tokens import AccessTokens
from functions.core.changes import Reaction
from functions.core.clock import Clock, utc_now
from functions.core.jobs.followers import settle_followers
from functions.core.jobs.queue_depths import QueueDepths
from functions.core.jobs.results import Transcript, transcript_to_json
from functions.core.jobs.store import Jobs
from functions.core.jobs.worker_report import WorkerReports
from functions.core.keys.ring import KeyRing
from functions.core.recordings.arrivals import Arrivals
from functions.core.recordings.correcting import Correcting
from functions.core.recordings.media import Media, result_key, source_key
from functions.core.recordings.model import Recording
from functions.core.recordings.orders import Orders
from functions.core.recordings.store import Recordings
from functions.core.settings import Door, Registrations, Uploads
from functions.openai.transcribing import Transcriber
from functions.openai.waiting import Patience
from functions.system.settings import SystemSettings
from infra.doors import ROUTERS
from tests.builders import PASSWORD, a_recording, a_user
from tests.fakes.leavers import FakeLeavers
from tests.fakes.limiter import FakeLimiter
from tests.fakes.media import FakeMedia
from tests.fakes.messages import FakeMessages
from tests.fakes.queues import FakeQueues
from tests.fakes.table import FakeTable

WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(100)
SECRET = "a secret of more than thirty-two characters"
OPERATOR_KEY = "operator-key-one"
SETUP_CODE = "setup-code"
MAX_UPLOAD_BYTES = 10_000_000
PASSWORD_HASH = hash_password(PASSWORD)


@dataclass
class House:
    clock: Clock = utc_now
    accounts_table: FakeTable = field(default_factory=FakeTable)
    library_table: FakeTable = field(default_factory=FakeTable)
    media: FakeMedia = field(default_factory=FakeMedia)
    auth_calls_per_minute: int = 0
    requests_per_minute: int = 0
    patience: Patience = field(default_factory=lambda: Patience(seconds=0))

    def __post_init__(self) -> None:
        self.queues = FakeQueues(self.clock)
        self.messages = FakeMessages()
        self.leavers = FakeLeavers()
        self.limiter = FakeLimiter()
        self.recordings = Recordings(self.library_table, clock=self.clock)
        self.jobs = Jobs(self.library_table, clock=self.clock)
        self.arrivals = Arrivals(
            recordings=self.recordings, jobs=self.jobs, media=self.media, queues=self.queues, clock=self.clock
        )
        orders = Orders(recordings=self.recordings, jobs=self.jobs, queues=self.queues, clock=self.clock)
        settings = SystemSettings(
            speech_queue_url="s",
            language_queue_url="l",
            dead_letters_url="d",
            uploaded_dead_letters_url="u",
            library_table="t",
            accounts_table="t",
            max_upload_bytes=MAX_UPLOAD_BYTES,
        )
        door = Door(
            accounts_table="t",
            key_secret=SecretStr(SECRET),
            api_auth_token=SecretStr(f"{OPERATOR_KEY}, ,second-key"),
            auth_calls_per_minute=self.auth_calls_per_minute,
            requests_per_minute=self.requests_per_minute,
        )
        services = Services(
            account_services(
                door,
                registrations=Registrations(setup_code=SecretStr(SETUP_CODE)),
                accounts_table=self.accounts_table,
                limiter=self.limiter,
                messages=self.messages,
                leavers=self.leavers,
                clock=self.clock,
            )
            | {
                Recordings: self.recordings,
                Jobs: self.jobs,
                Orders: orders,
                Media: self.media,
                Correcting: Correcting(recordings=self.recordings, media=self.media),
                Uploads: settings,
                Clock: self.clock,
                QueueDepths: self.queues,
                WorkerReports: WorkerReports(self.library_table),
                SystemSettings: settings,
                Transcriber: Transcriber(
                    recordings=self.recordings,
                    jobs=self.jobs,
                    media=self.media,
                    patience=self.patience,
                    clock=self.clock,
                ),
            }
        )
        self.accounts = services.get(Accounts)
        self.sessions = services.get(Sessions)
        self.tokens = services.get(AccessTokens)
        self.ring = services.get(KeyRing)
        self.reactions: list[Reaction] = []
        """What the door `notify` does."""
        self.app = build_app(*ROUTERS.values(), services=services)

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
        key = source_key(recording)
        self.media.write(key, body, content_type=recording.content_type)
        self.arrivals.take_in(key)
        return self.recordings.get(recording.id)
