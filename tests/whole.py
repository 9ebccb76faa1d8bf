"""The whole platform in one process, over ASGI."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
from fastapi import FastAPI

from mela.runtime import registry
from mela.runtime.platform import Platform
from mela.runtime.settings import PlatformSettings

URL = "http://mela.test"


class Inside(httpx2.AsyncBaseTransport):
    """Requests to the platform's own address go straight into its application."""

    def __init__(self) -> None:
        self.app: FastAPI | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        assert self.app is not None
        return await httpx2.ASGITransport(app=self.app).handle_async_request(request)


@asynccontextmanager
async def running(
    folder: Path, *, samples: bool = True, **settings: object
) -> AsyncIterator[tuple[Platform, httpx2.AsyncClient]]:
    """All services of one process, with the sample data unless told otherwise, and a client of it."""
    platform = Platform(list(registry.ENTRIES), PlatformSettings(data=folder, url=URL, **settings), environ={})  # type: ignore[arg-type]
    await platform.wiring.http.aclose()
    inside = Inside()
    platform.wiring.http = httpx2.AsyncClient(transport=inside)
    inside.app = platform.open()
    if samples:
        await platform.load_samples()
    async with inside.app.router.lifespan_context(inside.app), httpx2.AsyncClient(transport=inside) as client:
        yield platform, client
