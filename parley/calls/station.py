"""A terminal that calls and is called: one device, one connection, one call at a time."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from parley.calls.answers import IceAnswer
from parley.calls.call import Call, Me
from parley.calls.consent import Consent
from parley.calls.desk import Desk
from parley.calls.keyboard import Keyboard
from parley.calls.keys import Keyring, open_keyring
from parley.calls.phone import Phone
from parley.calls.seals import PersonSeals
from parley.calls.talk import Report, Talk, Wishes
from parley.calls.view import View
from parley.client import Api
from parley.errors import Failure, Problem
from parley.realtime.live import Live
from parley.sealed import Peer, Refused, Sight
from parley.sealed.ulids import new_id
from parley.session import Session
from parley.show import plain

MOST_DEVICES: Final = 5
GLARE_WITHIN: Final = 10.0

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Other:
    """The other person."""

    unique_id: str
    name: str
    peers: tuple[Peer, ...]


class Station:
    """An async context manager: connected inside."""

    def __init__(self, session: Session, api: Api, *, whom: str | None = None) -> None:
        """`whom`: who will be called; that they can be is found out before anything is connected."""
        self._session = session
        self._api = api
        self._whom = whom
        self._keyboard = Keyboard()

    async def __aenter__(self) -> Self:
        """Open the device and connect; raises Failure."""
        self._keyring: Keyring = await asyncio.to_thread(open_keyring, self._session, self._api)
        self._other = None if self._whom is None else await self._callable(self._whom)
        device_id = self._keyring.device.id
        self._live = Live(lambda: asyncio.to_thread(self._api.ticket, device_id))
        await self._live.__aenter__()
        self._desk = Desk(self._live, self._keyring.device.uid)
        with suppress(NotImplementedError, ValueError, RuntimeError):  # Windows, or not the main thread
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self._interrupted, asyncio.current_task())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect."""
        with suppress(NotImplementedError, ValueError, RuntimeError):
            asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
        await self._desk.close()
        await self._live.__aexit__(kind, error, trace)

    @property
    def unique_id(self) -> str:
        """The number that this station is called by."""
        return self._keyring.device.uid

    async def call(self, wishes: Wishes) -> Report:
        """Call who is to be called; returns what came of it.

        Raises:
            Failure: what is to be played or saved cannot be.
        """
        other = self._other
        assert other is not None
        devices = [peer.id for peer in other.peers[:MOST_DEVICES]]
        clock = self._live.server_now
        talk = self._talk(new_id("call"), other, wishes, await self._ice())
        call = Call.place(
            talk.call_id, me=self._me, to=other.unique_id, devices=devices, seals=self._seals(other), clock=clock
        )
        self._session.say(f"Calling {plain(other.name)}.")
        report = await self._run(call, talk)
        if report.outcome.glare is None:
            return report
        self._session.say(f"{plain(other.name)} was calling you at the same moment.")
        try:
            async with asyncio.timeout(GLARE_WITHIN):
                view, envelope = await self._desk.incoming()
        except TimeoutError:
            return report
        return await self._take(view, envelope, wishes, other, decide=_always)

    async def answer(self, wishes: Wishes, *, is_asked: bool) -> Report | None:
        """Wait for a call and answer it, if the person wants; None where it came to nothing before that.

        Raises:
            Failure: there is no connection any more, or what is to be played or saved cannot be.
        """
        view, envelope = await self._desk.incoming()
        try:
            other = await self._known(view.caller)
            decide = self._decide if is_asked else _always
            return await self._take(view, envelope, wishes, other, decide=decide)
        except (Refused, Problem) as error:
            self._session.say(f"A call of {plain(view.caller)} was not let through: {error}")
            return None

    async def _take(
        self,
        view: View,
        envelope: Mapping[str, Any],
        wishes: Wishes,
        other: Other,
        *,
        decide: "Callable[[str], Coroutine[Any, Any, bool]]",
    ) -> Report:
        clock = self._live.server_now
        talk = self._talk(view.id, other, wishes, await self._ice())
        call = Call.receive(view, envelope, me=self._me, seals=self._seals(other), clock=clock)
        question = asyncio.create_task(decide(other.name))
        question.add_done_callback(lambda task: _decided(task, self._desk, call))
        try:
            return await self._run(call, talk)
        finally:
            question.cancel()

    async def _run(self, call: Call, talk: Talk) -> Report:
        phone = Phone(call, server=self._live, person=talk, sound=talk.open_sound)
        talk.attach(phone)
        outcome = await self._desk.serve(phone)
        return await talk.finish(outcome)

    def _talk(self, call_id: str, other: Other, wishes: Wishes, ice: IceAnswer) -> Talk:
        keyring, clock = self._keyring, self._live.server_now
        peers = {peer.id: peer for peer in other.peers}
        return Talk(
            call_id=call_id,
            api=self._api,
            name=other.name,
            wishes=wishes,
            ice=ice,
            consent=lambda device_id: Consent(call_id, keyring.device, peers[device_id], clock),
            clock=clock,
            say=lambda text: self._session.say(plain(text)),
            ask=self._keyboard.ask,
        )

    async def _callable(self, unique_id: str) -> Other:
        other = await self._known(unique_id)
        if not other.peers:
            raise Failure(f"{other.name} has no device that can be called.")
        return other

    async def _known(self, unique_id: str) -> Other:
        """Fetch somebody's name and devices, and say what is new about them; raises Refused, Failure."""
        peers, sight = await asyncio.to_thread(self._keyring.person, self._api, unique_id)
        contacts = await asyncio.to_thread(self._api.contacts)
        name = next((one.name for one in contacts if one.unique_id == unique_id), unique_id)
        for line in _new_about(name, sight):
            self._session.say(line)
        return Other(unique_id, plain(name), tuple(peers))

    async def _ice(self) -> IceAnswer:
        try:
            return await asyncio.to_thread(self._api.ice_servers)
        except Problem as problem:
            if problem.status < 500:
                raise
            self._session.say("The server names no STUN or TURN server now: only direct ways are tried.")
            return IceAnswer(())

    async def _decide(self, name: str) -> bool:
        return await self._keyboard.ask(f"{name} is calling. Answer?")

    def _seals(self, other: Other) -> PersonSeals:
        return PersonSeals(self._keyring.device, other.peers, self._live.server_now)

    @property
    def _me(self) -> Me:
        return Me(self._keyring.device.uid, self._keyring.device.id)

    def _interrupted(self, task: "asyncio.Task[Any] | None") -> None:
        """Ctrl-C hangs up; without a call, or a second time, it ends the program."""
        phone = self._desk.current
        if phone is not None and not phone.is_ending:
            phone.hang_up()
        elif task is not None:
            task.cancel()


def run_station(work: Coroutine[Any, Any, Result]) -> Result:
    """Run what a station does; raises KeyboardInterrupt where the person ended it."""
    try:
        return asyncio.run(work)
    except asyncio.CancelledError as error:
        raise KeyboardInterrupt from error


def _decided(task: "asyncio.Task[bool]", desk: Desk, call: Call) -> None:
    phone = desk.current
    if not task.cancelled() and phone is not None and phone.call is call:
        phone.wish(call.accept if task.result() else call.decline)


async def _always(_name: str) -> bool:
    return True


def _new_about(name: str, sight: Sight) -> list[str]:
    lines = []
    if sight.added and not sight.is_first:
        count = len(sight.added)
        lines.append(f"{plain(name)} has {'a new device' if count == 1 else f'{count} new devices'}.")
    if sight.lost_mark:
        lines.append(f"The keys of {plain(name)} have changed: compare the safety number again.")
    return lines
