"""A contract's answers and refusals: from the object itself, over ASGI and over a socket, on good days and bad ones."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog
import uvicorn
from fastapi import FastAPI

from mela.kernel import auth, deadline, errors, i18n, rpc
from mela.kernel.telemetry import tracing
from mela.kernel.web import Health, WebSettings, create_app
from tests import kit
from tests.contract.rpc.ledger import Book, Entry, Ledger, Overdrawn

TOKEN = auth.new_token("service")
ALLOWED = frozenset({"post", "balance", "seconds_left", "wait"})
MESSAGES = Path(i18n.__file__).parent / "data" / "messages.yaml"
NOON = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


def application(book: Book, **settings: Any) -> FastAPI:
    routes = rpc.routes(
        Ledger, book, service="ledger", callers=auth.Callers({"shop": TOKEN[1]}), permits={"shop": ALLOWED}
    )

    @asynccontextmanager
    async def life() -> AsyncIterator[None]:
        yield

    return create_app(
        "ledger", version="0", description="", routers=[], routes=routes, health=Health(), authenticator=kit.Tokens(),
        messages=i18n.Messages.load(MESSAGES), settings=WebSettings(**settings), lifespan=life,
    )  # fmt: skip


@asynccontextmanager
async def listening(app: Any) -> AsyncIterator[str]:
    """The application behind a real uvicorn on a real socket."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
    server.capture_signals = _nothing  # type: ignore[method-assign]
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


def _nothing() -> Any:
    from contextlib import nullcontext

    return nullcontext()


class Road(httpx2.AsyncBaseTransport):
    """The way to the service. `mishaps` befall the next requests, one each."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self.inner, self.mishaps, self.seen = inner, list[str](), list[httpx2.Request]()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.seen.append(request)
        match self.mishaps.pop(0) if self.mishaps else None:
            case "never arrives":
                raise httpx2.ConnectError("refused")
            case "dropped after execution":
                await (await self.inner.handle_async_request(request)).aread()
                raise httpx2.ReadError("connection lost")
            case "arrives twice":
                await (await self.inner.handle_async_request(request)).aread()
            case "times out":
                raise httpx2.ReadTimeout("too slow")
            case None:
                pass
            case other:
                return httpx2.Response(int(other[:3]), text=other[4:])
        return await self.inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self.inner.aclose()


@dataclass
class World:
    """A ledger as its caller sees it, and what is behind."""

    ledger: Ledger
    book: Book
    road: Road | None
    app: FastAPI | None


@asynccontextmanager
async def world(kind: str, *, token: str = TOKEN[0], timeout_s: float = 5.0) -> AsyncIterator[World]:
    book = Book()
    async with AsyncExitStack() as stack:
        if kind == "object":
            yield World(book, book, None, None)
            return
        app = application(book)
        inner: httpx2.AsyncBaseTransport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
        url = "http://ledger"
        if kind == "socket":
            inner, url = httpx2.AsyncHTTPTransport(), await stack.enter_async_context(listening(app))
        road = Road(inner)
        client = await stack.enter_async_context(httpx2.AsyncClient(transport=road))
        ledger: Ledger = rpc.proxy(
            Ledger, url, service="ledger", caller="shop", token=lambda: token, client=client, timeout_s=timeout_s
        )
        yield World(ledger, book, road, app)


@pytest.fixture(params=["object", "asgi", "socket"])
async def anywhere(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with world(request.param) as made:
        yield made


@pytest.fixture(params=["asgi", "socket"])
async def away(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with world(request.param) as made:
        yield made


# ---- the same everywhere


async def test_answers_come_back_as_what_the_contract_says(anywhere: World) -> None:
    entry = await anywhere.ledger.post(key="k1", account="asha", amount=500, labels=frozenset({"upi", "sale"}))
    assert entry == Entry("k1", "asha", 500, NOON, frozenset({"upi", "sale"}))
    assert await anywhere.ledger.balance(account="asha") == 500


async def test_a_repeated_key_changes_nothing(anywhere: World) -> None:
    for _ in range(3):
        await anywhere.ledger.post(key="k1", account="asha", amount=500)
    assert await anywhere.ledger.balance(account="asha") == 500


async def test_an_error_comes_back_as_its_own_class_with_its_params(anywhere: World) -> None:
    with pytest.raises(Overdrawn) as refusal:
        await anywhere.ledger.post(key="k1", account="asha", amount=-1)
    assert refusal.value.of == "testledger.overdrawn"
    assert refusal.value.params == {"account": "asha", "left": 0}
    assert refusal.value.status == 409


async def test_the_deadline_goes_with_the_call(anywhere: World) -> None:
    with deadline.within(2.0):
        assert 1.0 < await anywhere.ledger.seconds_left() <= 2.0


# ---- a process away: mishaps


@pytest.mark.parametrize("mishap", ["never arrives", "dropped after execution", "arrives twice", "times out"])
async def test_a_mishap_on_the_way_is_repeated_and_done_once(away: World, mishap: str) -> None:
    assert away.road
    away.road.mishaps = [mishap]
    assert (await away.ledger.post(key="k1", account="asha", amount=500)).amount == 500
    assert await away.ledger.balance(account="asha") == 500


@pytest.mark.parametrize(
    "answer", ["200 <html>proxy</html>", "200 []", "200 {}", "502 <html>", '503 "away"', "500 {}", "302 x"]
)
async def test_an_answer_that_is_none_of_ours_is_repeated_then_unreachable(away: World, answer: str) -> None:
    assert away.road
    away.road.mishaps = [answer]
    assert await away.ledger.balance(account="asha") == 0
    away.road.mishaps = [answer] * 3
    with pytest.raises(errors.Retryable):
        await away.ledger.balance(account="asha")


async def test_a_retryable_refusal_is_repeated_and_another_is_not(away: World) -> None:
    away.book.trouble = [errors.Busy(seconds=1)]
    assert await away.ledger.balance(account="asha") == 0
    before = away.book.calls
    away.book.trouble = [errors.Rejected("test.no")]
    with pytest.raises(errors.Rejected):
        await away.ledger.balance(account="asha")
    assert away.book.calls == before + 1


async def test_a_bug_on_the_other_side_shows_as_retryable_without_its_details(away: World) -> None:
    away.book.trouble = [ZeroDivisionError("secret"), ZeroDivisionError("secret"), ZeroDivisionError("secret")]
    with structlog.testing.capture_logs(), pytest.raises(errors.Retryable) as failure:
        await away.ledger.balance(account="asha")
    assert failure.value.of == "kernel.internal"
    assert "secret" not in str(failure.value)


@pytest.mark.parametrize("kind", ["asgi", "socket"])
async def test_a_slow_answer_ends_at_the_callers_patience(kind: str) -> None:
    async with world(kind, timeout_s=0.3) as made:
        started = time.monotonic()
        with pytest.raises(errors.Retryable):
            await made.ledger.wait(seconds=20)
        assert time.monotonic() - started < 5


async def test_repeats_stop_at_the_deadline(away: World) -> None:
    assert away.road
    away.road.mishaps = ["times out"] * 50
    with deadline.within(0.0), pytest.raises(errors.TimedOut):
        await away.ledger.balance(account="asha")
    assert away.road.seen == []


async def test_deadlines_shrink_over_hops(away: World) -> None:
    """Within three seconds: less than a call may take by itself, which would be its own each time."""
    with deadline.within(3.0):
        first = await away.ledger.seconds_left()
        await away.ledger.wait(seconds=0.05)
        second = await away.ledger.seconds_left()
    assert second < first <= 3.0


async def test_the_trace_goes_with_the_call(away: World) -> None:
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    tracing.enable("test", exporter=exporter)
    try:
        with tracing.span("caller"):
            await away.ledger.balance(account="asha")
    finally:
        tracing.disable()
    spans = {span.name: span for span in exporter.get_finished_spans()}
    assert {"caller", "call", "POST /rpc/ledger/balance"} <= set(spans)
    contexts = {name: span.get_span_context() for name, span in spans.items()}
    assert len({context.trace_id for context in contexts.values() if context}) == 1
    served, called = spans["POST /rpc/ledger/balance"].parent, contexts["call"]
    assert served
    assert called
    assert served.span_id == called.span_id


# ---- who may call what


@pytest.mark.parametrize("token", ["mela_sv_" + "x" * 43, "short", "x" * 201, "न" * 30])
async def test_an_unknown_token_is_refused(token: str) -> None:
    app = application(Book())
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://ledger") as client:
        header = {b"authorization": b"Bearer " + token.encode()}
        answer = await client.post("/rpc/ledger/balance", json={"account": "asha"}, headers=header)
    assert (answer.status_code, answer.json()["code"]) == (401, "kernel.unauthenticated")


async def test_a_call_without_a_token_is_refused() -> None:
    app = application(Book())
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://ledger") as client:
        answer = await client.post("/rpc/ledger/balance", json={"account": "asha"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_method_that_the_caller_has_no_business_with_is_refused(away: World) -> None:
    with pytest.raises(errors.Forbidden) as refusal:
        await away.ledger.close_account(account="asha")
    assert refusal.value.params == {"need": "shop -> close_account"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"account": "asha", "amount": 1}', "key"),
        (b'{"key": "k", "account": "asha", "amount": 1, "extra": 1}', "extra"),
        (b'{"key": "k", "account": "asha", "amount": [1]}', "amount"),
        (b'{"key": "k", "account": "asha", "amount": 1.5}', "amount"),
        (b"not json", ""),
        (b"\xff\xfe", ""),
        (b"[" * 100_000, ""),
        (b"", ""),
    ],
)
async def test_a_request_of_another_shape_is_invalid_and_says_where(body: bytes, field: str) -> None:
    book = Book()
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=application(book)), base_url="http://l") as client:
        answer = await client.post("/rpc/ledger/post", content=body, headers={"authorization": f"Bearer {TOKEN[0]}"})
    assert (answer.status_code, answer.json()["code"]) == (422, "kernel.invalid")
    assert [problem["field"] for problem in answer.json()["fields"]] == [field]
    assert book.entries == {}


async def test_wrong_fields_come_back_with_the_error(away: World) -> None:
    with pytest.raises(errors.Invalid) as refusal:
        await away.ledger.post(key="k", account="asha", amount="much")  # type: ignore[arg-type]
    assert [problem["field"] for problem in refusal.value.fields] == ["amount"]


async def test_a_call_larger_than_the_limit_is_refused() -> None:
    app = application(Book(), body_bytes=1_000)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://l") as client:
        answer = await client.post(
            "/rpc/ledger/balance",
            content=b'{"account": "' + b"x" * 2_000 + b'"}',
            headers={"authorization": f"Bearer {TOKEN[0]}"},
        )
    assert (answer.status_code, answer.json()["code"]) == (413, "kernel.body_too_large")


async def test_services_are_not_held_to_the_rate_of_people() -> None:
    app = application(Book(), rate="2/day", rate_exempt=())
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://l") as client:
        ledger: Ledger = rpc.proxy(
            Ledger, "http://l", service="ledger", caller="shop", token=lambda: TOKEN[0], client=client
        )
        assert [await ledger.balance(account="asha") for _ in range(5)] == [0] * 5


# ---- contracts that cannot travel


def _sync(self: object, *, account: str) -> int: ...  # type: ignore[empty-body]


async def _positional(self: object, account: str) -> int: ...  # type: ignore[empty-body]


@pytest.mark.parametrize("method", [_sync, _positional])
def test_a_contract_that_cannot_travel_is_refused_by_name(method: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match=r"Odd\.balance must be async with keyword-only parameters"):
        rpc.methods(type("Odd", (), {"balance": method}))


def test_a_contract_belongs_to_the_service_its_module_is_named_after() -> None:
    assert rpc.service_of(Ledger) == "ledger"
