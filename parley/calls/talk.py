"""One call of a terminal: what is played, heard, saved and recorded, and what is said of it."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from parley.answers import FormUpload
from parley.calls.actions import News
from parley.calls.answers import IceAnswer
from parley.calls.audio import Echo, Meter, Played, Playing, Silence, SoundFile, container_of
from parley.calls.call import Outcome
from parley.calls.consent import Consent, Turn
from parley.calls.media import IceServers, Media, Microphone
from parley.calls.phone import Phone
from parley.client import Api
from parley.errors import Failure, Problem
from parley.sealed import Refused
from parley.show import plain
from parley.uploads import Sender, look_at

TRACK_TRIES: Final = 5
"""The recording is made by the other side; it may take them a moment."""

Ask = Callable[[str], Awaitable[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a person wants of a call."""

    play: Path | None = None
    save: Path | None = None
    seconds: float | None = None
    is_echo: bool = False
    wants_recording: bool = False
    allows_recording: bool = False
    is_relay_only: bool = False
    ends_when_played: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a call."""

    call_id: str
    other: str
    name: str
    outcome: Outcome
    talked: float
    heard: Meter
    saved: Path | None
    recording_id: str | None = None

    @property
    def was_answered(self) -> bool:
        """Whether somebody talked."""
        return self.talked > 0

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        level = self.heard.level
        return {
            "call_id": self.call_id,
            "other": self.other,
            "status": self.outcome.status,
            "reason": self.outcome.reason,
            "seconds": round(self.talked, 3),
            "heard": {
                "seconds": round(self.heard.seconds, 3),
                "level_db": None if level is None else round(level, 1),
            },
            "saved": str(self.saved) if self.saved else None,
            "recording_id": self.recording_id,
        }


class Talk:
    """Stands between the person and one call."""

    def __init__(  # noqa: PLR0913 - who, with what, and where
        self,
        *,
        call_id: str,
        api: Api,
        name: str,
        wishes: Wishes,
        ice: IceAnswer,
        consent: Callable[[str], Consent],
        clock: Callable[[], float],
        say: Callable[[str], None],
        ask: Ask,
    ) -> None:
        """Raises Failure where what is to be played or saved cannot be."""
        self.call_id = call_id
        self._api = api
        self._name = name
        self._wishes = wishes
        self._ice = IceServers(ice.servers, is_relay_only=ice.is_relay_only or wishes.is_relay_only)
        self._consent_of = consent
        self._consent: Consent | None = None
        self._clock = clock
        self._say = say
        self._ask = ask
        self._echo = Echo()
        self._playing = _playing(wishes, self._echo)
        self._microphone = Microphone(self._playing)
        self._played = asyncio.Event()
        self._microphone.taps.append(self._note_played)
        self._heard = Meter()
        self._saved = SoundFile(wishes.save) if wishes.save else None
        self._track: _Track | None = None
        self._phone: Phone | None = None
        self._began: float | None = None
        self._talked = 0.0
        self._recording_id: str | None = None
        self._busy: set[asyncio.Task[None]] = set()

    def attach(self, phone: Phone) -> None:
        """Get to know the call."""
        self._phone = phone

    def open_sound(self, phone: Phone) -> Media:
        """Open this end's sound."""
        media = Media(self._microphone, self._ice, phone)
        media.listeners += [self._heard.add, self._echo.feed]
        if self._saved is not None:
            media.listeners.append(self._saved.write)
        return media

    def told(self, news: News, detail: Mapping[str, Any]) -> None:
        """Hear what becomes of the call."""
        match news:
            case News.RINGING_THERE:
                self._say(f"It rings at {self._name}.")
            case News.ACCEPTED:
                self._say("Answered; connecting.")
            case News.CONNECTED:
                self._connected()
            case News.RECORD:
                self._take_record(detail)
            case News.DISTRUSTED:
                why = plain(str(detail.get("detail") or detail.get("code")))
                self._say(f"A message of {self._name} was not believed: {why}")
            case News.OVER if self._began is not None:
                self._talked = self._clock() - self._began
                self._began = None

    async def finish(self, outcome: Outcome) -> Report:
        """Close what is open, and send what was recorded."""
        for task in self._busy:
            task.cancel()
        await asyncio.gather(*self._busy, return_exceptions=True)
        assert self._phone is not None
        if self._saved is not None:
            self._saved.close()
        call = self._phone.call
        if self._track is not None:
            await self._send_track(call.id, self._track)
        return Report(
            call_id=call.id,
            other=call.peer,
            name=self._name,
            outcome=outcome,
            talked=self._talked,
            heard=self._heard,
            saved=self._wishes.save,
            recording_id=self._recording_id,
        )

    def _connected(self) -> None:
        self._began = self._clock()
        self._say(f"Connected to {self._name}. Ctrl-C hangs up.")
        if self._wishes.seconds is not None or self._wishes.ends_when_played:
            self._start(self._end_in_time())
        if self._wishes.wants_recording:
            self._send(self._known_consent().ask())
            self._say(f"Asked {self._name} whether the call may be recorded.")

    async def _end_in_time(self) -> None:
        if self._wishes.seconds is not None:
            await asyncio.sleep(self._wishes.seconds)
        else:
            await self._played.wait()
        self.hang_up()

    def hang_up(self) -> None:
        """End the call."""
        if self._phone is not None:
            self._phone.wish(self._phone.call.hang_up)

    def _note_played(self, _pcm: bytes) -> None:
        if self._playing.is_played:
            self._played.set()

    # Recording

    def _take_record(self, body: Mapping[str, Any]) -> None:
        consent = self._known_consent()
        try:
            turn = consent.take(body)
        except Refused as refused:
            self._say(f"A message of {self._name} about recording was not believed: {refused}")
            return
        match turn:
            case Turn.ASKED:
                self._start(self._decide(consent))
            case Turn.GRANTED:
                self._say(f"{self._name} agrees: your side is being recorded.")
                self._begin_track()
                self._start(self._register(consent))
            case Turn.DENIED:
                self._say(f"{self._name} does not want to be recorded.")
            case Turn.STOPPED:
                self._say("Recording has been stopped.")
                self._drop_track()

    def _known_consent(self) -> Consent:
        """Return the record of this call's consent; the other side's device is known once there is sound."""
        if self._consent is None:
            assert self._phone is not None
            assert self._phone.call.partner is not None
            self._consent = self._consent_of(self._phone.call.partner)
        return self._consent

    async def _decide(self, consent: Consent) -> None:
        question = f"{self._name} asks to record this call; what both say is then kept on the server. Agree?"
        if self._wishes.allows_recording or await self._ask(question):
            self._send(consent.agree())
            self._begin_track()
            self._say("Your side of the call is being recorded.")
        else:
            self._send(consent.refuse())

    async def _register(self, consent: Consent) -> None:
        assert self._phone is not None
        assert consent.request is not None
        assert consent.grant is not None
        request, grant, call_id = consent.request, consent.grant, self._phone.call.id
        try:
            self._recording_id = await asyncio.to_thread(
                lambda: self._api.record_call(call_id, request=request, grant=grant, name=self._name)
            )
        except Failure as failure:
            self._say(f"The call is not recorded: {failure}")
            self._send(consent.stop())
            self._drop_track()

    def _begin_track(self) -> None:
        if self._track is None:
            self._track = _Track(self._clock)
            self._microphone.taps.append(self._track.write)

    def _drop_track(self) -> None:
        track, self._track = self._track, None
        if track is not None:
            self._microphone.taps.remove(track.write)
            track.drop()

    async def _send_track(self, call_id: str, track: "_Track") -> None:
        self._microphone.taps.remove(track.write)
        started_at = track.close()
        try:
            if started_at is not None:
                await self._upload(call_id, track.path, started_at)
                self._say("Your side of the recording is on the server.")
        except Failure as failure:
            self._say(f"Your side of the recording was not sent: {failure}")
        finally:
            track.drop()

    async def _upload(self, call_id: str, path: Path, started_at: int) -> None:
        source = look_at(path)
        for attempt in range(TRACK_TRIES):
            try:
                announced = await asyncio.to_thread(
                    lambda: self._api.announce_track(
                        call_id, size=source.size, content_type=source.content_type, started_at=started_at
                    )
                )
                break
            except Problem as problem:
                if problem.status != 404 or attempt == TRACK_TRIES - 1:
                    raise
            await asyncio.sleep(1)
        self._recording_id = announced.recording_id
        upload = announced.upload
        if upload is not None:
            await asyncio.to_thread(_send_form, path, upload)

    def _send(self, body: Mapping[str, Any]) -> None:
        phone = self._phone
        if phone is not None:
            phone.wish(lambda: phone.call.say_of_recording(body))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)


@dataclass(slots=True)
class _Track:
    """One's own side of a recorded call, on disk until it is sent."""

    clock: Callable[[], float]
    folder: tempfile.TemporaryDirectory[str] = field(
        default_factory=lambda: tempfile.TemporaryDirectory(prefix="parley-")
    )
    started_at: int | None = None
    file: SoundFile | None = None

    @property
    def path(self) -> Path:
        """Where it is."""
        return Path(self.folder.name) / "track.ogg"

    def write(self, pcm: bytes) -> None:
        """Add a piece of what is said."""
        if self.file is None:
            self.file = SoundFile(self.path)
            self.started_at = int(self.clock() * 1000)
        self.file.write(pcm)

    def close(self) -> int | None:
        """Finish the file; returns when it began, or None: there is none."""
        if self.file is not None:
            self.file.close()
            self.file = None
        return self.started_at

    def drop(self) -> None:
        """Leave nothing of it behind."""
        self.close()
        self.folder.cleanup()


def need_files(wishes: Wishes) -> None:
    """See to it, before anybody's telephone rings, that what is to be played and saved can be; raises Failure."""
    if wishes.play is not None:
        Played(wishes.play)
    if wishes.save is not None:
        container_of(wishes.save)
        if not wishes.save.parent.is_dir():
            raise Failure(f"Cannot write {wishes.save}: there is no such folder.")


def _playing(wishes: Wishes, echo: Echo) -> Playing:
    if wishes.play is not None:
        return Played(wishes.play)
    return echo if wishes.is_echo else Silence()


def _send_form(path: Path, upload: FormUpload) -> None:
    with Sender(sleep=time.sleep) as sender:
        sender.send_form(look_at(path), upload, _Unwatched())


class _Unwatched:
    def sent(self, size: int) -> None:
        """Nobody looks at how far it is."""

    def again(self, reason: str) -> None:
        """Nor at how often it broke."""
