"""Meetings to summarise, and a little chat API on loopback."""

import contextlib
import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from functions.core.jobs.results import Segment, Transcript
from gpu_worker.language.chat import ChatSummariser
from gpu_worker.language.endpoint import ChatEndpoint

HERE = Path(__file__).parent
KEY = "sk-very-secret"


@dataclass
class Reply:
    """What the server does with one question."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False
    drips: bool = False


class ChatServer:
    """Answers in turn with what `replies` holds, the last one for ever, and remembers what it was asked."""

    def __init__(self) -> None:
        self.replies: deque[Reply | Callable[[dict[str, Any]], Reply]] = deque()
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.released = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_port}/v1"

    def says(self, content: Any, *, tokens: int | None = None, reason: str = "stop") -> "ChatServer":
        text = content if isinstance(content, str) or content is None else json.dumps(content, ensure_ascii=False)
        body: dict[str, Any] = {
            "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": reason}]
        }
        if tokens is not None:
            body["usage"] = {"prompt_tokens": tokens}
        self.replies.append(Reply(body=body))
        return self

    def fails(self, status: int, *, error: dict[str, Any] | None = None, **headers: str) -> "ChatServer":
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.replies.append(Reply(status=status, body={"error": error or {}}, headers=names))
        return self

    def hangs(self) -> "ChatServer":
        self.replies.append(Reply(hangs=True))
        return self

    def drips(self) -> "ChatServer":
        """Send blank lines for ever, as a busy DeepSeek does."""
        self.replies.append(Reply(drips=True))
        return self

    def answers(self, answer: Callable[[dict[str, Any]], Any]) -> "ChatServer":
        """Let a function decide, seeing the question; it may return an HTTP status."""

        def reply(question: dict[str, Any]) -> Reply:
            content = answer(question)
            if isinstance(content, int):
                return Reply(status=content, body={"error": {}})
            message = {"role": "assistant", "content": json.dumps(content, ensure_ascii=False)}
            return Reply(body={"choices": [{"message": message, "finish_reason": "stop"}]})

        self.replies.append(reply)
        return self

    def close(self) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                question = json.loads(self.rfile.read(int(self.headers["content-length"])))
                server.asked.append(question | {"path": self.path})
                server.keys.append(self.headers["authorization"])
                reply = server.replies.popleft() if len(server.replies) > 1 else server.replies[0]
                reply = reply if isinstance(reply, Reply) else reply(question)
                if reply.hangs:
                    server.released.wait(20)
                    self.close_connection = True
                    return
                if reply.drips:
                    self._drip()
                    return
                body = json.dumps(reply.body).encode()
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _drip(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.close_connection = True
                with contextlib.suppress(OSError):
                    while not server.released.wait(0.01):
                        self.wfile.write(b"\n")

            def log_message(self, *args: object) -> None:
                """Tests need no log."""

        return Handler


@pytest.fixture
def chat() -> Iterator[ChatServer]:
    server = ChatServer()
    yield server
    server.close()


@pytest.fixture
def waits() -> list[float]:
    """Where the pauses between tries end up instead of being slept."""
    return []


@pytest.fixture
def endpoint_of(chat: ChatServer, waits: list[float]) -> Callable[..., ChatEndpoint]:
    def build(**changes: Any) -> ChatEndpoint:
        settings = {"base_url": chat.url, "model": "little", "api_key": KEY, "timeout": 10.0, "wait": waits.append}
        return ChatEndpoint(**(settings | changes))

    return build


@pytest.fixture
def summariser(endpoint_of: Callable[..., ChatEndpoint]) -> ChatSummariser:
    return ChatSummariser(endpoint_of())


@pytest.fixture
def meeting() -> Callable[[str], Transcript]:
    def read(language: str) -> Transcript:
        lines = (HERE / f"meeting.{language}.txt").read_text("utf-8").splitlines()
        return transcript_of(*[line.split("|", 1) for line in lines], language=language)

    return read


@pytest.fixture
def spoken_by() -> Callable[..., Transcript]:
    """A transcript out of pairs of speaker and text."""
    return transcript_of


def transcript_of(*said: tuple[str | None, str] | list[str], language: str = "en") -> Transcript:
    segments = []
    now = 0.0
    for number, (speaker, text) in enumerate(said):
        end = now + max(1.0, len(text) / 15)
        segments.append(Segment(id=number, start=now, end=end, text=text, speaker=speaker))
        now = end + 0.3
    return Transcript(
        language=language, language_probability=0.99, duration=now, segments=tuple(segments), model="test"
    )
