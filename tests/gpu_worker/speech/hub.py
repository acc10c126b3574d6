"""A model hub on loopback that has one small model: enough of the Hugging Face protocol to download from."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from gpu_worker.speech.models import DEMO_FOLDER

COMMIT = "0" * 40
FILES = {path.name: path.read_bytes() for path in DEMO_FOLDER.iterdir() if path.name != "parley.json"}


class _Hub(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self, *, with_body: bool) -> None:
        path = self.path.partition("?")[0]
        body = self._body(path)
        self.send_response(200 if body is not None else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha256(body or b"").hexdigest()}"')
        self.end_headers()
        if with_body and body is not None:
            self.wfile.write(body)

    def _body(self, path: str) -> bytes | None:
        if path == "/":
            return b"a hub"
        if "/tree/" in path:
            return json.dumps(
                [{"type": "file", "path": name, "size": len(body), "oid": name} for name, body in FILES.items()]
            ).encode()
        if path.startswith("/api/models/"):
            siblings = [{"rfilename": name} for name in FILES]
            return json.dumps({"id": "x/y", "sha": COMMIT, "siblings": siblings}).encode()
        return FILES.get(path.rpartition("/")[2])


@contextmanager
def running_hub() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
