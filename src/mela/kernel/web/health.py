"""What probes ask: is the process alive, and should it get requests?"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


@dataclass
class Health:
    """`ready` turns true when all is started and false first thing at shutdown, so that a balancer looks away in time.

    `checks`: by name, something that raises when a part this process can't do without is away.
    """

    ready: bool = False
    checks: dict[str, Callable[[], Awaitable[object]]] = field(default_factory=dict)
    before_metrics: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    def routes(self) -> list[Route]:
        """`/livez`, `/readyz`, `/metrics`."""
        return [Route("/livez", self._live), Route("/readyz", self._ready), Route("/metrics", self._metrics)]

    async def _live(self, _request: Request) -> Response:
        return JSONResponse({"alive": True})

    async def _ready(self, _request: Request) -> Response:
        problems = {} if self.ready else {"process": "starting or shutting down"}
        for name, check in self.checks.items():
            try:
                await check()
            except Exception as error:  # noqa: BLE001 - whatever it is, the answer is: not ready
                problems[name] = type(error).__name__
        return JSONResponse({"ready": not problems, "problems": problems}, 503 if problems else 200)

    async def _metrics(self, _request: Request) -> Response:
        for refresh in self.before_metrics:
            await refresh()
        return Response(generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST})
