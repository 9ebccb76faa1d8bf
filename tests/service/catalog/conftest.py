"""A running catalogue with the sample data. The data is loaded once per database engine; each test gets a copy."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mela.kernel.clock import FakeClock
from mela.services.catalog.app import SERVICE
from tests import kit
from tests.kit import Running

NOON = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


@pytest.fixture(scope="session", params=kit.ENGINES)
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """URL of a database with the sample data, on each engine; never written to again."""
    folder = tmp_path_factory.mktemp("loaded")
    url = kit.database_url(request.param, folder, "catalog")
    asyncio.run(_load(folder, url))
    return url


async def _load(folder: Path, url: str) -> None:
    async with kit.running(SERVICE, folder, url=url) as app:
        assert app.parts.load_samples
        await app.parts.load_samples()


@pytest.fixture
def url(loaded: str, tmp_path: Path) -> str:
    """URL of this test's own copy."""
    return kit.copied_url(loaded, tmp_path, "catalog")


@pytest.fixture
def clock() -> FakeClock:
    """Noon in India on 23 November 2026."""
    return FakeClock(NOON)


@pytest.fixture
async def app(url: str, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Running]:
    """The running catalogue."""
    async with kit.running(SERVICE, tmp_path, url=url, clock=clock) as running:
        yield running
