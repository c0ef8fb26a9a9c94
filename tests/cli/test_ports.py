"""A taken port is named; one that is only the end of a connection passes."""

import socket
from contextlib import closing

import pytest

from shared.cli.ports import PortTaken, require_free
from tests.support.program import free_port

HOST = "127.0.0.1"


def test_a_free_port_is_free_and_stays_so() -> None:
    port = free_port()
    require_free(HOST, port, "functions", "--port")
    require_free(HOST, port, "functions", "--port")


def test_a_port_with_a_listener_is_named_at_once() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"Port {port} \(functions\) .* taken .* --port"):
            require_free(HOST, port, "functions", "--port", waiting=_must_not_wait)


def test_an_address_that_is_not_ours_is_named() -> None:
    with pytest.raises(PortTaken, match="cannot be used"):
        require_free("192.0.2.1", free_port(), "functions", "--port", waiting=_must_not_wait)


def test_the_end_of_a_connection_is_waited_for() -> None:
    near = socket.socket()
    near.bind((HOST, free_port()))
    port = near.getsockname()[1]
    waits: list[int] = []

    def waiting() -> None:
        waits.append(port)
        if len(waits) == 2:
            near.close()

    with socket.create_server((HOST, 0)) as server:
        near.connect(server.getsockname())
        # The other end closes first, so that ours leaves nothing behind.
        far, _ = server.accept()
        with closing(near):
            far.close()
            require_free(HOST, port, "functions", "--port", waiting)
    assert len(waits) == 2


def test_waiting_can_be_given_up() -> None:
    with socket.socket() as bound:
        bound.bind((HOST, free_port()))
        with pytest.raises(InterruptedError):
            require_free(HOST, bound.getsockname()[1], "functions", "--port", _give_up)


def _give_up() -> None:
    raise InterruptedError


def _must_not_wait() -> None:
    raise AssertionError("it waited")
