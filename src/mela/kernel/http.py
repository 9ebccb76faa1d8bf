"""How a process sends its requests: `httpx2` as everybody writes it, over the connections of aiohttp.

A request costs its sender a quarter to a third of what it costs over httpx2's own connections: 0.16 against 0.52 to 0.65 ms of CPU
(`python -m benchmarks.calls`, 2026-11-27, load average 2.7).
"""

import math
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache

import aiohttp
import httpx2
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
_url = lru_cache(4_096)(httpx2.URL)


class AnswerTooLarge(httpx2.RemoteProtocolError):
    """The other side answers more than is read. What it did is not known."""


async def send(
    client: httpx2.AsyncClient, method: str, url: str, *, content: bytes, headers: Mapping[str, str], seconds: float
) -> httpx2.Response:
    """Ask for something with no more than is said here; the whole answer comes within `seconds`. Raises: httpx2.HTTPError.

    Nothing of the client's own is merged in, and its redirects, cookies and hooks are passed by: a sixth of what a
    request costs (sampled with py-spy, 2026-11-27).
    """
    limits = dict.fromkeys(("connect", "read", "write", "pool", "total"), seconds)
    request = httpx2.Request(method, _url(url), content=content, headers=headers, extensions={"timeout": limits})
    response = await client._transport_for_url(request.url).handle_async_request(request)  # noqa: SLF001
    try:
        await response.aread()
    finally:
        await response.aclose()
    return response


class Transport(httpx2.AsyncBaseTransport):
    """Keeps the contract of httpx2's own transport, its errors included. Belongs to the event loop of its first request."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request. Raises: httpx2.TransportError."""
        timeout = request.extensions.get("timeout", {})
        with _translated(request):
            answer = await self._open().request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=request.headers.multi_items(),
                data=await request.aread() or None,  # nothing of ours is sent in parts
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    total=timeout.get("total"), connect=timeout.get("pool"), sock_connect=timeout.get("connect"), sock_read=timeout.get("read")
                ),
            )  # fmt: skip
            length, most = answer.content_length, _most(request, answer)
            if length is not None and length > most:
                answer.close()
                raise _too_large(request, most)
            if length is not None and length <= _AT_ONCE:
                content = await answer.read()
                return httpx2.Response(answer.status, headers=answer.raw_headers, content=content)
        return httpx2.Response(answer.status, headers=answer.raw_headers, stream=_Stream(request, answer, most))

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_LIMIT, keepalive_timeout=_IDLE_S, ssl=httpx2.create_ssl_context()),
                cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, skip_auto_headers=_OURS,
            )  # fmt: skip
        return self._session


class _Stream(httpx2.AsyncByteStream):
    def __init__(self, request: httpx2.Request, answer: aiohttp.ClientResponse, most: float) -> None:
        self._request, self._answer, self._most = request, answer, most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        come = 0
        with _translated(self._request):
            async for part in self._answer.content.iter_any():
                come += len(part)
                if come > self._most:
                    raise _too_large(self._request, self._most)
                yield part

    async def aclose(self) -> None:
        self._answer.close()


def _most(request: httpx2.Request, answer: aiohttp.ClientResponse) -> float:
    """How many bytes are read of an answer."""
    if "any_size" in request.extensions:
        return math.inf
    return MOST_PACKED if "content-encoding" in answer.headers else MOST


def _too_large(request: httpx2.Request, most: float) -> AnswerTooLarge:
    return AnswerTooLarge(f"it answers more than {most:,.0f} bytes", request=request)


@contextmanager
def _translated(request: httpx2.Request) -> Iterator[None]:
    """The errors of aiohttp as httpx2's: whoever sends asks whether a request has left."""
    try:
        yield
    except aiohttp.ConnectionTimeoutError as error:
        raise httpx2.ConnectTimeout(str(error), request=request) from error
    except aiohttp.ClientConnectorError as error:
        raise httpx2.ConnectError(str(error), request=request) from error
    except (TimeoutError, aiohttp.ServerTimeoutError) as error:
        raise httpx2.ReadTimeout(str(error), request=request) from error
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
        raise httpx2.UnsupportedProtocol(str(error), request=request) from error
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError, aiohttp.ClientResponseError) as error:
        raise httpx2.RemoteProtocolError(str(error), request=request) from error
    except (aiohttp.ClientError, OSError) as error:
        raise httpx2.ReadError(str(error), request=request) from error
