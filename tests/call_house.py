"""The door of calls over fakes, with people who have accounts."""

from dataclasses import dataclass, field

from pydantic import SecretStr
from starlette.testclient import TestClient

from functions.api.application import build_app
from functions.api.services import Services
from functions.api.wiring import caller_services
from functions.calls.routes import router
from functions.calls.wiring import Neighbours, call_services
from functions.core.accounts.model import Credential, User
from functions.core.accounts.sessions import Session, Sessions
from functions.core.accounts.store import Accounts
from functions.core.accounts.tokens import AccessTokens
from functions.core.contacts.estate import CallsEstate
from functions.core.contacts.store import Contacts
from functions.core.devices.store import Devices
from functions.core.ice.providers import ice_servers_of
from functions.core.ice.settings import IceSettings
from functions.core.keys.ring import KeyRing
from functions.core.realtime.model import Ticket
from functions.core.realtime.store import Connections, Tickets
from functions.core.settings import Door, Realtime
from functions.core.web_push.settings import WebPush
from functions.core.web_push.store import PushSubscriptions
from functions.core.web_push.vapid import vapid_of
from parley.sealed.device import Device
from tests.builders import a_user
from tests.call_builders import a_device
from tests.fakes.clock import FakeClock
from tests.fakes.limiter import FakeLimiter
from tests.fakes.posts import FakePosts
from tests.fakes.table import FakeTable

REALTIME_URL = "wss://calls.example.org/ws"
OPERATOR_KEY = "operator-key-one"
VAPID_PRIVATE_KEY = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"


@dataclass
class CallHouse:
    clock: FakeClock = field(default_factory=FakeClock)
    auth_calls_per_minute: int = 0
    ice: IceSettings = field(default_factory=IceSettings)
    push: WebPush = field(
        default_factory=lambda: WebPush(
            vapid_private_key=SecretStr(VAPID_PRIVATE_KEY), vapid_subject="mailto:it@example.org"
        )
    )

    def __post_init__(self) -> None:
        self.accounts_table, self.presence = FakeTable(), FakeTable()
        self.limiter, self.posts = FakeLimiter(), FakePosts()
        door = Door(
            accounts_table="t",
            key_secret=SecretStr("a secret of more than thirty-two characters"),
            api_auth_token=SecretStr(OPERATOR_KEY),
            auth_calls_per_minute=self.auth_calls_per_minute,
            requests_per_minute=0,
        )
        people = caller_services(door, accounts_table=self.accounts_table, limiter=self.limiter, clock=self.clock)
        self.ring = Services(people).get(KeyRing)
        neighbours = Neighbours(
            ring=self.ring,
            limiter=self.limiter,
            posts=self.posts,
            ice_servers=ice_servers_of(self.ice, clock=self.clock),
            vapid=vapid_of(self.push, clock=self.clock),
            realtime=Realtime(realtime_url=REALTIME_URL),
        )
        services = Services(people | call_services(self.presence, self.accounts_table, neighbours, clock=self.clock))
        self.contacts = services.get(Contacts)
        self.devices = services.get(Devices)
        self.tickets = services.get(Tickets)
        self.subscriptions = services.get(PushSubscriptions)
        self.connections = Connections(self.presence, clock=self.clock)
        self.estate = CallsEstate(self.presence, self.accounts_table, self.ring, clock=self.clock)
        self.accounts = Accounts(self.accounts_table, self.ring, clock=self.clock)
        self.sessions = Sessions(self.accounts_table, self.ring, clock=self.clock)
        self.tokens = AccessTokens(self.ring, clock=self.clock)
        self.app = build_app(router, services=services)

    def a_known_user(self, **changes: object) -> User:
        return self.accounts.add(a_user(**changes), "no password")

    def session_of(self, user: User) -> Session:
        return self.sessions.start(user, agent="tests")

    def client(self, user: User | None = None, *, bearer: str | None = None) -> TestClient:
        token = self.tokens.issue(self.session_of(user)) if user is not None else bearer
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return TestClient(self.app, headers=headers, follow_redirects=False)

    def client_of(self, session: Session) -> TestClient:
        return self.client(bearer=self.tokens.issue(session))

    def connect(self, user: User, connection_id: str, *, device_id: str | None = None) -> str:
        ticket = Ticket(
            id="t",
            user_id=user.id,
            unique_id=user.unique_id,
            credential=Credential(session_id=self.session_of(user).id),
            until=self.clock(),
            device_id=device_id,
        )
        self.connections.open(connection_id, ticket)
        return connection_id

    def become_contacts(self, one: User, other: User) -> None:
        answers = [
            self.client(one).post("/v1/contacts", json={"unique_id": other.unique_id}),
            self.client(other).post("/v1/contacts", json={"unique_id": one.unique_id}),
        ]
        assert [answer.json()["state"] for answer in answers] == ["requested", "confirmed"]

    def register(self, user: User, device: Device | None = None) -> Device:
        made = device or a_device(user.unique_id)
        answer = self.client(user).put(f"/v1/devices/{made.id}", json={"bundle": dict(made.bundle)})
        assert answer.status_code == 200, answer.text
        return made
