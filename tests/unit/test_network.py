"""The wall around unit tests stands."""

import socket

import pytest
import pytest_socket


def test_a_unit_test_cannot_open_a_connection() -> None:
    with pytest.warns(match="A test tried"), pytest.raises(pytest_socket.SocketBlockedError):
        socket.create_connection(("127.0.0.1", 9))
