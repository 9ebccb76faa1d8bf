"""A lane past the framework, for the one operation that a whole crowd asks for again and again.

FastAPI and the middleware take four fifths of a request that does next to nothing. A lane answers the plain case of one
operation itself: exactly this path, exactly such a body, an answer that is there as bytes. It promises what the operation promises:
the same answer, the same errors, the same headers, span and metric. Whatever is not plain (another content type, a body in parts
or of another form, a rate limit in force) is handed to the application, whole.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from mela.kernel import errors
from mela.kernel.telemetry import metrics, tracing
from mela.kernel.web import edge, problems

_JSON = b"application/json"


@dataclass(frozen=True)
class Lane:
    """The plain case of a POST: `route` is the operation's path with one parameter, the word before `after`.

    `take` is given that word and the body. It returns what answers with 200 and JSON, or None for what is not plain.
    """

    route: str
    before: str
    after: str
    take: Callable[[str, bytes], Awaitable[bytes] | None]


class Fast(FastAPI):
    """An application with lanes beside it. `service` as the edge has it."""

    lanes: tuple[Lane, ...] = ()
    service: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.lanes and scope["type"] == "http" and scope["method"] == "POST":
            path = scope["path"]
            for lane in self.lanes:
                if path.startswith(lane.before) and path.endswith(lane.after) and _says_json(scope):
                    await self._lane(lane, path[len(lane.before) : -len(lane.after)], scope, receive, send)
                    return
        await super().__call__(scope, receive, send)

    async def _lane(self, lane: Lane, word: str, scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        whole = message["type"] == "http.request" and not message.get("more_body", False)
        work = lane.take(word, message.get("body", b"")) if whole else None
        if work is None:
            await super().__call__(scope, _again(message, receive), send)
            return
        started, answer = time.perf_counter(), edge.Answer(scope, send)
        parent = edge.header(scope, b"traceparent").decode("latin-1") or None
        with (
            metrics.IN_FLIGHT.labels(self.service).track_inprogress(),
            tracing.span(f"POST {scope['path']}", parent=parent),
        ):
            try:
                body = await work
            except errors.MelaError as error:
                scope["app"] = self
                await problems.response(Request(scope), error)(scope, receive, answer.send)
            else:
                await answer.send({"type": "http.response.start", "status": 200, "headers": _headers(body)})
                await send({"type": "http.response.body", "body": body})
        edge.report(self.service, scope, lane.route, answer.status, time.perf_counter() - started)


def _says_json(scope: Scope) -> bool:
    return edge.header(scope, b"content-type") == _JSON


def _headers(body: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"content-length", b"%d" % len(body)), (b"content-type", _JSON)]


def _again(first: Message, receive: Receive) -> Receive:
    """`receive` that begins with what was taken."""
    waiting = [first]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed
