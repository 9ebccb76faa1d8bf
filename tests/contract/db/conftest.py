"""A database of each kind that this machine has, with one table."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from mela.kernel.db import Database, DatabaseOptions, open_database
from tests import kit
from tests.contract.db import shelf

Open = Callable[..., Database]


@pytest.fixture(params=kit.ENGINES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    url = kit.database_url(request.param, tmp_path, "shelf")
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    shelf.metadata.create_all(engine)
    engine.dispose()
    return url


@pytest.fixture
async def opened(url: str) -> AsyncIterator[Open]:
    """Opens the database with the options that a test wants; closed afterwards."""
    async with AsyncExitStack() as stack:

        def open_it(**options: float) -> Database:
            db = open_database(url, service="shelf", options=DatabaseOptions(**options))  # type: ignore[arg-type]
            stack.push_async_callback(db.close)
            return db

        yield open_it


@pytest.fixture
def db(opened: Open) -> Database:
    return opened()
