"""Sends to open WebSocket connections.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
"""

from typing import Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from functions.core.aws import client

_GONE: Final = "GoneException"


class ConnectionGone(Exception):
    """Nobody is behind the connection any more."""


class NotPosted(Exception):
    """The message did not go out; the connection may be there."""


class Posts(Protocol):
    """Sends messages."""

    def post(self, connection_id: str, data: bytes) -> None:
        """Send one message of at most 128 KB; raises ConnectionGone, NotPosted."""
        ...

    def close(self, connection_id: str) -> None:
        """End a connection; one that is gone already is no error."""
        ...


class ApiGatewayPosts:
    """The real one."""

    def __init__(self, realtime_url: str) -> None:
        """`realtime_url` is where clients connect: wss://.../ws."""
        # wss becomes https, and ws http.
        self._client = client("apigatewaymanagementapi", endpoint_url="http" + realtime_url.removeprefix("ws"))

    def post(self, connection_id: str, data: bytes) -> None:
        """Send one message of at most 128 KB; raises ConnectionGone, NotPosted."""
        try:
            self._client.post_to_connection(ConnectionId=connection_id, Data=data)
        except ClientError as error:
            if error.response["Error"]["Code"] == _GONE:
                raise ConnectionGone from error
            raise NotPosted(error.response["Error"]["Code"]) from error
        except BotoCoreError as error:
            raise NotPosted(type(error).__name__) from error

    def close(self, connection_id: str) -> None:
        """End a connection; one that is gone already is no error."""
        try:
            self._client.delete_connection(ConnectionId=connection_id)
        except ClientError as error:
            if error.response["Error"]["Code"] != _GONE:
                raise NotPosted(error.response["Error"]["Code"]) from error
        except BotoCoreError as error:
            raise NotPosted(type(error).__name__) from error
