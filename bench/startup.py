"""From a fresh clone to a healthy answer and to the first transcript; and the second start."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tests.local_system import eventually, free_port
from tests.speech_synthesis import conversation, write_wav

ROOT: Final = Path(__file__).parent.parent
SENTENCES: Final = ["Send the invoice to Anna by Friday.", "The meeting is on Tuesday at ten."]
PATIENCE: Final = 900.0


def measure() -> None:
    """Print seconds: cold (nothing downloaded), fresh clone with a warm download cache, warm start."""
    with tempfile.TemporaryDirectory() as folder:
        talk = write_wav(Path(folder) / "talk.wav", conversation(SENTENCES))
        print("| start | healthy after | first transcript and summary after |\n|---|---|---|")
        clone, cache = Path(folder) / "clone", Path(folder) / "cache"
        _clone(clone)
        _report(
            "fresh clone, everything downloaded", clone, talk, {"UV_CACHE_DIR": str(cache), "PIP_NO_CACHE_DIR": "1"}
        )
        for number in (1, 2, 3):
            _report(f"warm start {number}", clone, talk, {"UV_CACHE_DIR": str(cache)})


def _clone(into: Path) -> None:
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(into)], check=True)  # noqa: S607


def _report(name: str, clone: Path, talk: Path, environment: Mapping[str, str]) -> None:
    began = time.perf_counter()
    with _up(clone, environment) as url:
        healthy = time.perf_counter() - began
        _transcribe(clone, url, talk)
        transcribed = time.perf_counter() - began
    print(f"| {name} | {healthy:.1f} s | {transcribed:.1f} s |", flush=True)


@contextmanager
def _up(clone: Path, environment: Mapping[str, str]) -> Iterator[str]:
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PARLEY_"))}
    # Without the hub: what a download of a model takes is the network's time, not ours.
    ours = {"PORT": str(port), "HF_HUB_OFFLINE": "1", "WHISPER_MODEL": "demo", **environment}
    up = subprocess.Popen(
        ["make", "up"],  # noqa: S607
        cwd=clone,
        env={**kept, **ours},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        eventually(lambda: _is_healthy(url, up), within=PATIENCE)
        yield url
    finally:
        with suppress(ProcessLookupError):
            os.killpg(up.pid, signal.SIGINT)
        up.wait(60)


def _is_healthy(url: str, up: subprocess.Popen[bytes]) -> bool:
    if up.poll() is not None:
        sys.exit("`make up` ended; run it by hand to see why.")
    try:
        with urllib.request.urlopen(f"{url}/v1/health", timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _transcribe(clone: Path, url: str, talk: Path) -> None:
    with tempfile.TemporaryDirectory() as config:
        environment = {"PATH": os.environ["PATH"], "XDG_CONFIG_HOME": config, "PARLEY_SERVER": url}
        parley = str(clone / ".venv" / "bin" / "parley")
        name = f"bench-{time.time_ns()}"
        register = [parley, "register", "--username", name, "--email", f"{name}@example.com"]
        subprocess.run(register, env=environment, check=True, capture_output=True, input=b"correct horse battery\n")
        said = subprocess.run(
            [parley, "upload", "--watch", str(talk)], env=environment, check=True, capture_output=True, text=True
        )
        if "invoice" not in said.stdout.lower():
            sys.exit(f"The transcript is wrong: {said.stdout}")
