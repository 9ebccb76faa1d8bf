"""One application for all the services of a process."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.exceptions import HTTPException
from starlette.routing import Route

from mela.kernel import i18n
from mela.kernel.auth import Authenticator
from mela.kernel.errors import MelaError
from mela.kernel.sealed import reads
from mela.kernel.web import problems, reference
from mela.kernel.web.document import document
from mela.kernel.web.edge import Edge
from mela.kernel.web.health import Health
from mela.kernel.web.lanes import Fast, Lane
from mela.kernel.web.routing import RouteTable
from mela.kernel.web.site import Site
from mela.kernel.web.streams import OpenStreams


@dataclass(frozen=True)
class WebSettings:
    """Bounds of every request."""

    timeout_s: float = 15.0
    """A request is answered within so many seconds, or refused."""
    body_bytes: int = 262_144
    """Largest body, in bytes."""
    rate: str = "50/second"
    """Requests per client address and time, or `off`."""
    rate_exempt: tuple[str, ...] = ("127.0.0.1", "::1")
    """Addresses without that limit."""
    trust_forwarded: bool = False
    """Believe the last address in X-Forwarded-For: only behind a proxy of ours."""


def create_app(
    name: str, *, version: str, description: str, routers: Sequence[APIRouter], routes: Sequence[Route], health: Health,
    messages: i18n.Messages, authenticator: Authenticator, settings: WebSettings,
    lifespan: Callable[[], AbstractAsyncContextManager[None]], tags: Sequence[Mapping[str, str]] = (),
    site: Path | None = None, lanes: Sequence[Lane] = (), direct: Mapping[str, Route] = MappingProxyType({}), keep_reads: reads.Keeper | None = None,
) -> FastAPI:  # fmt: skip
    """Put routers, probes and error answers together. `lifespan` is entered before the first request, left after the last.

    `tags`: names and descriptions of the groups of operations, in the order in which the document shows them.
    `site`: folder of the built pages, served at every address that nothing else has. `lanes` are off while a rate is limited.
    `routes`: calls of contracts. A POST to them or to `direct`, routes by their whole paths, is answered without the framework.
    `keep_reads`: keeps who saw personal data; without it nobody but a customer is shown any.
    """

    @asynccontextmanager
    async def whole_life(_app: FastAPI) -> AsyncIterator[None]:
        async with lifespan():
            health.ready = True
            yield
            app.state.streams.close()

    app = Fast(
        title=name, version=version, description=description, lifespan=whole_life,
        openapi_tags=[dict(tag) for tag in tags], docs_url=None, redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )  # fmt: skip
    app.state.messages, app.state.authenticator, app.state.health = messages, authenticator, health
    app.state.keep_reads = keep_reads
    app.state.body_bytes, app.state.streams = settings.body_bytes, OpenStreams()
    ours = [route for router in routers for route in router.routes]
    app.router.routes.extend([*health.routes(), reference.route(app), RouteTable([*ours, *routes])])
    if site:
        app.router.routes.append(Site(site))
    app.openapi = lambda: document(app, ours)  # type: ignore[method-assign]
    app.add_exception_handler(MelaError, problems.on_mela_error)
    app.add_exception_handler(RequestValidationError, problems.on_invalid)
    app.add_exception_handler(HTTPException, problems.on_http)
    rate: Any = None if settings.rate == "off" else parse(settings.rate)
    app.service, app.lanes = name, () if rate else tuple(lanes)
    bounds: dict[str, Any] = {
        "service": name, "timeout_s": settings.timeout_s, "body_bytes": settings.body_bytes, "rate": rate,
        "limiter": SlidingWindowCounterRateLimiter(MemoryStorage()), "exempt": frozenset(settings.rate_exempt),
        "trust_forwarded": settings.trust_forwarded,
    }  # fmt: skip
    app.add_middleware(Edge, **bounds)
    app.take_direct({route.path: route for route in routes} | dict(direct), partial(Edge, **bounds))
    return app
