"""Two devices with real keys and real sound, and the switchboard in miniature between them, all in one process."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from parley.calls.actions import News
from parley.calls.call import Call, Me
from parley.calls.phone import Phone, Sound
from parley.calls.seals import PersonSeals
from parley.calls.view import read_view
from parley.sealed import Device, header_of
from parley.sealed.ulids import new_id
from tests.parley.calls.switchboard import Switchboard


def read_header(envelope: Mapping[str, Any]) -> dict[str, Any]:
    """Read what the server may read."""
    header = header_of(envelope)
    return {"call": header.call, "fd": header.from_device, "td": header.to_device, "seq": header.seq}


class Wire:
    """A device's connection: every frame passes through JSON, and is remembered."""

    def __init__(self, exchange: "Exchange", device_id: str) -> None:
        self._exchange = exchange
        self._device_id = device_id

    async def ask(self, frame: Mapping[str, Any]) -> dict[str, Any]:
        text = json.dumps(frame)
        self._exchange.heard.append(text)
        await asyncio.sleep(0)
        return self._exchange.switchboard.handle(json.loads(text), self._device_id)

    def server_now(self) -> float:
        return time.time()

    def attend(self, call_id: str | None) -> None:
        """Nobody's line ends here."""


class Exchange:
    """Connects a caller and a callee."""

    def __init__(self) -> None:
        self.caller, self.callee = Device.create("11111111"), Device.create("22222222")
        self.heard: list[str] = []
        """All that the server has seen."""
        self.phones: dict[str, Phone] = {}
        self.on_incoming: Callable[[Mapping[str, Any]], None] = lambda _: None
        self.switchboard = Switchboard(
            {"11111111": (self.caller.id,), "22222222": (self.callee.id,)},
            clock=time.time,
            post=self._post,
            header_of=read_header,
        )

    def place(self, person: Any, sound: Callable[[Phone], Sound]) -> Phone:
        """Let the caller call."""
        call = Call.place(
            new_id("call"),
            me=Me(self.caller.uid, self.caller.id),
            to=self.callee.uid,
            devices=[self.callee.id],
            seals=PersonSeals(self.caller, [self.callee.peer], time.time),
            clock=time.time,
        )
        return self._phone(call, self.caller, person, sound)

    def ring(self, event: Mapping[str, Any], person: Any, sound: Callable[[Phone], Sound]) -> Phone:
        """Let it ring at the callee."""
        call = Call.receive(
            read_view(event["call"]),
            event["envelope"],
            me=Me(self.callee.uid, self.callee.id),
            seals=PersonSeals(self.callee, [self.caller.peer], time.time),
            clock=time.time,
        )
        return self._phone(call, self.callee, person, sound)

    def _phone(self, call: Call, device: Device, person: Any, sound: Callable[[Phone], Sound]) -> Phone:
        phone = Phone(call, server=Wire(self, device.id), person=person, sound=sound)
        self.phones[device.id] = phone
        return phone

    def _post(self, device_id: str, event: dict[str, Any]) -> None:
        if device_id in self.phones:
            self.phones[device_id].take(event)
        elif event["type"] == "call.incoming":
            self.on_incoming(event)


class Listener:
    """A person who remembers, and does something when told."""

    def __init__(self, **deeds: Callable[[], None]) -> None:
        self.news: list[News] = []
        self.details: list[Mapping[str, Any]] = []
        self._deeds = deeds

    def told(self, news: News, detail: Mapping[str, Any]) -> None:
        self.news.append(news)
        self.details.append(detail)
        self._deeds.get(news.value, lambda: None)()
