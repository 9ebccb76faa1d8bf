"""The HTTP edge: limits, one form of error, headers, probes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog
from fastapi import APIRouter, FastAPI
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mela.kernel import deadline, errors, i18n
from mela.kernel.telemetry import metrics
from mela.kernel.web import Health, WebSettings, create_app
from tests import kit

MESSAGES = Path(i18n.__file__).parent / "data" / "messages.yaml"
SECURITY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "same-origin",
}


class Thing(BaseModel):
    """What the tests send."""

    name: str
    inside: Any = None


def router() -> APIRouter:
    routes = APIRouter(prefix="/api")

    @routes.post("/things")
    async def put(thing: Thing) -> dict[str, str]:
        return {"name": thing.name}

    @routes.get("/slow")
    async def slow() -> None:
        await asyncio.sleep(20)

    @routes.get("/left")
    async def left() -> dict[str, float]:
        return {"left": deadline.left(1_000.0)}

    @routes.get("/bug")
    async def bug() -> None:
        raise ZeroDivisionError("secret 9876543210")

    @routes.get("/busy")
    async def busy() -> None:
        raise errors.Busy(seconds=7)

    @routes.get("/broken")
    async def broken() -> StreamingResponse:
        async def parts() -> AsyncIterator[str]:
            yield "first"
            raise ZeroDivisionError("half way")

        return StreamingResponse(parts())

    return routes


async def raw(request: Request) -> Response:
    return Response(await request.body())


@asynccontextmanager
async def life() -> AsyncIterator[None]:
    yield


def application(health: Health | None = None, **settings: Any) -> FastAPI:
    return create_app(
        "edge-test", version="0", description="", routers=[router()], routes=[Route("/raw", raw, methods=["POST"])], health=health or Health(),
        messages=i18n.Messages.load(MESSAGES), authenticator=kit.Tokens(), settings=WebSettings(**settings), lifespan=life,
    )  # fmt: skip


@asynccontextmanager
async def client(app: FastAPI | None = None, address: str = "203.0.113.7") -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=app or application(), raise_app_exceptions=False, client=(address, 4711))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


def check_problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == f"urn:mela:error:{code}"
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert {name: answer.headers[name] for name in SECURITY} == SECURITY
    assert "errors." not in problem["title"] + problem["detail"]
    return problem


# ---- what is refused


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/api/nothing", b"", 404, "kernel.not_found"),
        ("GET", "/", b"", 404, "kernel.not_found"),
        ("DELETE", "/api/things", b"", 405, "kernel.method_not_allowed"),
        ("POST", "/api/things", b"{", 422, "kernel.invalid"),
        ("POST", "/api/things", b'{"name": 1}', 422, "kernel.invalid"),
        ("POST", "/api/things", b"[" * 200_000, 422, "kernel.too_deep"),
        ("POST", "/api/things", b'{"name":"a","inside":' + b"[" * 50_000 + b"]" * 50_000 + b"}", 422, None),
        ("POST", "/api/things", b'{"name": "\xff\xfe"}', 422, None),
        ("POST", "/api/things", b'{"name": "' + b"x" * 300_000 + b'"}', 413, "kernel.body_too_large"),
        ("GET", "/api/bug", b"", 500, "kernel.internal"),
        ("GET", "/api/busy", b"", 503, "kernel.busy"),
    ],
)
async def test_every_refusal_is_a_problem_with_every_header(
    method: str, path: str, body: bytes, status: int, code: str | None
) -> None:
    async with client() as caller:
        answer = await caller.request(method, path, content=body, headers={"content-type": "application/json"})
    check_problem(answer, status, code or answer.json()["code"])


async def test_a_body_that_did_not_announce_its_size_is_cut_off_too() -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b'{"name": "'
        for _ in range(100):
            yield b"x" * 10_000
        yield b'"}'

    async with client() as caller:
        answer = await caller.post("/api/things", content=endless(), headers={"content-type": "application/json"})
    assert check_problem(answer, 413, "kernel.body_too_large")["params"] == {"limit": 262_144}


async def test_a_body_of_exactly_the_limit_is_read() -> None:
    body = b'{"name":"' + b"x" * 89 + b'"}'
    async with client(application(body_bytes=len(body))) as caller:
        json = {"content-type": "application/json"}
        assert (await caller.post("/api/things", content=body, headers=json)).status_code == 200
        assert (await caller.post("/api/things", content=body + b" ", headers=json)).status_code == 413


async def test_a_wrong_method_names_the_right_ones() -> None:
    async with client() as caller:
        answer = await caller.get("/api/things")
    assert answer.headers["allow"] == "POST"
    check_problem(answer, 405, "kernel.method_not_allowed")


async def test_a_body_of_another_type_is_refused() -> None:
    async with client() as caller:
        answer = await caller.post("/api/things", content=b"<name/>", headers={"content-type": "application/xml"})
    check_problem(answer, 422, "kernel.invalid")


@pytest.mark.parametrize("language", ["en", "hi", "ta", "te", "kn"])
async def test_a_problem_speaks_the_callers_language(language: str) -> None:
    messages = i18n.Messages.load(MESSAGES)
    async with client() as caller:
        answer = await caller.get("/api/nothing", headers={"accept-language": f"{language}-IN,en;q=0.5"})
    problem = check_problem(answer, 404, "kernel.not_found")
    assert answer.headers["content-language"] == language
    assert problem["title"] == messages.text("errors.kernel.not_found.reason", language)


async def test_an_unexpected_failure_tells_the_caller_nothing_and_the_log_everything() -> None:
    with structlog.testing.capture_logs() as lines:
        async with client() as caller:
            answer = await caller.get("/api/bug")
    problem = check_problem(answer, 500, "kernel.internal")
    assert "secret" not in answer.text
    [line] = [line for line in lines if line["event"] == "unexpected"]
    assert line["exc_info"]
    assert problem["params"] == {"request_id": problem["request_id"]}


async def test_an_answer_that_breaks_off_is_not_mended_with_a_second_one() -> None:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": "/api/broken", "raw_path": b"/api/broken", "query_string": b"", "headers": [],
        "client": ("127.0.0.1", 1), "server": ("test", 80), "root_path": "",
    }  # fmt: skip
    with structlog.testing.capture_logs() as lines:
        await application()(scope, receive, send)
    assert [message["type"] for message in sent].count("http.response.start") == 1
    assert sent[-1].get("more_body") is True
    assert "answer broken off" in [line["event"] for line in lines]


async def test_a_caller_who_goes_away_is_no_error_of_ours() -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": "POST",
        "scheme": "http", "path": "/raw", "raw_path": b"/raw", "query_string": b"", "headers": [],
        "client": ("127.0.0.1", 1), "server": ("test", 80), "root_path": "",
    }  # fmt: skip
    with structlog.testing.capture_logs() as lines:
        await application()(scope, receive, send)
    assert sent == []
    assert {line["log_level"] for line in lines} <= {"debug", "info"}
    assert "the caller went away before its request was whole" in [line["event"] for line in lines]


# ---- time and rate


async def test_a_request_that_takes_too_long_is_ended() -> None:
    async with client(application(timeout_s=0.1)) as caller:
        answer = await caller.get("/api/slow")
    check_problem(answer, 503, "kernel.timeout")
    assert answer.headers["retry-after"] == "1"


async def test_a_request_carries_its_deadline() -> None:
    async with client(application(timeout_s=60.0)) as caller:
        assert 30.0 < (await caller.get("/api/left")).json()["left"] <= 60.0


async def test_a_client_over_its_rate_is_told_when_to_return_and_others_are_not() -> None:
    app = application(rate="3/day")
    async with client(app) as caller, client(app, "203.0.113.8") as other:
        assert [(await caller.get("/api/left")).status_code for _ in range(3)] == [200] * 3
        answer = await caller.get("/api/left")
        check_problem(answer, 429, "kernel.too_many_requests")
        assert 1 <= int(answer.headers["retry-after"]) <= 2 * 86_400
        assert (await other.get("/api/left")).status_code == 200
        assert (await caller.get("/livez")).status_code == 200


@pytest.mark.parametrize(("trusted", "statuses"), [(False, [200, 429]), (True, [200, 200])])
async def test_a_forwarded_address_counts_only_behind_a_proxy_of_ours(trusted: bool, statuses: list[int]) -> None:
    app = application(rate="1/day", trust_forwarded=trusted)
    async with client(app) as proxy:
        answers = [
            await proxy.get("/api/left", headers={"x-forwarded-for": f"10.0.0.1, 198.51.100.{n}"}) for n in range(2)
        ]
    assert [answer.status_code for answer in answers] == statuses


async def test_an_invented_first_address_does_not_escape_the_rate() -> None:
    app = application(rate="1/day", trust_forwarded=True)
    async with client(app) as proxy:
        answers = [
            await proxy.get("/api/left", headers={"x-forwarded-for": f"10.0.0.{n}, 198.51.100.1"}) for n in range(2)
        ]
    assert [answer.status_code for answer in answers] == [200, 429]


async def test_this_machine_has_no_rate() -> None:
    async with client(application(rate="1/day"), "127.0.0.1") as caller:
        assert [(await caller.get("/api/left")).status_code for _ in range(3)] == [200] * 3


# ---- headers


async def test_a_request_id_of_ours_is_kept_and_any_other_replaced() -> None:
    ours = "req_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
    async with client() as caller:
        kept = await caller.get("/api/left", headers={"x-request-id": ours})
        made = await caller.get("/api/left", headers={"x-request-id": 'x" onload=alert(1)'})
    assert kept.headers["x-request-id"] == ours
    assert made.headers["x-request-id"].startswith("req_")
    assert made.headers["x-request-id"] != ours


@pytest.mark.parametrize("path", ["/api/left", "/livez", "/readyz", "/metrics", "/api/nothing", "/openapi.json"])
async def test_every_answer_has_the_security_headers(path: str) -> None:
    async with client() as caller:
        answer = await caller.get(path)
    assert {name: answer.headers.get(name) for name in SECURITY} == SECURITY


# ---- probes


async def test_a_process_is_ready_between_start_and_stop_and_alive_all_along() -> None:
    health = Health()
    app = application(health)
    async with client(app) as caller:
        assert (await caller.get("/readyz")).status_code == 503
        async with app.router.lifespan_context(app):
            assert (await caller.get("/readyz")).json() == {"ready": True, "problems": {}}
            health.ready = False
            assert (await caller.get("/readyz")).status_code == 503
        assert (await caller.get("/livez")).json() == {"alive": True}


async def test_a_part_that_is_away_is_named_by_readiness_without_its_secrets() -> None:
    async def away() -> None:
        raise ConnectionError("postgresql://mela:secret@host")

    async with client(application(Health(ready=True, checks={"orders": away}))) as caller:
        answer = await caller.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"ready": False, "problems": {"orders": "ConnectionError"}})


async def test_metrics_count_requests_by_route_and_status() -> None:
    refreshed: list[int] = []

    async def refresh() -> None:
        refreshed.append(1)

    async with client(application(Health(before_metrics=[refresh]))) as caller:
        await caller.get("/api/left")
        await caller.get("/api/nothing/1")
        told = (await caller.get("/metrics")).text
    head = 'mela_request_seconds_count{method="GET",route='
    assert f'{head}"/api/left",service="edge-test",status="200"}}' in told
    assert f'{head}"unmatched",service="edge-test",status="404"}}' in told
    assert refreshed == [1]
    assert metrics.IN_FLIGHT.labels("edge-test")._value.get() == 0
