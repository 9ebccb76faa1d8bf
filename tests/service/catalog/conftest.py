"""A running catalogue with the sample data. The data is loaded once per database engine; each test gets a copy."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url

from mela.kernel import ids
from mela.kernel.clock import FakeClock
from mela.services.catalog.app import SERVICE
from tests import kit
from tests.kit import Running

NOON = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


@pytest.fixture(scope="session", params=kit.ENGINES)
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a database with the sample data, on each engine; never written to again."""
    folder = tmp_path_factory.mktemp("loaded")
    url = kit.database_url(request.param, folder, "catalog")
    asyncio.run(_load(folder, url))
    yield url
    _drop(url)


async def _load(folder: Path, url: str) -> None:
    async with kit.running(SERVICE, folder, url=url) as app:
        assert app.parts.load_samples
        await app.parts.load_samples()


@pytest.fixture
def url(loaded: str, tmp_path: Path) -> Iterator[str]:
    """URL of this test's own copy."""
    if loaded.startswith("sqlite"):
        copy = tmp_path / "catalog.db"
        shutil.copy(str(make_url(loaded).database), copy)
        yield f"sqlite:///{copy}"
        return
    name = ids.new_id("t_catalog").lower()
    with _admin(loaded) as conn:
        conn.execute(text(f'create database "{name}" template "{make_url(loaded).database}"'))
    copy_url = make_url(loaded).set(database=name).render_as_string(hide_password=False)
    yield copy_url
    _drop(copy_url)


@pytest.fixture
def clock() -> FakeClock:
    """Noon in India on 23 November 2026."""
    return FakeClock(NOON)


@pytest.fixture
async def app(url: str, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Running]:
    """The running catalogue."""
    async with kit.running(SERVICE, tmp_path, url=url, clock=clock) as running:
        yield running


def _drop(url: str) -> None:
    if not url.startswith("sqlite"):
        with _admin(url) as conn:
            conn.execute(text(f'drop database "{make_url(url).database}" with (force)'))


@contextmanager
def _admin(url: str) -> Iterator[Connection]:
    server = make_url(url).set(drivername="postgresql+psycopg", database="postgres")
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        yield conn
    engine.dispose()
