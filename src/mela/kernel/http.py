"""How a process sends its requests: `httpx2` as everybody writes it, over the connections of aiohttp.

A request costs its sender a quarter to a third of what it costs over httpx2's own connections: 0.16 against 0.52 to 0.65 ms of CPU
(`python -m benchmarks.calls`, 2026-11-27, load average 2.7).
"""

import asyncio
import math
from collections.abc import AsyncIterator, Mapping
from functools import lru_cache, partial
from typing import Any, NamedTuple

import aiohttp
import httpx2
from aiohttp import hdrs
from yarl import URL

_LIMIT = 200
"""Connections at once."""
_IDLE_S = 15.0
"""Less than the 75 s after which our own servers close an idle connection."""
_AT_ONCE = 65_536
"""A body up to so many bytes is read before the answer is handed over."""
MOST = 16 * 1_024 * 1_024
"""Bytes of an answer at most, unless the request's extensions say `any_size`: whoever answers more must not take our memory."""
MOST_PACKED = MOST // 1_024
"""The same of a compressed one: deflate makes 1,032 bytes of one at most (https://www.zlib.net/zlib_tech.html, 2026-11-27)."""
_OURS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""Headers that aiohttp would add by itself."""
_THEIRS = (aiohttp.ClientError, OSError)
_AS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], type[httpx2.TransportError]], ...] = (
    (aiohttp.ConnectionTimeoutError, httpx2.ConnectTimeout),
    (aiohttp.ClientConnectorError, httpx2.ConnectError),
    (TimeoutError, httpx2.ReadTimeout),
    ((aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError), httpx2.UnsupportedProtocol),
    ((aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError, aiohttp.ClientResponseError), httpx2.RemoteProtocolError),
    (_THEIRS, httpx2.ReadError),
)  # fmt: skip
"""Errors of aiohttp by the first kind that they are of."""
_url = lru_cache(4_096)(httpx2.URL)
_address = lru_cache(4_096)(partial(URL, encoded=True))


class AnswerTooLarge(httpx2.RemoteProtocolError):
    """The other side answers more than is read. What it did is not known."""


class Answer(NamedTuple):
    """A whole answer, unpacked."""

    status: int
    content: bytes


async def send(
    client: httpx2.AsyncClient, method: str, url: str, *, content: bytes, headers: Mapping[str, str], seconds: float
) -> Answer:
    """Ask for something with no more than is said here; the whole answer comes within `seconds`. Raises: httpx2.TransportError.

    Nothing of the client's own is merged in, and its redirects, cookies and hooks are passed by; over our own connections
    neither a request nor a response of httpx2's is made. Who is not connected in half the time was not asked.
    """
    transport = client._transport_for_url(_url(url))  # noqa: SLF001
    if isinstance(transport, Transport):
        return await transport.send(method, url, content, headers, seconds)
    request = httpx2.Request(method, _url(url), content=content, headers=headers)
    try:
        async with asyncio.timeout(seconds):
            return await _whole(await transport.handle_async_request(request))
    except TimeoutError as error:
        raise httpx2.ReadTimeout(str(error), request=request) from error


class Transport(httpx2.AsyncBaseTransport):
    """Keeps the contract of httpx2's own transport, its errors included. Belongs to the event loop of its first request."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def send(self, method: str, url: str, content: bytes, headers: Mapping[str, str], seconds: float) -> Answer:
        """See the function of this name."""
        limits = aiohttp.ClientTimeout(total=seconds, sock_connect=seconds / 2)
        try:
            answer = await self._ask(method, _address(url), headers, content, limits)
            if _is_short(answer) and hdrs.CONTENT_ENCODING not in answer.headers:
                return Answer(answer.status, await answer.read())
            return await _whole(await _response(httpx2.Request(method, _url(url)), answer))
        except _THEIRS as error:
            raise _translated(error) from error

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request. Raises: httpx2.TransportError."""
        timeout = request.extensions.get("timeout", {})
        content = await request.aread()  # nothing of ours is sent in parts
        limits = aiohttp.ClientTimeout(
            connect=timeout.get("pool"), sock_connect=timeout.get("connect"), sock_read=timeout.get("read")
        )
        try:
            answer = await self._ask(
                request.method, _address(str(request.url)), request.headers.multi_items(), content, limits
            )
            return await _response(request, answer)
        except _THEIRS as error:
            raise _translated(error) from error

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def _ask(
        self, method: str, url: URL, headers: Any, content: bytes, limits: aiohttp.ClientTimeout
    ) -> aiohttp.ClientResponse:
        """Send; what is answered, as far as its head."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_LIMIT, keepalive_timeout=_IDLE_S, ssl=httpx2.create_ssl_context()),
                cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, skip_auto_headers=_OURS,
            )  # fmt: skip
        return await self._session.request(
            method, url, headers=headers, data=content or None, allow_redirects=False, timeout=limits
        )


class _Stream(httpx2.AsyncByteStream):
    def __init__(self, request: httpx2.Request, answer: aiohttp.ClientResponse) -> None:
        self._answer, self._most = answer, _most(request, answer)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        come = 0
        try:
            async for part in self._answer.content.iter_any():
                come += len(part)
                if come > self._most:
                    raise _too_large(self._most)
                yield part
        except _THEIRS as error:
            raise _translated(error) from error

    async def aclose(self) -> None:
        self._answer.close()


async def _response(request: httpx2.Request, answer: aiohttp.ClientResponse) -> httpx2.Response:
    """An answer as httpx2 has it; a short body has been read."""
    if (answer.content_length or 0) > (most := _most(request, answer)):
        answer.close()
        raise _too_large(most)
    if _is_short(answer):
        return httpx2.Response(answer.status, headers=answer.raw_headers, content=await answer.read())
    return httpx2.Response(answer.status, headers=answer.raw_headers, stream=_Stream(request, answer))


async def _whole(response: httpx2.Response) -> Answer:
    try:
        return Answer(response.status_code, await response.aread())
    finally:
        await response.aclose()


def _is_short(answer: aiohttp.ClientResponse) -> bool:
    return (length := answer.content_length) is not None and length <= _AT_ONCE


def _most(request: httpx2.Request, answer: aiohttp.ClientResponse) -> float:
    """How many bytes are read of an answer."""
    if "any_size" in request.extensions:
        return math.inf
    return MOST_PACKED if hdrs.CONTENT_ENCODING in answer.headers else MOST


def _too_large(most: float) -> AnswerTooLarge:
    return AnswerTooLarge(f"it answers more than {most:,.0f} bytes")


def _translated(error: Exception) -> httpx2.TransportError:
    """An error of aiohttp as httpx2's: whoever sends asks whether a request has left."""
    return next(ours for theirs, ours in _AS if isinstance(error, theirs))(str(error))
