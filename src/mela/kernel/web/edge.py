"""The one middleware: request id, rate limit, deadline, security headers, span, metrics, log line. Pure ASGI."""

import asyncio
import time
from functools import cache
from typing import Any

import structlog
from limits import RateLimitItem
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mela.kernel import deadline, errors, ids
from mela.kernel.sealed import reads
from mela.kernel.telemetry import metrics, tracing
from mela.kernel.web import problems

log = structlog.get_logger()
_QUIET = frozenset({"/livez", "/readyz", "/metrics"})
_GONE = 499
"""What is counted where nobody waits for an answer. Source: nginx's own status, https://nginx.org/en/docs/dev/development_guide.html (recalled)."""
_SERVICES_ONLY = "/rpc/"
"""Who comes here shows a service's token, and a busy one makes more calls than any person."""
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=()"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]
"""Unless an answer brings its own: the last is for data, a page has its policy."""
_NAMES = frozenset(name for name, _ in _HEADERS)


class BodyTooLarge(errors.Rejected):
    """The request is larger than what is read here."""

    code = "kernel.body_too_large"
    status = 413


class Edge:
    """Wraps an application. `rate`: requests per client and time, None for no limit; `exempt`: addresses without one.

    `limiter` counts them: those of a process share it.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        service: str,
        timeout_s: float,
        body_bytes: int,
        rate: RateLimitItem | None,
        limiter: SlidingWindowCounterRateLimiter,
        exempt: frozenset[str],
        trust_forwarded: bool,
    ) -> None:
        self._app, self._service, self._timeout_s = app, service, timeout_s
        self._in_flight = metrics.IN_FLIGHT.labels(service)
        self._body_bytes = body_bytes
        self._rate, self._exempt, self._trust_forwarded = rate, exempt, trust_forwarded
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        reading = reads.Reading()
        answer = Answer(scope, send, reading)
        scope["mela.client"] = self._client(scope)
        if scope["path"] in _QUIET:
            await self._app(scope, receive, answer.send)
            return
        reads.CURRENT.set(reading)
        parent = header(scope, b"traceparent").decode("latin-1") or None
        started = time.perf_counter()
        structlog.contextvars.bind_contextvars(request=answer.id)  # a request has a context of its own
        self._in_flight.inc()
        try:
            with tracing.span(f"{scope['method']} {scope['path']}", parent=parent):
                await self._guarded(scope, receive, answer)
        finally:
            self._in_flight.dec()
        if not scope.get("mela.waits"):
            route = getattr(scope.get("route"), "path", "unmatched")
            report(self._service, scope, route, answer.status, time.perf_counter() - started)

    async def _guarded(self, scope: Scope, receive: Receive, answer: "Answer") -> None:
        """The application within its limits; whatever it raises becomes an answer, unless one has begun."""
        try:
            await self._check_rate(scope)
            receive = self._bounded(scope, receive)
            with deadline.within(self._timeout_s):
                async with asyncio.timeout(self._timeout_s) as limit:
                    scope["mela.limit"] = limit
                    await self._app(scope, receive, answer.send)
            return
        except errors.MelaError as error:
            failure: errors.MelaError = error
        except TimeoutError:
            failure = errors.TimedOut(seconds=1)
        except _NotKept:
            log.exception("nobody was shown personal data: it could not be kept who looks", path=scope["path"])
            failure = errors.Retryable("kernel.unavailable", seconds=1)
        except ClientDisconnect:
            answer.status = _GONE
            log.info("the caller went away before its request was whole", path=scope["path"])
            return
        except RecursionError:
            failure = errors.Rejected("kernel.too_deep")
        except UnicodeDecodeError:
            failure = errors.Rejected("kernel.not_utf8")
        except Exception:
            log.exception("unexpected", path=scope["path"])
            failure = errors.MelaError("kernel.internal", request_id=answer.id)
        if answer.status:
            log.error("answer broken off", path=scope["path"], reason=str(failure))
        else:
            await problems.response(Request(scope), failure)(scope, receive, answer.send)

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        """`receive` for a body of so many bytes at most, announced or not. FastAPI's own limit answers in plain text."""
        announced = header(scope, b"content-length")
        if announced.isdigit() and int(announced[:20]) > self._body_bytes:
            raise BodyTooLarge(limit=self._body_bytes)
        left = self._body_bytes

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413)  # what FastAPI lets through while it reads a body
            return message

        return counted

    async def _check_rate(self, scope: Scope) -> None:
        client = scope["mela.client"]
        if self._rate is None or client in self._exempt or scope["path"].startswith(_SERVICES_ONLY):
            return
        if not await self._limiter.hit(self._rate, client):
            metrics.LIMITED.labels(self._service).inc()
            stats = await self._limiter.get_window_stats(self._rate, client)
            raise errors.TooMany("kernel.too_many_requests", seconds=max(1, round(stats.reset_time - time.time())))  # noqa: TID251

    def _client(self, scope: Scope) -> str:
        """The client's address; behind a proxy that we trust, the last one it added."""
        if self._trust_forwarded and (forwarded := header(scope, b"x-forwarded-for")):
            return forwarded.decode("latin-1").rsplit(",", 1)[-1].strip()
        return scope["client"][0] if scope.get("client") else ""


def report(service: str, scope: Scope, route: str, status: int, seconds: float) -> None:
    """A request was answered: to metrics, to whoever remembers, and to the log."""
    _timer(service, scope["method"], route, status).observe(seconds)
    tracing.answered(scope["path"] if route == "unmatched" else route, status, seconds)
    log.debug("request", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 1))


@cache
def _timer(service: str, method: str, route: str, status: int) -> Any:
    return metrics.REQUEST.labels(service, method, route, str(status))


class _NotKept(Exception):
    """It could not be written down who sees personal data in an answer. No error of ours, or Starlette would answer it."""


class Answer:
    """Adds our headers to an answer, remembers its status, and holds it back until it is kept who sees personal data in it."""

    def __init__(self, scope: Scope, send: Send, reading: reads.Reading | None = None) -> None:
        self._scope, self._reading = scope, reading or reads.Reading()
        given = header(scope, b"x-request-id").decode("latin-1")
        self.id = given if ids.is_id("req", given) else ids.new_id("req")
        self.status = 0
        self._send = send
        scope["mela.request_id"] = self.id

    async def send(self, message: Message) -> None:
        if self._reading.seen and (seen := self._reading.take()) and self._reading.by is not None:
            route = f"{self._scope['method']} {getattr(self._scope.get('route'), 'path', 'unmatched')}"
            try:
                await self._scope["app"].state.keep_reads(self._reading.by, seen, route[:120], self.id)
            except errors.MelaError as error:
                raise _NotKept from error
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = message.get("headers", ())  # their names in small letters, as ASGI has it
            names = {name for name, _ in given}
            added = _HEADERS if names.isdisjoint(_NAMES) else [pair for pair in _HEADERS if pair[0] not in names]
            message = {**message, "headers": [*given, *added, (b"x-request-id", self.id.encode())]}
        await self._send(message)


def header(scope: Scope, name: bytes) -> bytes:
    """A header of the request by its name in small letters, empty where it is not there."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return b""
