"""A real browser: the one of the machine, never one that is downloaded."""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_MS: Final = 120_000
"""A machine with much else to do is no fault."""


def chromium_path() -> str:
    """Find the browser: CHROMIUM says where, or it is on the PATH."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.fail(
            "There is no Chromium: install it (Debian: apt install chromium), or say in CHROMIUM where one is.",
            pytrace=False,
        )
    return found


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """Start the browser; while it runs, no event loop can be started in this thread."""
    path = chromium_path()
    with sync_playwright() as playwright:
        # Chromium's own sandbox needs rights that containers do not give; nothing but our own pages is opened.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", *flags], timeout=PATIENCE_MS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def pages_of(folder: Path) -> Iterator[str]:
    """Serve a folder from 127.0.0.1, which makes a secure context; yields its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass
