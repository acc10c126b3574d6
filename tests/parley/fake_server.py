"""A Parley server in miniature on loopback: the routes that the command line uses, and a strict S3 beside them.

Everything that a real one would refuse is refused here too, and what arrived can be looked at afterwards.
"""

import hashlib
import json
import re
import socket
import struct
import sys
import threading
import traceback
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from tests.parley.fake_accounts import Answer, FakeAccounts, Refusal
from tests.parley.fake_calls import FakeCalls
from tests.parley.fake_locations import FakeLocations
from tests.parley.fake_presets import FakePresets
from tests.parley.fake_shares import FakeShares
from tests.parley.fake_webhooks import FakeWebhooks

EXPIRED = 403
TRANSCRIPT = {
    "language": "en",
    "duration": 95.0,
    "text": "We ship on Friday. Anna tests the upload. Боб пишет заметки.",
    "segments": [
        {"id": 0, "start": 0.0, "end": 4.2, "text": "We ship on Friday.", "words": []},
        {"id": 1, "start": 4.2, "end": 9.0, "text": "Anna tests the upload.", "words": []},
        {"id": 2, "start": 61.0, "end": 95.0, "text": "Боб пишет заметки.", "words": []},
    ],
    "notes": ["The last minute is hard to hear."],
}
SUMMARY = {
    "text": "The release is on Friday.",
    "bullets": [
        {"text": "Shipping on Friday, tested by Anna.", "segments": [0, 1]},
        {"text": "Notes are written.", "segments": [0, 2]},
    ],
    "action_items": [{"text": "Anna tests the upload.", "segments": [1]}],
    "coverage": 0.8,
    "engine": "extractive",
    "language": "en",
}


def _checksum(content: bytes) -> str:
    return b64encode(hashlib.sha256(content).digest()).decode()


def job(kind: str, status: str, progress: float = 0.0, **more: Any) -> dict[str, Any]:
    """A job as the API shows it."""
    return {
        "id": f"job_{'01' if kind == 'transcribe' else '02'}",
        "kind": kind,
        "status": status,
        "stage": "speech" if status == "running" else status,
        "progress": progress,
        "message": "",
        "eta_seconds": None,
        "attempts": 1,
        "error": None,
    } | more


DONE = [job("transcribe", "succeeded", 1.0), job("summarise", "succeeded", 1.0)]


@dataclass
class Request:
    """What arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: Message
    body: Any = None


@dataclass
class Stored:
    """A file that S3 took."""

    size: int
    sha256: str
    fields: list[tuple[str, str]]


@dataclass
class State:
    """What the server knows; tests set the rest of it up."""

    url: str = ""
    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    calls: FakeCalls = field(default_factory=FakeCalls)
    presets: FakePresets = field(default_factory=FakePresets)
    shares: FakeShares = field(default_factory=FakeShares)
    locations: FakeLocations = field(default_factory=FakeLocations)
    stats: dict[str, Any] = field(default_factory=dict)
    found: dict[str, Any] = field(default_factory=lambda: {"items": [], "next_cursor": None, "total": 0})
    webhooks: FakeWebhooks = field(default_factory=FakeWebhooks)
    recordings: dict[str, dict[str, Any]] = field(default_factory=dict)
    announced: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What was said of each recording by its id."""
    remembered: dict[str, tuple[int, Any]] = field(default_factory=dict)
    """First answer by Idempotency-Key."""
    started: list[dict[str, Any]] = field(default_factory=list)
    """What jobs were asked for, each once."""
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What single jobs made."""
    summary: dict[str, Any] = field(default_factory=lambda: SUMMARY)
    speakers: dict[str, str] = field(default_factory=lambda: {"Speaker 1": "Speaker 1", "Speaker 2": "Speaker 2"})
    """What speakers are called, by what transcripts call them."""
    files: dict[str, bytes] = field(default_factory=dict)
    """What single jobs made of videos, by its name."""
    broken_downloads: int = 0
    """So many are cut off in the middle."""
    stored: dict[str, Stored] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=dict)
    system_check: dict[str, Any] = field(default_factory=dict)
    dead: dict[str, int] = field(default_factory=dict)
    """Dead letters that can be tried again."""
    parts: dict[str, dict[int, bytes]] = field(default_factory=dict)
    """What has arrived of uploads in parts."""
    part_puts: list[int] = field(default_factory=list)
    """Numbers of the parts that were sent and taken."""
    requests: list[Request] = field(default_factory=list)
    # How it behaves
    part_size: int | None = None
    expired_parts: set[int] = field(default_factory=set)
    dropped_uploads: int = 0
    dropped_posts: int = 0
    storage_errors: list[tuple[int, str] | None] = field(default_factory=list)
    """What storage answers next; None: what it should."""
    largest: int = 64_000_000
    unavailable: int = 0
    busy: list[str] = field(default_factory=list)
    """Retry-After of the next answers, each a 429."""
    script: list[dict[str, Any]] = field(default_factory=lambda: [{"status": "uploaded", "jobs": DONE}])
    """What GET /v1/recordings/{id} changes, one step at each call; the last one stays."""
    looks: Counter[str] = field(default_factory=Counter)

    @property
    def keys(self) -> dict[str, str]:
        return self.accounts.keys

    def arrived(self, recording_id: str) -> None:
        """Let a recording's upload be taken in."""
        self.recordings[recording_id]["status"] = "uploaded"

    def sent_to(self, method: str, path: str) -> list[Request]:
        return [one for one in self.requests if (one.method, one.path) == (method, path)]


class Handler(BaseHTTPRequestHandler):
    """One connection. `server.state` is what it serves."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: else each answer waits 40 ms for an ACK
    server: "FakeServer"

    @property
    def state(self) -> State:
        return self.server.state

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        request = Request(self.command, parts.path, query, self.headers)
        with self.server.lock:
            self.state.requests.append(request)
        if parts.path.startswith("/storage/"):
            self._storage(request)
            return
        length = int(self.headers.get("Content-Length", 0))
        if length:
            assert self.headers["Content-Type"] == "application/json"
            request.body = json.loads(self.rfile.read(length))
        with self.server.lock:
            self._api(request)

    # The API

    def _api(self, request: Request) -> None:  # noqa: C901, PLR0912 - a line for each kind of route
        if self.state.unavailable:
            self.state.unavailable -= 1
            self._answer(503, b"<html>busy</html>", "text/html")
            return
        if self.state.busy:
            self._problem(429, "too-many-requests", "Too many calls.", {"Retry-After": self.state.busy.pop(0)})
            return
        match request.method, request.path.split("/")[2:]:
            case "GET", ["users", _, "devices"] if self.state.accounts.caller(self._secret()) is not None:
                self._calls(request)
            case _, ["auth" | "api-keys" | "users" | "audit", *_]:
                self._people(request)
            case "GET", ["info"]:
                self._json(200, self.state.info)
            case _ if self.state.accounts.caller(self._secret()) is None:
                self._problem(401, "not-authenticated", "The credential is wrong or over.")
            case "GET", ["system-check"]:
                self._check_system(200, self.state.system_check)
            case "POST", ["system-check", "redrive"]:
                queue = request.body["queue"]
                self._check_system(202, {"queue": queue, "messages": self.state.dead.pop(queue, 0)})
            case _, ["contacts" | "blocks" | "calls" | "devices", *_]:
                self._calls(request)
            case method, ["locations", *rest]:
                self._places(method, rest, request)
            case method, ["webhooks", *rest]:
                self._webhooks(method, rest, request)
            case method, ["presets", *rest]:
                self._presets(method, rest, request)
            case "GET", ["search"]:
                self._json(200, self.state.found)
            case method, ["recordings", *rest]:
                self._recordings(method, rest, request)
            case method, ["jobs", *rest]:
                self._jobs(method, rest, request)
            case _:
                self._problem(404, "not-found", "There is no such route.")

    def _check_system(self, status: int, answer: dict[str, Any]) -> None:
        caller = self.state.accounts.caller(self._secret())
        if caller is None or caller.role != "admin":
            self._problem(403, "admins-only", "Only admins may do this.")
        else:
            self._json(status, answer)

    def _secret(self) -> str:
        scheme, _, secret = self.headers.get("Authorization", "").partition(" ")
        assert "Cookie" not in self.headers
        return secret if scheme == "Bearer" else ""

    def _people(self, request: Request) -> None:
        self._answered(
            lambda: self.state.accounts.answer(
                request.method, request.path, request.query, request.body, self._secret()
            )
        )

    def _places(self, method: str, rest: list[str], request: Request) -> None:
        caller = self.state.accounts.caller(self._secret())
        assert caller is not None
        self._answered(lambda: self.state.locations.answer(method, rest, request.query, request.body, caller))

    def _calls(self, request: Request) -> None:
        caller = self.state.accounts.caller(self._secret())
        assert caller is not None
        parts = request.path.split("/")[2:]
        self._answered(
            lambda: self.state.calls.answer(request.method, parts, request.query, request.body, caller.unique_id)
        )

    def _webhooks(self, method: str, rest: list[str], request: Request) -> None:
        key = self.headers["Idempotency-Key"]
        self._answered(lambda: self.state.webhooks.answer(method, rest, request.query, request.body, key))

    def _answered(self, ask: Callable[[], Answer]) -> None:
        try:
            status, body = ask()
        except Refusal as refusal:
            headers = {"Retry-After": "12"} if refusal.status == 429 else None
            self._problem(refusal.status, refusal.slug, refusal.detail, headers, **refusal.facts)
            return
        if status == 204:
            self._answer(204, b"", None)
        else:
            self._json(status, body, {"Set-Cookie": "parley_refresh=secret; Path=/"})

    def _recordings(self, method: str, rest: list[str], request: Request) -> None:  # noqa: C901 - a line for each kind of route
        match method, rest:
            case "POST", ["bulk-delete"]:
                self._delete(request.body["ids"])
            case "GET", ["stats"]:
                self._json(200, self.state.stats)
            case "POST", []:
                self._announce(request)
            case "GET", []:
                self._list(request)
            case _, [recording_id, *_] if recording_id not in self.state.recordings:
                self._problem(404, "not-found", "There is no such recording.")
            case "GET", [recording_id]:
                step = min(self.state.looks[recording_id], len(self.state.script) - 1)
                self.state.looks[recording_id] += 1
                self.state.recordings[recording_id] |= self.state.script[step]
                self._json(200, self.state.recordings[recording_id])
            case _, [recording_id, "parts"]:
                self._parts(recording_id, request)
            case "POST", [recording_id, "complete"]:
                self._complete(recording_id, request)
            case "GET", [_, "transcript" | "summary" as result]:
                self._result(result, request)
            case "PATCH", [recording_id, "transcript"]:
                self._name_speakers(recording_id, request.body["speakers"])
            case _, [recording_id, "shares", *about]:
                key = self.headers["Idempotency-Key"]
                self._answered(lambda: self.state.shares.answer(method, recording_id, about, request.body, key))
            case _:
                self._problem(404, "not-found", "There is no such route.")

    def _jobs(self, method: str, rest: list[str], request: Request) -> None:
        known = {one["id"]: one for recording in self.state.recordings.values() for one in recording["jobs"]}
        match method, rest:
            case "POST", []:
                self._start(request)
            case "GET", [job_id, "result"] if job_id in self.state.results:
                self._json(200, self.state.results[job_id])
            case "GET", [job_id, "files", name] if job_id in self.state.results and name in self.state.files:
                self._answer(307, b"", None, {"Location": f"{self.state.url}/storage/files/{name}"})
            case "GET", [job_id] if job_id in known:
                recording_id = next(one["id"] for one in self.state.recordings.values() if known[job_id] in one["jobs"])
                self._json(200, known[job_id] | {"recording_id": recording_id})
            case "POST", [job_id, "cancel"] if job_id in known:
                if known[job_id]["status"] in {"succeeded", "failed"}:
                    self._problem(409, "job-already-finished", "The job has ended already.")
                    return
                known[job_id]["status"] = "cancelled"
                self._json(200, known[job_id])
            case "GET", []:
                self._list_jobs(request.query)
            case "POST", [job_id, "retry"] if job_id in known:
                self._retry(known[job_id])
            case _:
                self._problem(404, "not-found", "There is no such job.")

    def _list_jobs(self, query: dict[str, str]) -> None:
        asked = {name: value for name, value in query.items() if name not in {"limit", "cursor"}}
        everything = [
            one | {"recording_id": recording["id"], "created_at": recording["created_at"]}
            for recording in self.state.recordings.values()
            for one in recording["jobs"]
        ]
        # As a real one looks at a few at a time, pages may be empty that more follow.
        at = int(query.get("cursor", 0))
        items = [one for one in everything[at : at + 1] if asked.items() <= one.items()]
        self._json(200, {"items": items, "next_cursor": str(at + 1) if at + 1 < len(everything) else None})

    def _retry(self, old: dict[str, Any]) -> None:
        if old["status"] not in {"failed", "cancelled"}:
            self._problem(409, "nothing-to-retry", f"The job is {old['status']}.")
            return
        recording = next(one for one in self.state.recordings.values() if old in one["jobs"])
        new = job(old["kind"], "queued", id="job_09", retry_of=old["id"], recording_id=recording["id"])
        self._json(*self.state.remembered.setdefault(self.headers["Idempotency-Key"], (202, new)))

    def _presets(self, method: str, rest: list[str], request: Request) -> None:
        assert method != "POST" or self.headers["Idempotency-Key"]
        self._answered(lambda: self.state.presets.answer(method, rest, request.query, request.body))

    def _start(self, request: Request) -> None:
        body, key = request.body, self.headers["Idempotency-Key"]
        if body["recording_id"] not in self.state.recordings:
            self._problem(404, "not-found", "There is no such recording.")
            return
        if key not in self.state.remembered:
            self.state.started.append(body)
            told = {"options": body["options"], "recording_id": body["recording_id"]}
            new = job(body["kind"], "queued", id=f"job_{len(self.state.started) + 2:02}", **told)
            self.state.remembered[key] = (202, new)
        if self.state.dropped_posts:
            self.state.dropped_posts -= 1
            self._hang_up()
            return
        self._json(*self.state.remembered[key])

    def _announce(self, request: Request) -> None:
        body = request.body
        key = self.headers["Idempotency-Key"]
        if key in self.state.remembered:
            self._json(*self.state.remembered[key])
            return
        if not body["content_type"].startswith(("audio/", "video/", "application/octet-stream")):
            self._problem(422, "unsupported-media-type", "Only audio and video can be recordings.")
            return
        there = [] if body.get("allow_duplicate") else self._same(body)
        if there:
            self._json(200, {"recording": there[-1], "upload": None, "duplicate": True})
            return
        recording_id = f"rec_{len(self.state.recordings):026}"
        recording = {
            "id": recording_id,
            "title": body.get("title") or body["filename"],
            "filename": body["filename"],
            "size": body["size"],
            "sha256": body["sha256"],
            "language": body.get("language"),
            "process": body["process"],
            "status": "awaiting_upload",
            "created_at": "2026-11-21T09:00:00Z",
            "something_new": [1],
            "jobs": [],
        }
        self.state.recordings[recording_id] = recording
        self.state.announced[recording_id] = body
        if self.state.part_size is None:
            upload: dict[str, Any] = {
                "method": "POST",
                "url": f"{self.state.url}/storage/form",
                "fields": self._policy(recording_id, body),
            }
        else:
            assert body["part_checksums"]
            self.state.parts[recording_id] = {}
            upload = {"method": "multipart", "part_size": self.state.part_size, "parts": []}
        self.state.remembered[key] = (201, {"recording": recording, "upload": upload})
        if self.state.dropped_posts:
            self.state.dropped_posts -= 1
            self._hang_up()
            return
        self._json(*self.state.remembered[key])

    def _same(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        there = [one for one in self.state.recordings.values() if one["status"] == "uploaded"]
        return [one for one in there if (one.get("sha256"), one.get("size")) == (body["sha256"], body["size"])]

    def _policy(self, recording_id: str, body: dict[str, Any]) -> dict[str, str]:
        return {
            "key": f"media/usr_1/{recording_id}/source",
            "Content-Type": body["content_type"],
            "x-amz-checksum-sha256": b64encode(bytes.fromhex(body["sha256"])).decode(),
            "x-amz-algorithm": "AWS4-HMAC-SHA256",
            "policy": "eyJjb25kaXRpb25zIjpbXX0=",
            "x-amz-signature": hashlib.sha256(recording_id.encode()).hexdigest(),
        }

    def _parts(self, recording_id: str, request: Request) -> None:
        if recording_id not in self.state.parts:
            self._problem(409, "not-in-parts", "This recording is not sent in parts.")
        elif request.method == "GET":
            self._list_parts(recording_id)
        else:
            self._json(200, {"parts": [self._part(recording_id, part) for part in request.body["parts"]]})

    def _part(self, recording_id: str, wanted: dict[str, Any]) -> dict[str, Any]:
        number, checksum = wanted["number"], wanted["checksum_sha256"]
        # The first signature of some has run out by the time it is used.
        age = "stale" if number in self.state.expired_parts else "fresh"
        self.state.expired_parts.discard(number)
        url = f"{self.state.url}/storage/parts/{recording_id}/{number}?signed={age}"
        return {"number": number, "url": url, "headers": {"x-amz-checksum-sha256": checksum}}

    def _list_parts(self, recording_id: str) -> None:
        parts = sorted(self.state.parts[recording_id].items())
        shown = [
            {"number": number, "size": len(content), "etag": '"e"', "checksum_sha256": _checksum(content)}
            for number, content in parts
        ]
        self._json(200, {"part_size": self.state.part_size, "part_checksums": True, "parts": shown})

    def _complete(self, recording_id: str, request: Request) -> None:
        parts = self.state.parts[recording_id]
        there = [{"number": number, "checksum_sha256": _checksum(parts[number])} for number in sorted(parts)]
        assert request.body["parts"] == there
        content = b"".join(parts[number] for number in sorted(parts))
        if len(content) != self.state.announced[recording_id]["size"]:
            self._problem(409, "parts-missing", "Some parts are not here yet.")
            return
        self.state.stored[recording_id] = Stored(len(content), hashlib.sha256(content).hexdigest(), [])
        self._json(200, {"recording": self.state.recordings[recording_id]})

    def _list(self, request: Request) -> None:
        everything = list(self.state.recordings.values())
        start, size = int(request.query.get("cursor", 0)), int(request.query["limit"])
        assert size <= 100
        end = start + min(size, 3)  # pages may be smaller than was asked for
        cursor = str(end) if end < len(everything) else None
        self._json(200, {"items": everything[start:end], "next_cursor": cursor})

    def _delete(self, ids: list[str]) -> None:
        assert len(ids) <= 1000
        deleted = [one for one in ids if self.state.recordings.pop(one, None) is not None]
        none = {"code": "not-found", "detail": "There is no such recording."}
        failed = [{"id": one, **none} for one in ids if one not in deleted]
        self._json(200, {"deleted": deleted, "failed": failed})

    def _result(self, result: str, request: Request) -> None:
        if result == "summary":
            self._json(200, self.state.summary)
        else:
            self._transcript(request.query["format"])

    def _name_speakers(self, recording_id: str, names: dict[str, str | None]) -> None:
        unknown = [one for one, name in names.items() if name is not None and one not in self.state.speakers]
        if unknown:
            self._problem(422, "unknown-speaker", f"Nobody in the transcript is called {unknown[0]!r}.")
            return
        self.state.speakers |= {one: name or one for one, name in names.items()}
        self._json(200, {"recording_id": recording_id, "job_id": "job_01", "segments": [], "words": 11})

    def _transcript(self, form: str) -> None:
        match form:
            case "json":
                self._json(200, TRANSCRIPT)
            case "txt":
                self._answer(200, f"{TRANSCRIPT['text']}\n".encode(), "text/plain; charset=utf-8")
            case "srt":
                self._answer(200, b"1\r\n00:00:00,000 --> 00:00:04,200\r\nWe ship\r\n\r\n", "application/x-subrip")
            case _:
                self._problem(422, "invalid", "There is no such format.")

    # Storage

    def _storage(self, request: Request) -> None:
        assert "Authorization" not in self.headers
        assert "X-Api-Key" not in self.headers
        if request.path.startswith("/storage/files/"):
            self._send_file(self.state.files[request.path.rpartition("/")[2]])
            return
        if request.method == "GET":
            self._json(200, TRANSCRIPT)
            return
        if "Content-Length" not in self.headers:
            self._storage_error(411, "MissingContentLength")
            return
        length = int(self.headers["Content-Length"])
        with self.server.lock:
            drop = self.state.dropped_uploads > 0
            self.state.dropped_uploads -= drop
            error = self.state.storage_errors.pop(0) if self.state.storage_errors else None
        if drop:
            self.rfile.read(length // 2)
            self._hang_up()
        elif error:
            self.rfile.read(length)
            self._storage_error(*error)
        elif self.command == "PUT":
            self._put_part(request, length)
        else:
            self._post_form(length)

    def _send_file(self, content: bytes) -> None:
        start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        with self.server.lock:
            breaks = self.state.broken_downloads > 0
            self.state.broken_downloads -= breaks
        self.wfile.write(content[start : len(content) // 2] if breaks else content[start:])
        if breaks:
            self.wfile.flush()
            self.close_connection = True

    def _put_part(self, request: Request, length: int) -> None:
        recording_id, number = request.path.split("/")[3], int(request.path.split("/")[4])
        content = self.rfile.read(length)
        with self.server.lock:
            if request.query["signed"] != "fresh":
                self._storage_error(EXPIRED, "AccessDenied", "Request has expired")
                return
            if self.headers["x-amz-checksum-sha256"] != _checksum(content):
                self._storage_error(400, "BadDigest", "The SHA256 you specified did not match")
                return
            self.state.parts[recording_id][number] = content
            self.state.part_puts.append(number)
        self._answer(200, b"", None, {"ETag": f'"{hashlib.md5(content).hexdigest()}"'})

    def _post_form(self, length: int) -> None:
        """Take a form as S3 does: fields in any order, the file last, each byte accounted for, never all in memory."""
        boundary = re.fullmatch(r"multipart/form-data; boundary=([\w-]+)", self.headers["Content-Type"])
        assert boundary
        line, closing = f"--{boundary[1]}\r\n".encode(), f"\r\n--{boundary[1]}--\r\n".encode()
        fields: list[tuple[str, str]] = []
        left = length
        while True:
            first = self.rfile.readline()
            assert first == line, first
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += self.rfile.readline()
            left -= len(first) + len(head)
            headers = BytesParser().parsebytes(head)
            name = headers.get_param("name", header="content-disposition")
            assert isinstance(name, str)
            if name == "file":
                assert headers.get_filename()
                break
            value = self.rfile.readline()
            left -= len(value)
            fields.append((name, value.decode().removesuffix("\r\n")))
        size, digest = left - len(closing), hashlib.sha256()
        remaining = size
        while remaining:
            chunk = self.rfile.read(min(remaining, 1 << 16))
            assert chunk
            digest.update(chunk)
            remaining -= len(chunk)
        assert self.rfile.read(len(closing)) == closing
        self._keep(Stored(size, digest.hexdigest(), fields))

    def _keep(self, stored: Stored) -> None:
        key = dict(stored.fields)["key"]
        recording_id = key.split("/")[2]
        with self.server.lock:
            announced = self.state.announced[recording_id]
            policy = self._policy(recording_id, announced)
            if dict(stored.fields) != policy or len(stored.fields) != len(policy):
                self._storage_error(403, "AccessDenied", "Invalid according to Policy: Policy Condition failed")
            elif stored.size > self.state.largest:
                limit = f"<MaxSizeAllowed>{self.state.largest}</MaxSizeAllowed>"
                self._storage_error(400, "EntityTooLarge", "Your proposed upload exceeds the maximum", limit)
            elif stored.size != announced["size"]:
                self._storage_error(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum")
            elif stored.sha256 != announced["sha256"]:
                self._storage_error(400, "BadDigest", "The SHA256 you specified did not match")
            else:
                self.state.stored[recording_id] = stored
                self._answer(204, b"", None)

    def _storage_error(self, status: int, code: str, message: str = "No.", more: str = "") -> None:
        body = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{escape(message)}</Message>'
            f"{more}<RequestId>S3REQ</RequestId><HostId>h</HostId></Error>"
        )
        self._answer(status, body.encode(), "application/xml")

    # Answers

    def _hang_up(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, not an end
        self.close_connection = True
        self.connection.close()

    def _problem(
        self, status: int, code: str, detail: str, headers: dict[str, str] | None = None, **facts: Any
    ) -> None:
        body = {"type": "about:blank", "status": status, "code": code, "detail": detail, "request_id": "req_7"} | facts
        self._answer(status, json.dumps(body).encode(), "application/problem+json", headers)

    def _json(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        self._answer(status, json.dumps(body).encode(), "application/json", headers)

    def _answer(self, status: int, body: bytes, media_type: str | None, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if media_type:
            self.send_header("Content-Type", media_type)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class FakeServer(ThreadingHTTPServer):
    """Runs in a thread of the test; what goes wrong in it is kept for the test to see."""

    daemon_threads = False  # closing it waits for them: no thread outlives its test

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.RLock()
        self.state = State(url=f"http://127.0.0.1:{self.server_address[1]}")
        self.faults: list[str] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | BrokenPipeError):
            self.faults.append(traceback.format_exc())
