"""A call of two people with accounts, over fakes, that may be recorded."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from starlette.testclient import TestClient

from functions.api.services import Service, Services
from functions.calls.wiring import Library, recording_services
from functions.core.accounts.model import User
from functions.core.calls.keeping import CallCollections
from functions.core.calls.model import Call, CallStatus
from functions.core.calls.recording import CallRecordings
from functions.core.recordings.joining import Joining
from functions.core.recordings.media import source_key
from functions.core.recordings.model import Recording
from functions.core.settings import Keeping, Models, Uploads
from tests.call_house import CallHouse
from tests.core.calls.recorded_calls import milliseconds
from tests.fakes.clock import FakeClock
from tests.house import House

CALL_ID = "call_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF"
SOUND = b"OggS" + bytes(96)


class _With(Services):
    def __init__(self, base: Services, things: dict[type, object]) -> None:
        super().__init__(things)
        self._base = base

    def get(self, kind: type[Service]) -> Service:
        return super().get(kind) if kind in self._things else self._base.get(kind)


class RecordedCall:
    """Anna has called Boris, who has answered; a third person has an account as well."""

    def __init__(self, *, keep_days: int = 0) -> None:
        self.clock = FakeClock()
        self.people = CallHouse(clock=self.clock)
        self.library = House(clock=self.clock)
        library = Library(
            table=self.library.library_table,
            media=self.library.media,
            queues=self.library.queues,
            uploads=Uploads(),
            keeping=Keeping(keep_days=keep_days),
            models=Models(),
        )
        things = recording_services(library, clock=self.clock)
        state: Any = self.people.app.state
        state.services = _With(state.services, things)
        self.call_recordings = Services(things).get(CallRecordings)
        self.joining = Services(things).get(Joining)
        self.anna, self.boris, self.third = (self.people.a_known_user() for _ in range(3))
        self.annas, self.borises = self.people.register(self.anna), self.people.register(self.boris)
        self.save(
            Call(
                id=CALL_ID,
                caller=self.anna.unique_id,
                callee=self.boris.unique_id,
                caller_user_id=self.anna.id,
                callee_user_id=self.boris.id,
                caller_device=self.annas.id,
                callee_device=self.borises.id,
                status=CallStatus.CONNECTED,
                created_at=self.clock(),
                ring_until=self.clock() + timedelta(seconds=45),
                answered_at=self.clock() + timedelta(seconds=5),
                connected_at=self.clock() + timedelta(seconds=6),
            )
        )
        self.clock.pass_time(timedelta(minutes=1))

    def save(self, call: Call) -> None:
        self.people.presence.write(CallCollections(self.people.presence).calls.put(call))
        self.call = replace(call, version=call.version + 1)

    def end(self) -> None:
        self.save(replace(self.call, status=CallStatus.ENDED, ended_at=self.clock()))

    def client(self, user: User) -> TestClient:
        return self.people.client(user)

    def statements(self, *, at: datetime | None = None) -> dict[str, Any]:
        moment = milliseconds(at or self.clock())
        return {
            "request": self.annas.consent("request", call=CALL_ID, at=moment),
            "grant": self.borises.consent("grant", call=CALL_ID, at=moment),
        }

    def record(self, **changes: Any) -> dict[str, Any]:
        answer = self.client(self.anna).post(f"/v1/calls/{CALL_ID}/recording", json=self.statements() | changes)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def track(self, **changes: Any) -> dict[str, Any]:
        return {
            "size": len(SOUND),
            "content_type": "audio/webm;codecs=opus",
            "started_at": milliseconds(self.clock()),
        } | changes

    def announce(self, user: User, **changes: Any) -> dict[str, Any]:
        answer = self.client(user).post(f"/v1/calls/{CALL_ID}/tracks", json=self.track(**changes))
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def send(self, user: User, **changes: Any) -> None:
        """Announce a track, put it where its form would, and tell the house as the bucket would."""
        fields = self.announce(user, **changes)["upload"]["fields"]
        self.library.media.write(fields["key"], SOUND, content_type=fields["Content-Type"])
        self.library.arrivals.take_in(fields["key"])

    def seen(self, user: User) -> dict[str, Any]:
        answer = self.client(user).get(f"/v1/calls/{CALL_ID}/recording")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def becomes_a_recording(self, recording_id: str) -> Recording:
        """Do as the worker does that joins."""
        recording = self.library.recordings.get(recording_id)
        self.library.media.write(source_key(recording), SOUND, content_type="audio/ogg")
        self.library.arrivals.take_in(source_key(recording))
        return self.library.recordings.get(recording_id)
