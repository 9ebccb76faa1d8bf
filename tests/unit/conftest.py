"""Unit tests touch no network. Unix sockets stay open: the event loop wakes itself through a pair of them."""

import pytest
import pytest_socket


@pytest.fixture(autouse=True)
def no_network() -> None:
    pytest_socket.disable_socket(allow_unix_socket=True)
