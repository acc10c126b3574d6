"""The HTTP API as typed methods. Whatever goes wrong comes out as a `Failure` that a person can read."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote, urlsplit

import httpx

from parley.answers import (
    FormUpload,
    PartsUpload,
    Recording,
    Summary,
    Transcript,
    read_part_urls,
    read_recording,
    read_summary,
    read_transcript,
    read_upload,
)
from parley.errors import Failure, NotSignedIn, Problem, Unreachable
from parley.retries import send_patiently, why

PAUSES: Final = (0.5, 1.0)
PAGE: Final = 100
TIMEOUT: Final = httpx.Timeout(30, connect=10)


@dataclass(frozen=True, slots=True)
class NewKey:
    """An API key as it is shown once."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Challenge:
    """The server sent a code to the person and wants it with the next login."""

    id: str


@dataclass(frozen=True, slots=True)
class NewRecording:
    """What there is to announce about a file."""

    filename: str
    size: int
    content_type: str
    title: str | None = None
    language: str | None = None
    process: tuple[str, ...] = ()


class Api:
    """One server, asked with one credential (or none)."""

    def __init__(
        self, server: str, secret: str | None, *, sleep: Callable[[float], None], how_to_sign_in: str = "parley login"
    ) -> None:
        self.server = server
        self._sleep = sleep
        self._how_to_sign_in = how_to_sign_in
        self._http = httpx.Client(
            timeout=TIMEOUT,
            headers={"User-Agent": "parley-cli", "Accept": "application/json, */*;q=0.1"}
            | ({"Authorization": f"Bearer {secret}"} if secret else {}),
            # A login sets cookies for browsers; sent along with a key they would only bring in the CSRF check.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            trust_env=use_proxies(server),
        )

    def __enter__(self) -> Self:
        """Keep connections until the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close them."""
        self._http.close()

    # Accounts

    def register(self, *, username: str, email: str, password: str) -> None:
        """Make an account."""
        body = {"username": username, "email": email, "password": password}
        self._ask("POST", "/v1/auth/register", json=body, headers=_once(), signed_in=False)

    def login(
        self, *, identifier: str, password: str, code: str | None = None, challenge: Challenge | None = None
    ) -> str | Challenge:
        """Return a short-lived access token, or the challenge that a code answers."""
        body = {"identifier": identifier, "password": password}
        if code is not None and challenge is not None:
            body |= {"otp": code, "challenge_id": challenge.id}
        response = self._ask("POST", "/v1/auth/login", json=body, signed_in=False)
        with _understanding(response):
            data = response.json()
            return Challenge(data["challenge_id"]) if response.status_code == 202 else str(data["access_token"])

    def whoami(self) -> str:
        """Return the name of the credential's owner."""
        response = self._ask("GET", "/v1/auth/me")
        with _understanding(response):
            me: dict[str, Any] = response.json()
            return str(me.get("username") or me.get("nickname") or me.get("unique_id") or me["id"])

    def create_key(self, name: str) -> NewKey:
        """Make an API key of the caller's."""
        response = self._ask("POST", "/v1/api-keys", json={"name": name}, headers=_once())
        with _understanding(response):
            data = response.json()
            return NewKey(id=data["id"], secret=data["secret"])

    def delete_key(self, key_id: str) -> None:
        """End an API key; one that is gone already is fine."""
        try:
            self._ask("DELETE", f"/v1/api-keys/{_segment(key_id)}")
        except Problem as problem:
            if problem.status != 404:
                raise

    # Recordings

    def announce(self, new: NewRecording) -> tuple[Recording, FormUpload | PartsUpload]:
        """Say what will be uploaded; returns where."""
        body = {
            "filename": new.filename,
            "size": new.size,
            "content_type": new.content_type,
            "process": [{"kind": kind, "options": {}} for kind in new.process],
        }
        body |= {name: value for name, value in (("title", new.title), ("language", new.language)) if value}
        response = self._ask("POST", "/v1/recordings", json=body, headers=_once())
        with _understanding(response):
            data = response.json()
            return read_recording(data["recording"]), read_upload(data["upload"])

    def sign_parts(self, recording_id: str, numbers: list[int]) -> dict[int, str]:
        """Get URLs for parts of a multipart upload, anew or for the first time."""
        path = f"/v1/recordings/{_segment(recording_id)}/parts"
        response = self._ask("POST", path, json={"numbers": numbers}, headers=_once())
        with _understanding(response):
            return read_part_urls(response.json())

    def complete(self, recording_id: str, etags: dict[int, str]) -> None:
        """Finish a multipart upload."""
        body = {"parts": [{"number": number, "etag": etags[number]} for number in sorted(etags)]}
        self._ask("POST", f"/v1/recordings/{_segment(recording_id)}/complete", json=body, headers=_once())

    def recording(self, recording_id: str) -> Recording:
        """Return a recording with its jobs."""
        response = self._ask("GET", f"/v1/recordings/{_segment(recording_id)}")
        with _understanding(response):
            return read_recording(response.json())

    def recordings(self, *, limit: int) -> tuple[list[Recording], str | None]:
        """Return the newest `limit` recordings, page by page, and the cursor behind them."""
        found: list[Recording] = []
        cursor: str | None = None
        while True:
            params = {"limit": str(min(PAGE, limit - len(found)))} | ({"cursor": cursor} if cursor else {})
            response = self._ask("GET", "/v1/recordings", params=params)
            with _understanding(response):
                data = response.json()
                found += [read_recording(item) for item in data["items"]]
                cursor = data["next_cursor"]
            if cursor is None or len(found) >= limit:
                return found[:limit], cursor

    def transcript(self, recording_id: str) -> Transcript:
        """Return what was said."""
        response = self._transcript(recording_id, "json")
        with _understanding(response):
            return read_transcript(response.json())

    def transcript_file(self, recording_id: str, form: str) -> bytes:
        """Return the transcript as a file of the given format."""
        return self._transcript(recording_id, form).content

    def summary(self, recording_id: str) -> Summary:
        """Return the summary."""
        response = self._ask("GET", f"/v1/recordings/{_segment(recording_id)}/summary")
        with _understanding(response):
            return read_summary(response.json())

    def _transcript(self, recording_id: str, form: str) -> httpx.Response:
        return self._ask("GET", f"/v1/recordings/{_segment(recording_id)}/transcript", params={"format": form})

    def _ask(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        path: str,
        *,
        json: dict[str, Any] | None = None,
        params: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        signed_in: bool = True,
    ) -> httpx.Response:
        # A POST is only sent again under an Idempotency-Key: the first one may have done its work unheard.
        repeatable = method != "POST" or headers is not None
        try:
            response = send_patiently(
                lambda: self._http.request(method, self.server + path, json=json, params=params, headers=headers),
                pauses=PAUSES if repeatable else (),
                sleep=self._sleep,
            )
        except httpx.TransportError as error:
            raise Unreachable(f"Cannot reach {self.server}: {why(error)}. Is --server right?") from error
        except httpx.HTTPError as error:
            raise Failure(f"{self.server} sent an answer that cannot be read: {error}") from error
        if response.is_success:
            return response
        if response.is_redirect:
            target = response.headers.get("Location", "another address")
            raise Failure(f"{self.server} points to {target}: use that as --server.")
        problem = _problem(response)
        if response.status_code == 401 and signed_in:
            raise NotSignedIn(f"{problem} Sign in with: {self._how_to_sign_in}") from problem
        raise problem


def is_loopback(url: str) -> bool:
    """Tell whether an address is this machine."""
    return urlsplit(url).hostname in {"localhost", "127.0.0.1", "::1"}


def use_proxies(url: str) -> bool:
    """Tell whether the environment's proxies may be asked: none leads back to this machine."""
    return not is_loopback(url)


def _once() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}


def _segment(text: str) -> str:
    return quote(text, safe="")


@contextmanager
def _understanding(response: httpx.Response) -> Iterator[None]:
    """Turn an answer of another shape (a proxy's login page, a much newer server) into a sentence."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        request = response.request
        raise Failure(
            f"The answer to {request.method} {request.url.path} is not what Parley answers. Is --server right?"
        ) from error


def _problem(response: httpx.Response) -> Problem:
    """Read problem+json, and be content with less: gateways in front of the API have errors of their own."""
    try:
        data = response.json()
    except ValueError:
        data = None
    if not isinstance(data, dict):
        data = {}
    detail = data.get("detail") or data.get("title") or data.get("message")
    if not isinstance(detail, str):
        detail = f"The server answered {response.status_code} {response.reason_phrase}".rstrip() + "."
    if response.status_code == 429 and (wait := response.headers.get("Retry-After")):
        detail += f" Try again in {wait} s."
    return Problem(
        detail,
        status=response.status_code,
        code=str(data.get("code") or f"http-{response.status_code}"),
        request_id=data.get("request_id") or response.headers.get("X-Request-Id"),
        fields=tuple(_field_errors(data.get("errors"))),
    )


def _field_errors(errors: object) -> Iterator[str]:
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, dict):
            where = error.get("pointer") or error.get("field") or error.get("loc") or ""
            what = error.get("detail") or error.get("message") or error.get("msg") or ""
            where = ".".join(map(str, where)) if isinstance(where, list) else str(where)
            yield f"{where}: {what};" if where else f"{what};"
