"""AWS on this machine: ministack in a process of its own, behind a thin layer that keeps its state and guards it.

Kept shortly after every change, so that even kill -9 loses less than a second. With 5,000 documents (5 MB) on two
cores, a put takes 2 ms, 10 ms at the 99th percentile, and 190 ms at worst: while a snapshot is being written.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final

from infra.local.data_dir import Secrets
from infra.local.leash import end_with_stdin, hold_on_to
from infra.local.positions import Positions
from infra.local.settings import LocalSettings

READY: Final = "ready"
CHANGED: Final = "changed"
"""Said when a table's stream has something new."""

ACCOUNT_ID: Final = "000000000000"
_SHUTDOWN_GRACE: Final = 5

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def emulator_environment(settings: LocalSettings, secrets: Secrets) -> dict[str, str]:
    """Return what ministack and this module read."""
    state = settings.data_dir / "aws"
    return {
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": secrets.aws_access_key_id,
        "AWS_SECRET_ACCESS_KEY": secrets.aws_secret_access_key,
        # No Docker, whatever the machine has: the emulator would remove every container that it takes for its own.
        "DOCKER_HOST": f"unix://{state}/no-docker",
        "GATEWAY_PORT": str(settings.emulator_port),
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "ERROR",
        "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
        "MINISTACK_REGION": settings.region,
        "PARLEY_EMULATOR_HOST": settings.host,
        "PARLEY_STREAM_POSITIONS": str(settings.stream_positions),
        "PERSIST_STATE": "1",
        "S3_DATA_DIR": str(state / "s3"),
        "S3_PERSIST": "1",
        "SFTP_ENABLED": "0",
        "STATE_DIR": str(state / "state"),
    }


class KeptEmulator:
    """ministack's ASGI app with its state kept."""

    def __init__(self) -> None:
        # Reads the environment when imported.
        from ministack.app import app  # noqa: PLC0415

        from infra.local.multipart_tags import guard_multipart_tags  # noqa: PLC0415
        from infra.local.snapshots import Snapshots  # noqa: PLC0415
        from infra.local.stream_state import StreamState, guard_streams  # noqa: PLC0415

        guard_multipart_tags()
        guard_streams()
        self._app: Callable[[Scope, Receive, Send], Awaitable[None]] = app
        self._streams = StreamState(Positions(Path(os.environ["PARLEY_STREAM_POSITIONS"])))
        self._snapshots = Snapshots(self._streams)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        match scope["type"]:
            case "lifespan":
                await self._live(scope, receive, send)
            case "http" if reason := _reason_to_refuse(scope):
                await _refuse(send, reason)
            case "http":
                await self._app(scope, receive, send)
                self._snapshots.notice(scope)
                if self._streams.have_grown():
                    print(CHANGED, flush=True)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def receive_start_only() -> MutableMapping[str, Any]:
            nonlocal started
            if not started:
                started = True
                return await receive()
            # ministack's own shutdown would save what we don't keep and import what we don't use.
            await receive()
            await self._snapshots.finish()
            await send({"type": "lifespan.shutdown.complete"})
            raise asyncio.CancelledError

        try:
            self._snapshots.restore()
            await self._app(scope, receive_start_only, send)
        except asyncio.CancelledError:
            return


def _reason_to_refuse(scope: Scope) -> str | None:
    path: str = scope["path"]
    if path.startswith(("/_ministack", "/_localstack", "/_aws")) and path != "/_ministack/health":
        # They reset everything, for anyone: a web page could do it.
        return "The emulator's own administration is closed here."
    for credential in _credentials(scope):
        key = credential.split("/", 1)[0]
        if key == "test" or key.isdigit():
            # ministack takes these for the root of the account, unsigned.
            return "This key opens nothing here."
    return None


def _credentials(scope: Scope) -> list[str]:
    headers = [value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"]
    signed = [value.partition("Credential=")[2] or value.partition("AWS ")[2].replace(":", "/") for value in headers]
    query = scope.get("query_string", b"").decode("latin-1")
    return signed + [
        value
        for name, _, value in (pair.partition("=") for pair in query.split("&"))
        if name.lower() in {"x-amz-credential", "awsaccesskeyid"}
    ]


async def _refuse(send: Send, reason: str) -> None:
    body = f"<Error><Code>AccessDenied</Code><Message>{reason}</Message></Error>".encode()
    headers = [(b"content-type", b"application/xml"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main(environ: Mapping[str, str]) -> None:
    """Serve until told to stop."""
    # SIGTERM: there is still time for a last snapshot.
    hold_on_to(int(sys.argv[1]), on_death=signal.SIGTERM)
    end_with_stdin(signal.SIGTERM, grace=_SHUTDOWN_GRACE)
    Path(environ["STATE_DIR"]).mkdir(parents=True, exist_ok=True)
    import uvicorn  # noqa: PLC0415

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            if self.started:
                print(READY, flush=True)

    config = uvicorn.Config(
        KeptEmulator(),
        host=environ["PARLEY_EMULATOR_HOST"],
        port=int(environ["GATEWAY_PORT"]),
        log_level="critical",
        ws="none",
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    Server(config).run()


if __name__ == "__main__":
    main(os.environ)
