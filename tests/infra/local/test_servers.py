import socket

import pytest

from infra.local.servers import listen


def test_small_answers_are_sent_at_once() -> None:
    # asyncio looks at the protocol, and leaves Nagle's algorithm on where it is not named: 40 ms for each answer.
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_a_port_in_use_is_an_error() -> None:
    with listen("127.0.0.1", 0) as listener, pytest.raises(OSError, match="in use"):
        listen("127.0.0.1", listener.getsockname()[1])
