"""One request to an address that somebody else chose.

The name is looked up, every address found is judged, and the connection goes to an address that was judged: there is no
second look-up that could answer otherwise. Redirects are not followed, proxies of the environment not used, cookies not
kept, and of the answer only the first bytes are read.
"""

import asyncio
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpcore2

from mela.services.webhooks.rules import answers
from mela.services.webhooks.rules.addresses import AddressRefused, Guard

REFUSED, UNKNOWN_NAME, TIMED_OUT, NO_CONNECTION = "address_refused", "unknown_name", "timed_out", "no_connection"
"""Why there was no answer."""
_IDLE_S = 15.0


@dataclass(frozen=True)
class Answer:
    """What came back: a status, or the reason why none did."""

    status: int | None
    error: str | None
    body: str = ""
    retry_after_s: float | None = None


class _Unknown(Exception):
    """The name has no address."""


class _Pinned(httpcore2.AsyncNetworkBackend):
    """Connects to addresses that the guard permits, and to no name."""

    def __init__(self, guard: Guard) -> None:
        self._guard, self._inner = guard, httpcore2.AnyIOBackend()

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,  # noqa: ASYNC109
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:  # fmt: skip
        """Raises: AddressRefused, httpcore2.ConnectError."""
        failed: Exception = httpcore2.ConnectError("no address")
        for address in self._guard.choose(await _look_up(host, port)):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise failed


class Post:
    """Sends. One for a process; close it."""

    def __init__(self, guard: Guard, *, timeout_s: float, most: int) -> None:
        self._timeout_s = timeout_s
        self._pool = httpcore2.AsyncConnectionPool(
            max_connections=most, max_keepalive_connections=32, keepalive_expiry=_IDLE_S, network_backend=_Pinned(guard)
        )

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The answer, within the time-out; never raises what a network or an endpoint can do."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._exchange(url, headers, body)
        except (TimeoutError, httpcore2.TimeoutException):
            return Answer(None, TIMED_OUT)
        except AddressRefused as error:
            return Answer(None, f"{REFUSED}: {error}")
        except _Unknown:
            return Answer(None, UNKNOWN_NAME)
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
            return Answer(None, f"{NO_CONNECTION}: {error}"[:200])

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.aclose()

    async def _exchange(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        async with self._pool.stream("POST", url, headers=list(headers.items()), content=body) as answer:
            begun = b""
            async for part in answer.aiter_stream():
                begun += part
                if len(begun) >= answers.FIRST_BYTES:
                    break
            asked = next((value for name, value in answer.headers if name.lower() == b"retry-after"), b"")
            after_s = answers.retry_after_s(asked.decode("ascii", "replace"))
            return Answer(answer.status, None, answers.first_bytes(begun), after_s)


async def _look_up(host: str, port: int) -> list[str]:
    """Every address of a name. Raises: _Unknown."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise _Unknown from None
    return [str(entry[4][0]) for entry in found]
