"""How a request's body is read: as one JSON value that means the same to everybody, or not at all.

Refused: what is not JSON by its Content-Type, not UTF-8, nested too deep, has a key twice, NaN, half a surrogate pair,
and whatever holds the number of a card.
Source: RFC 8259, sections 4 and 8, https://www.rfc-editor.org/rfc/rfc8259 (recalled): such texts are read differently by
different programs, and an amount must not be.
"""

import json
from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mela.kernel import cards


class JsonRequest(Request):
    """A request whose body must be JSON."""

    async def body(self) -> bytes:
        """Raises: HTTPException 415 for a body that does not say it is JSON."""
        content = await super().body()
        if content and not _is_json(self.headers.get("content-type", "")):
            raise HTTPException(415)
        return content

    async def json(self) -> Any:
        """The body's value. Raises: as `parse`."""
        if not hasattr(self, "_json"):
            self._json = parse(await self.body())
        return self._json


class JsonRoute(APIRoute):
    """A route that reads its body strictly, where it has one."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def strictly(request: Request) -> Response:
            read = JsonRequest(request.scope, request.receive)
            cards.refuse(await read.body())
            return await handle(read)

        return strictly


def router(prefix: str = "", *, route_class: type[JsonRoute] = JsonRoute, **kwargs: Any) -> APIRouter:
    """A router whose routes read bodies strictly."""
    return APIRouter(prefix=prefix, route_class=route_class, **kwargs)


def parse(content: bytes) -> Any:
    """The one value in a JSON text. Raises: ValueError, RecursionError when it is nested too deep."""
    json.loads(content.decode(), object_pairs_hook=_once)
    return orjson.loads(content)


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) < len(pairs):
        raise json.JSONDecodeError("a key is there twice", "", 0)


def _is_json(content_type: str) -> bool:
    kind = content_type.split(";", 1)[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
