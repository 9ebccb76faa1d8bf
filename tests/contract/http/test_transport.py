"""Connections to others: aiohttp's do for their caller what httpx2's own do, down to the error."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx2
import pytest

from mela.kernel import http

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
KINDS = {"httpx2": httpx2.AsyncHTTPTransport, "aiohttp": http.Transport}


@pytest.fixture(params=KINDS)
async def client(request: pytest.FixtureRequest) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(transport=KINDS[request.param](), timeout=2.0) as made:
        yield made


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[str]:
    """A server's URL; `serve` has each of its connections."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def answering(raw: bytes, asked: list[bytes] | None = None) -> Serve:
    """Answers each request of a connection with these bytes, and notes head and body."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                return
            length = next(
                (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
            )
            body = await reader.readexactly(length)
            if asked is not None:
                asked.append(head + body)
            writer.write(raw)

    return serve


async def test_a_request_arrives_as_it_was_made(client: httpx2.AsyncClient) -> None:
    asked: list[bytes] = []
    async with serving(answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", asked)) as url:
        headers = {"authorization": "Bearer t", "content-type": "text/plain"}
        await http.send(client, "POST", f"{url}/a%2Fb?q=%20x&y=a+b", content=b"body", headers=headers, seconds=2.0)
        await http.send(client, "POST", f"{url}/none", content=b"", headers={}, seconds=2.0)
    head, _, body = asked[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /a%2Fb?q=%20x&y=a+b HTTP/1.1"
    assert {line.lower() for line in lines[1:]} == {
        b"host: " + url.removeprefix("http://").encode(),
        b"authorization: bearer t",
        b"content-type: text/plain",
        b"content-length: 4",
    }
    assert body == b"body"
    assert b"content-type" not in asked[1].lower()


async def test_an_answer_comes_as_it_was_made(client: httpx2.AsyncClient) -> None:
    body = gzip.compress("नमस्ते".encode())
    raw = (
        b"HTTP/1.1 418 Teapot\r\nX-A: 1\r\nx-a: 2\r\ncontent-encoding: gzip\r\nset-cookie: a=b\r\ncontent-length: %d\r\n\r\n%s"
        % (
            len(body),
            body,
        )
    )
    async with serving(answering(raw)) as url:
        answer = await client.get(url)
        again = await client.get(url)
    assert (answer.status_code, answer.text) == (418, "नमस्ते")
    assert answer.headers.get_list("x-a") == ["1", "2"]
    assert again.text == "नमस्ते"


async def test_a_redirect_is_handed_over_and_not_followed(client: httpx2.AsyncClient) -> None:
    async with serving(
        answering(b"HTTP/1.1 302 Found\r\nlocation: http://elsewhere/\r\ncontent-length: 0\r\n\r\n")
    ) as url:
        answer = await client.get(url)
    assert (answer.status_code, answer.headers["location"]) == (302, "http://elsewhere/")


async def test_the_answer_to_head_has_a_length_and_no_body(client: httpx2.AsyncClient) -> None:
    async with serving(answering(b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n")) as url:
        answer = await client.head(url)
    assert (answer.headers["content-length"], answer.content) == ("7", b"")


@pytest.mark.parametrize("announced", [False, True], ids=["in chunks", "with its length"])
async def test_a_long_answer_is_read_in_parts_as_they_come(client: httpx2.AsyncClient, *, announced: bool) -> None:
    more = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        first, second = b"a" * 1_000, b"b" * 99_000
        if announced:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n" + first)
            await more.wait()
            writer.write(second)
        else:
            writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3e8\r\n" + first + b"\r\n")
            await more.wait()
            writer.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(second), second))
        await writer.drain()

    async with serving(serve) as url, client.stream("GET", url) as answer:
        parts = answer.aiter_bytes()
        assert set(await anext(parts)) == set(b"a")
        more.set()
        rest = b"".join([part async for part in parts])
    assert rest.endswith(b"b" * 99_000)


async def ours(url: str, **more: Any) -> httpx2.Response:
    async with httpx2.AsyncClient(transport=http.Transport(), timeout=2.0) as client:
        return await client.get(url, **more)


def endless(head: bytes, sent: list[int]) -> Serve:
    """Answers without an end, and notes how many bytes went out."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")
        part = b"a" * 65_536
        with suppress(OSError):
            while True:
                writer.write(b"10000\r\n" + part + b"\r\n" if b"chunked" in head else part)
                await writer.drain()
                sent.append(len(part))

    return serve


@pytest.mark.parametrize("head", [b"transfer-encoding: chunked\r\n", b"content-length: 1000000000\r\n"])
async def test_an_answer_without_an_end_is_given_up_and_takes_no_memory(head: bytes) -> None:
    sent: list[int] = []
    async with serving(endless(head, sent)) as url:
        with pytest.raises(http.AnswerTooLarge, match="more than 16,777,216 bytes"):
            await ours(url)
    assert sum(sent) < 2 * http.MOST


async def test_a_small_answer_that_unpacks_to_a_large_one_is_given_up() -> None:
    bomb = gzip.compress(bytes(40_000_000))
    assert len(bomb) < 65_536
    raw = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n%s" % (len(bomb), bomb)
    async with serving(answering(raw)) as url:
        with pytest.raises(http.AnswerTooLarge):
            await ours(url)


async def test_who_asks_for_any_size_gets_it() -> None:
    body = b"a" * (http.MOST + 1)
    async with serving(answering(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))) as url:
        assert len((await ours(url, extensions={"any_size": True})).content) == len(body)


async def test_an_answer_that_comes_drop_by_drop_is_given_up_in_time() -> None:
    async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
        with suppress(OSError):
            while True:
                writer.write(b"a")
                await writer.drain()
                await asyncio.sleep(0.02)

    async with serving(dripping) as url, httpx2.AsyncClient(transport=http.Transport()) as client:
        with pytest.raises(httpx2.ReadTimeout):
            await http.send(client, "GET", url, content=b"", headers={}, seconds=1.0)


async def test_whoever_listens_nowhere_was_not_asked(client: httpx2.AsyncClient) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{probe.getsockname()[1]}"
        with pytest.raises(httpx2.ConnectError):
            await client.get(nobody)


async def test_whoever_does_not_answer_in_time_may_have_been_asked(client: httpx2.AsyncClient) -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(silent) as url:
        with pytest.raises(httpx2.ReadTimeout):
            await client.get(url, timeout=httpx2.Timeout(30, read=0.05))


@pytest.mark.parametrize(
    "raw", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", b"not http at all\r\n\r\n"],
    ids=["nothing", "half an answer", "another protocol"],
)  # fmt: skip
async def test_a_broken_answer_is_an_error_after_asking(client: httpx2.AsyncClient, raw: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)

    async with serving(serve) as url:
        with pytest.raises(httpx2.TransportError) as caught:
            await client.get(url)
    assert not isinstance(caught.value, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)


async def test_a_stream_that_breaks_off_is_an_error(client: httpx2.AsyncClient) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n" + b"a" * 1_000)

    async with serving(serve) as url:
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get(url)


async def test_a_connection_that_the_other_side_has_closed_is_not_used_again(client: httpx2.AsyncClient) -> None:
    closed = asyncio.Event()

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()
        closed.set()

    async with serving(once) as url:
        for _ in range(3):
            closed.clear()
            assert (await client.post(url, content=b"x")).text == "ok"
            await closed.wait()
            await asyncio.sleep(0.02)  # the end of the connection has a way to go


async def test_a_request_given_up_does_not_leave_its_answer_to_the_next(client: httpx2.AsyncClient) -> None:
    come, asked = asyncio.Event(), 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                asked += 1
                mine = asked
                come.set()
                await asyncio.sleep(0.05 if mine == 1 else 0)
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n%d" % mine)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass

    async with serving(serve) as url:
        first = asyncio.create_task(client.get(url))
        await come.wait()
        first.cancel()
        assert (await client.get(url)).text == "2"


async def test_an_address_of_another_kind_is_refused(client: httpx2.AsyncClient) -> None:
    with pytest.raises(httpx2.UnsupportedProtocol):
        await client.get("ftp://127.0.0.1/")
