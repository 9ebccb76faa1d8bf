"""Finds a route by the first words of its path; trying all routes in turn costs more than answering from the cache."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

_WORDS = 3
"""`/api/<service>/<noun>`: no path of ours has a parameter before the fourth word."""


class RouteTable(BaseRoute):
    """Routes by the first three words of their paths. Raises: ValueError for a path with a parameter among them."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._by_head: defaultdict[tuple[str, ...], list[Route]] = defaultdict(list)
        for route in routes:
            if not isinstance(route, Route):
                raise TypeError(
                    f"{route} is no plain route: give an inner router its whole prefix, and extend the outer one"
                )
            head = _head(route.path)
            if any("{" in word for word in head):
                raise ValueError(f"{route.path} has a parameter among its first {_WORDS} words")
            self._by_head[head].append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """The first route that takes path and method; for a known path with another method, the methods that it takes."""
        if scope["type"] != "http":
            return Match.NONE, {}
        methods: set[str] = set()
        for route in self._by_head.get(_head(scope["path"]), ()):
            match, found = route.matches(scope)
            if match is Match.FULL:
                return match, {**found, "mela.route": route}
            if match is Match.PARTIAL:
                methods |= route.methods or set()
        return (Match.FULL, {"mela.allow": methods}) if methods else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand over to the route that was found. Raises: HTTPException 405."""
        if allow := scope.get("mela.allow"):
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(allow))})
        await scope["mela.route"].handle(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> Any:
        """No path of ours is made from a name."""
        raise LookupError(name)


def _head(path: str) -> tuple[str, ...]:
    return tuple(path.split("/", _WORDS + 1)[1 : _WORDS + 1])
