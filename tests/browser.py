"""Telephones for tests: the web client in Chromium, each with a context of its own and a microphone that plays."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.journeys.caller import Caller
from tests.local_system import eventually
from tests.web.chromium import chromium_path
from tests.web.node import bundle

PAGE: Final = "../tests/journeys/call_page/page.ts"
SOON: Final = 20.0
_FLAGS: Final = (
    # Chromium's own sandbox needs rights that containers do not give; nothing but our own pages is opened.
    "--no-sandbox",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    # Addresses of this machine are given as they are: there is no multicast DNS in a container.
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)


class Telephone:
    """One page with one device of somebody's."""

    def __init__(self, page: Page, person: Caller, name: str) -> None:
        self.page = page
        self.person = person
        self.name = name
        self.unique_id = unique_id_of(person)
        self.device_id = ""

    def start(self, *, relay_only: bool = False) -> None:
        """Register the device and wait for calls."""
        token = str(self.person.http.headers["Authorization"]).removeprefix("Bearer ")
        setup = {"uid": self.unique_id, "token": token, "name": self.name, "relayOnly": relay_only}
        self.device_id = str(self._do("start", setup))

    def call(self, other: "Telephone") -> str:
        """Call somebody; returns the call's id."""
        return str(self._do("call", other.unique_id))

    def accept(self) -> None:
        """Answer."""
        self._do("accept")

    def decline(self) -> None:
        """Refuse."""
        self._do("decline")

    def hang_up(self) -> None:
        """End it."""
        self._do("hangUp")

    def ask_to_record(self, **wish: Any) -> None:
        """Ask whether the call may be recorded."""
        self._do("askToRecord", wish)

    def answer_recording(self, *, allowed: bool) -> None:
        """Say whether it may."""
        self._do("answerRecording", allowed)

    def stop_recording(self) -> None:
        """End the recording."""
        self._do("stopRecording")

    def safety_number_with(self, other: "Telephone") -> str:
        """What is read out to each other."""
        return str(self._do("safetyNumberWith", other.unique_id))

    def heard(self) -> dict[str, Any]:
        """What was heard so far."""
        return dict(self._do("heard"))

    def told(self) -> dict[str, Any]:
        """How the call stands that was shown last; nothing before there was one."""
        return dict(self._do("told") or {})

    def first_sound(self) -> float:
        """Wait for the first sound; returns when it was heard, milliseconds since 1970."""
        return float(self._do("firstSound"))

    @property
    def is_ringing(self) -> bool:
        """Whether it rings for its owner."""
        return bool(self.page.evaluate("telephone.isRinging"))

    @property
    def events(self) -> list[str]:
        """What has happened."""
        return list(self.page.evaluate("telephone.events"))

    def comes_to(self, *, within: float = SOON, **wanted: Any) -> dict[str, Any]:
        """Wait until a call stands as wanted."""
        return dict(self._wait(lambda: (told := self.told()) and wanted.items() <= told.items() and told, within))

    def rings(self, *, within: float = SOON) -> None:
        """Wait until it rings."""
        self._wait(lambda: self.is_ringing, within)

    def has_seen(self, event: str, *, within: float = SOON) -> None:
        """Wait until something has happened."""
        self._wait(lambda: event in self.events, within)

    def hears(self, *, samples: int, within: float = SOON) -> dict[str, Any]:
        """Wait until so many samples of sound have been heard, with something in them."""

        def look() -> dict[str, Any] | None:
            heard = self.heard()
            is_enough = (heard.get("totalSamplesReceived") or 0) >= samples and (heard.get("totalAudioEnergy") or 0) > 0
            return heard if is_enough else None

        return dict(self._wait(look, within))

    def _do(self, name: str, *arguments: Any) -> Any:
        return self.page.evaluate("([name, list]) => telephone[name](...list)", [name, list(arguments)])

    def _wait(self, look: Any, within: float) -> Any:
        try:
            return eventually(look, within=within)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.name}: {self.told()} {self.events}") from None


class Telephones:
    """Opens telephones at one system's address."""

    def __init__(self, playwright: Playwright, url: str, script: str) -> None:
        self._playwright = playwright
        self._url = url
        self._script = script
        self._browsers: dict[Path | None, Browser] = {}

    def at(self, url: str) -> "Telephones":
        """Open telephones at another system's address, in the same browsers."""
        others = Telephones(self._playwright, url, self._script)
        others._browsers = self._browsers
        return others

    def open(
        self,
        person: Caller,
        name: str,
        *,
        microphone: Path | None = None,
        relay_only: bool = False,
        opened: Callable[[Page], None] = lambda _: None,
    ) -> Telephone:
        """Open one; its microphone plays a file over and over, or beeps. `opened` gets the page while it is blank."""
        context = self._browser(microphone).new_context(permissions=["microphone"], bypass_csp=True)
        page = context.new_page()
        opened(page)
        # The API's own origin: it is a secure context at this address, and the origin that may connect.
        page.goto(f"{self._url}/v1/health")
        page.add_script_tag(content=self._script, type="module")
        page.wait_for_function("globalThis.telephone !== undefined")
        telephone = Telephone(page, person, name)
        telephone.start(relay_only=relay_only)
        return telephone

    def close(self) -> None:
        """Close all browsers."""
        for browser in self._browsers.values():
            browser.close()

    def _browser(self, microphone: Path | None) -> Browser:
        if microphone not in self._browsers:
            # What the microphone plays is a matter of the whole browser.
            sound = [] if microphone is None else [f"--use-file-for-fake-audio-capture={microphone}"]
            self._browsers[microphone] = self._playwright.chromium.launch(
                executable_path=chromium_path(), args=[*_FLAGS, *sound]
            )
        return self._browsers[microphone]


@contextmanager
def telephones_at(url: str, folder: Path) -> Iterator[Telephones]:
    """Start browsers as they are needed; while they run, no event loop can be started in this thread."""
    script = bundle(PAGE, folder).read_text(encoding="utf-8")
    with sync_playwright() as playwright:
        telephones = Telephones(playwright, url, script)
        try:
            yield telephones
        finally:
            telephones.close()


def unique_id_of(person: Caller) -> str:
    """Return somebody's number."""
    me: Mapping[str, Any] = person.http.get("/v1/auth/me").raise_for_status().json()
    return str(me["unique_id"])


def make_contacts(one: Caller, other: Caller) -> None:
    """Let two people call each other."""
    one.http.post("/v1/contacts", json={"unique_id": unique_id_of(other)}).raise_for_status()
    other.http.post(f"/v1/contacts/{unique_id_of(one)}/confirm").raise_for_status()
