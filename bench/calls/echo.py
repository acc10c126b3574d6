"""A bare echo server: what a round trip costs without anything behind it."""

import asyncio
import sys

from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol


async def _echo(socket: ServerConnection) -> None:
    async for message in socket:
        await socket.send(message)


async def _run(port: int) -> None:
    async with serve(_echo, "127.0.0.1", port, subprotocols=[Subprotocol("parley.v1")]):
        await asyncio.Future()


if __name__ == "__main__":
    asyncio.run(_run(int(sys.argv[1])))
