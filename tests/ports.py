"""Ports for what tests start.

They lie below those that the kernel lends to clients (from 32768) and that a Kubernetes opens on its nodes (from 30000): who is
killed finds its port again. Two runs beside each other begin at different ones.
"""

import itertools
import os
import socket

_FIRST, _COUNT = 12_000, 18_000
_NUMBERS = itertools.count(os.getpid() * 2_018 % _COUNT, 2)


def free_port() -> int:
    """A port that nobody has, nor the one after it (Kafka takes two); a process gives none twice."""
    while True:
        port = _FIRST + next(_NUMBERS) % _COUNT
        if _nobody_has(port) and _nobody_has(port + 1):
            return port


def _nobody_has(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
