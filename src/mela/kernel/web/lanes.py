"""Ways past the framework, for what is asked again and again.

FastAPI and the middleware take four fifths of a request that does next to nothing.

- A direct route is answered right behind the edge: a call of a contract, a callback. It has a path without parameters, a method POST,
  and reads its body itself.
- A lane leaves out the edge as well, for the one operation that a whole crowd asks for. It answers the plain case itself: exactly this
  path, exactly such a body, an answer that is there as bytes. It promises what the operation promises: the same answer, the same
  errors, the same headers, span and metric. Whatever is not plain (another content type, a body in parts or of another form, a rate
  limit in force) is handed to the application, whole.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
    """An application with direct routes, by their paths, and lanes beside it. `service` as the edge has it."""

    direct: Mapping[str, Route] = MappingProxyType({})
    lanes: tuple[Lane, ...] = ()
    service: str = ""

    def take_direct(self, direct: Mapping[str, Route], edge: Callable[[ASGIApp], ASGIApp]) -> None:
        """Answer these paths behind an edge of their own."""
        self.direct, self._behind = direct, edge(self._answer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            path = scope["path"]
            if path in self.direct:
                scope["app"], scope["route"] = self, self.direct[path]
                await self._behind(scope, receive, send)
                return
            for lane in self.lanes:
                if path.startswith(lane.before) and path.endswith(lane.after) and _says_json(scope):
                    await self._lane(lane, path[len(lane.before) : -len(lane.after)], scope, receive, send)
                    return
        await super().__call__(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await scope["route"].endpoint(request)
        except HTTPException as error:
            response = await problems.on_http(request, error)
        await response(scope, receive, send)

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
