"""Bytes from disk into storage: one S3 form POST, or the parts of a multipart upload. Never a whole file in memory."""

import hashlib
import html
import os
import re
import secrets
import stat
import unicodedata
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

import click
import httpx

from parley.answers import FormUpload, PartsUpload, SignedPart
from parley.client import Api
from parley.errors import Failure, Unreachable
from parley.media_types import media_type_of
from parley.retries import is_transient, send_patiently, why
from parley.show import size_of
from parley.transport import use_proxies

CHUNK: Final = 256 * 1024
PAUSES: Final = (1.0, 2.0, 4.0, 8.0)
TIMEOUT: Final = httpx.Timeout(60, connect=10, read=300)  # S3 answers only when it has stored all of it
LONGEST_ERROR: Final = 64 * 1024
BATCH: Final = 8
"""Parts that are read and signed at once, before they are sent: their bytes are still in memory then."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to upload, as it was when we looked."""

    path: Path
    name: str
    size: int
    content_type: str
    changed_ns: int = 0
    """When it was changed last."""


class UploadWatcher(Protocol):
    """Whoever shows how far an upload is."""

    def sent(self, size: int) -> None:
        """So many bytes are on their way; less than before when it starts over."""

    def again(self, reason: str) -> None:
        """It broke, and is tried again."""


def look_at(path: Path) -> Source:
    """Describe a file on disk.

    Raises:
        Failure: there is none that could be uploaded.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise Failure(f"{error.strerror}.") from error
    if not stat.S_ISREG(found.st_mode):  # a pipe has no size to announce
        raise Failure("Not a regular file.")
    if found.st_size == 0:
        raise Failure("The file is empty.")
    # macOS hands out decomposed names: composed, searches find them. format_filename() tames bytes that are no UTF-8.
    name = unicodedata.normalize("NFC", click.format_filename(path, shorten=True))
    return Source(
        path=path, name=name, size=found.st_size, content_type=media_type_of(name), changed_ns=found.st_mtime_ns
    )


def sha256_of(source: Source, watcher: UploadWatcher) -> str:
    """Read a whole file and return its hash, in hex; raises Failure."""
    digest = hashlib.sha256()
    for chunk in _read(source, 0, source.size):
        digest.update(chunk.content)
        watcher.sent(chunk.end)
    return digest.hexdigest()


class Sender:
    """Uploads files. It has a connection of its own: storage must never see our API key."""

    def __init__(self, *, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._http: dict[bool, httpx.Client] = {}

    def __enter__(self) -> Self:
        """Keep connections until the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close them."""
        for client in self._http.values():
            client.close()

    def send_form(self, source: Source, upload: FormUpload, watcher: UploadWatcher) -> None:
        """POST the whole file, after the fields of the policy.

        Raises:
            Failure: storage refused it.
        """
        boundary = f"parley-{secrets.token_hex(16)}"
        head, tail = _form(upload.fields, source.content_type, boundary)
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(len(head) + source.size + len(tail)),  # S3 refuses chunked bodies
        }

        def body() -> Iterator[bytes]:
            yield head
            for chunk in _read(source, 0, source.size):
                yield chunk.content
                watcher.sent(chunk.end)
            yield tail

        response = self._send("POST", upload.url, headers, body, watcher)
        _expect_success(response)

    def send_parts(
        self, api: Api, recording_id: str, source: Source, upload: PartsUpload, watcher: UploadWatcher
    ) -> None:
        """PUT each part that is not there, then have them put together.

        Raises:
            Unreachable: the line broke; what was sent stays.
            Failure: storage refused one.
        """
        checksums: dict[int, str] = {}
        try:
            for parts in _batches(source, upload.part_size):
                batch = {part.number: _checksum_of(source, part) for part in parts}
                missing = {
                    number: checksum for number, checksum in batch.items() if upload.there.get(number) != checksum
                }
                signed = api.sign_parts(recording_id, missing) if missing else {}
                for part in parts:
                    if part.number in missing:
                        self._send_part(api, recording_id, source, part, signed, batch[part.number], watcher)
                    watcher.sent(part.end)
                checksums |= batch
            _refuse_changed(source)
            api.complete(recording_id, checksums)
        except Unreachable as failure:
            raise Unreachable(f"{failure} Type the same again within two days to go on.") from failure

    def _send_part(  # noqa: PLR0913, PLR0917 - what it takes
        self,
        api: Api,
        recording_id: str,
        source: Source,
        part: "_Part",
        signed: dict[int, SignedPart],
        checksum: str,
        watcher: UploadWatcher,
    ) -> None:
        response = self._put(source, part, signed[part.number], watcher)
        if response.status_code == 403:  # its time was over: a long upload outlives its first signatures
            fresh = api.sign_parts(recording_id, {part.number: checksum})
            response = self._put(source, part, fresh[part.number], watcher)
        _expect_success(response)

    def _put(self, source: Source, part: "_Part", signed: SignedPart, watcher: UploadWatcher) -> httpx.Response:
        def body() -> Iterator[bytes]:
            for chunk in _read(source, part.start, part.size):
                yield chunk.content
                watcher.sent(chunk.end)

        return self._send("PUT", signed.url, signed.headers | {"Content-Length": str(part.size)}, body, watcher)

    def _send(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: Callable[[], Iterator[bytes]],
        watcher: UploadWatcher,
    ) -> httpx.Response:
        http = self._client_for(url)
        try:
            return send_patiently(
                lambda: http.request(method, url, headers=headers, content=body()),
                pauses=PAUSES,
                sleep=self._sleep,
                transient=_is_transient,
                before_retry=watcher.again,
            )
        except httpx.TransportError as error:
            raise Unreachable(f"The upload broke off {len(PAUSES) + 1} times: {why(error)}.") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Failure(f"Storage cannot be talked to: {error}") from error

    def _client_for(self, url: str) -> httpx.Client:
        proxies = use_proxies(url)
        if proxies not in self._http:
            self._http[proxies] = httpx.Client(timeout=TIMEOUT, trust_env=proxies)
        return self._http[proxies]


@dataclass(frozen=True, slots=True)
class _Part:
    number: int
    start: int
    size: int

    @property
    def end(self) -> int:
        return self.start + self.size


def _batches(source: Source, part_size: int) -> Iterator[list[_Part]]:
    starts = enumerate(range(0, source.size, part_size), start=1)
    parts = [_Part(number, start, min(part_size, source.size - start)) for number, start in starts]
    for first in range(0, len(parts), BATCH):
        yield parts[first : first + BATCH]


def _checksum_of(source: Source, part: _Part) -> str:
    digest = hashlib.sha256()
    for chunk in _read(source, part.start, part.size):
        digest.update(chunk.content)
    return b64encode(digest.digest()).decode()


def _refuse_changed(source: Source) -> None:
    """Go on only if the parts are those of one and the same file."""
    if look_at(source.path) != source:
        raise Failure("The file was changed while it was being uploaded: upload it again.")


@dataclass(frozen=True, slots=True)
class _Chunk:
    content: bytes
    end: int


def _read(source: Source, start: int, length: int) -> Iterator[_Chunk]:
    """Read a stretch of the file; `end` is the place in the whole file behind each chunk."""
    end, last = start, start + length
    try:
        with source.path.open("rb") as file:
            file.seek(start, os.SEEK_SET)
            while end < last:
                content = file.read(min(CHUNK, last - end))
                if not content:
                    raise Failure("The file became shorter while it was being uploaded.")
                end += len(content)
                yield _Chunk(content, end)
    except OSError as error:
        raise Failure(f"Cannot read it: {error.strerror}.") from error


def _form(fields: dict[str, str], content_type: str, boundary: str) -> tuple[bytes, bytes]:
    """Build what stands before and after the file: S3 ignores every field behind it."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    # The real name went to the API already; keys in storage are made of ids.
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="upload"\r\n'
        f"Content-Type: {content_type}\r\n\r\n"
    )
    return "".join(parts).encode(), f"\r\n--{boundary}--\r\n".encode()


def _quoted(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _is_transient(response: httpx.Response) -> bool:
    # S3 says 400 RequestTimeout when bytes came too slowly.
    return is_transient(response) or (response.status_code == 400 and _xml(response, "Code") == "RequestTimeout")


def _expect_success(response: httpx.Response) -> None:
    if response.is_success:
        return
    code, message = _xml(response, "Code"), _xml(response, "Message")
    request = _xml(response, "RequestId")
    match code, message:
        case "EntityTooLarge", _:
            limit = _xml(response, "MaxSizeAllowed")
            sentence = "The file is larger than the server accepts" + (
                f": {size_of(int(limit))}." if limit.isdecimal() else "."
            )
        case "EntityTooSmall", _:
            sentence = "The file is smaller than was announced, or empty."
        case "BadDigest", _:
            sentence = "The file was changed while it was being uploaded: upload it again."
        case "AccessDenied", text if "expired" in text.lower():
            sentence = "The time for this upload is over: start it again."
        case "AccessDenied", text:
            sentence = f"Storage does not accept this upload: {text or 'access denied'}".rstrip(".") + "."
        case "", _:
            sentence = f"Storage answered {response.status_code} {response.reason_phrase}.".replace(" .", ".")
        case _:
            sentence = f"Storage refused the upload: {message or code}".rstrip(".") + "."
    facts = ", ".join(filter(None, [code, f"request {request}" if request else ""]))
    raise Failure(f"{sentence} ({facts})" if facts else sentence)


def _xml(response: httpx.Response, name: str) -> str:
    """Take one element out of S3's flat error; a pattern needs no guard against hostile XML."""
    text = response.content[:LONGEST_ERROR].decode("utf-8", "replace")
    found = re.search(rf"<{name}>([^<]*)</{name}>", text)
    return html.unescape(found[1]).strip() if found else ""
