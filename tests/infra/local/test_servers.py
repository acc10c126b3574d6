import socket

import pytest

from infra.local.servers import gateway_config, listen


def test_small_answers_are_sent_at_once() -> None:
    # asyncio looks at the protocol, and leaves Nagle's algorithm on where it is not named: 40 ms for each answer.
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_a_peer_that_is_gone_without_a_word_is_noticed() -> None:
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()) as _:
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT) == 3
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 90_000


def test_upgrades_are_ignored_where_there_is_no_web_socket_api() -> None:
    assert gateway_config(object(), has_web_sockets=False).ws == "none"


def test_a_port_in_use_is_an_error() -> None:
    with listen("127.0.0.1", 0) as listener, pytest.raises(OSError, match="in use"):
        listen("127.0.0.1", listener.getsockname()[1])
