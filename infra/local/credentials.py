"""Every process gets the rights of its own role and no others, the way ECS hands them to a container.

The AWS SDK asks the address in AWS_CONTAINER_CREDENTIALS_FULL_URI, with the token that only this process was given, and
asks again before they end. It is served on a loopback port of its own, whatever HOST the API listens on.
"""

import asyncio
import json
import os
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import boto3
import uvicorn
from botocore.exceptions import BotoCoreError, ClientError

from infra.local.resources.aws import Aws
from infra.local.servers import QuietServer, listen

_LIFE: Final = 3600
"""Seconds; the SDK asks again a quarter of an hour before the end."""

_USED_FOR: Final = 1800


@dataclass(frozen=True, slots=True)
class _Lent:
    aws: Aws
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signs with an access key."""

    role_arn: str | None
    """None: the account itself."""
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


class Roles:
    """Takes on roles of the stack."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._lent: dict[str, _Lent] = {}
        self._signers: dict[str, tuple[Signer, datetime]] = {}

    def take_on(self, role_arn: str) -> dict[str, Any]:
        """Return new credentials of a role."""
        answer = self._aws.sts.assume_role(RoleArn=role_arn, RoleSessionName="local", DurationSeconds=_LIFE)
        credentials = answer["Credentials"]
        signer = Signer(role_arn=role_arn, secret_key=credentials["SecretAccessKey"], token=credentials["SessionToken"])
        # Every new one makes room for those that have ended: threads take roles on side by side, so not in place.
        now = datetime.now(UTC)
        alive = {key: known for key, known in self._signers.items() if now < known[1]}
        self._signers = alive | {credentials["AccessKeyId"]: (signer, credentials["Expiration"])}
        return dict(credentials)

    def signer(self, access_key: str) -> Signer | None:
        """Return who signs with a key: a role that it was made for here, or the account itself."""
        signer, until = self._signers.get(access_key, (None, None))
        if signer is not None and until is not None:
            return signer if datetime.now(UTC) < until else None
        own = self._aws.session.get_credentials()
        if own is None or own.access_key != access_key:
            return None
        return Signer(role_arn=None, secret_key=own.secret_key, token=own.token)

    def aws_as(self, role_arn: str) -> Aws:
        """Return the account as a role sees it; ask again rather than keep it, since its credentials end."""
        lent = self._lent.get(role_arn)
        if lent is None or time.monotonic() > lent.until:
            credentials = self.take_on(role_arn)
            session = boto3.Session(
                aws_access_key_id=credentials["AccessKeyId"],
                aws_secret_access_key=credentials["SecretAccessKey"],
                aws_session_token=credentials["SessionToken"],
            )
            aws = Aws(session, self._aws.region, self._aws.endpoint_url)
            lent = self._lent[role_arn] = _Lent(aws, time.monotonic() + _USED_FOR)
        return lent.aws


class CredentialsServer:
    """Hands a role's credentials to whoever shows the token made for it."""

    def __init__(self, roles: Roles) -> None:
        self._roles = roles
        self._role_arns: dict[str, str] = {}
        self._socket = listen("127.0.0.1", 0)
        self._server = QuietServer(uvicorn.Config(self, log_level="critical", lifespan="off", ws="none"))
        self._serving: asyncio.Task[None] | None = None

    def environment_for(self, role_arn: str, *, aws_url: str, region: str) -> dict[str, str]:
        """Return the variables that make an AWS SDK use a role here."""
        token = secrets.token_urlsafe(32)
        self._role_arns[token] = role_arn
        return {
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": token,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{self._socket.getsockname()[1]}/",
            "AWS_DEFAULT_REGION": region,
            "AWS_ENDPOINT_URL": aws_url,
            "AWS_REGION": region,
            # Otherwise the user's own account would come first.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def start(self) -> None:
        """Serve from now on."""
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))

    async def stop(self) -> None:
        """Stop serving."""
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        _receive: Callable[[], Awaitable[Any]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        """Answer one request for credentials."""
        token = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        role_arn = self._role_arns.get(token)
        status, answer = 403, {"message": "No role goes with this token."}
        if role_arn is not None:
            try:
                status, answer = 200, _for_the_sdk(await asyncio.to_thread(self._roles.take_on, role_arn))
            except (BotoCoreError, ClientError) as error:
                status, answer = 503, {"message": str(error)}
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]}
        )
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


def _for_the_sdk(credentials: dict[str, Any]) -> dict[str, str]:
    return {
        "AccessKeyId": credentials["AccessKeyId"],
        "SecretAccessKey": credentials["SecretAccessKey"],
        "Token": credentials["SessionToken"],
        "Expiration": credentials["Expiration"].isoformat(),
    }
