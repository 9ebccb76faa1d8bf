"""A desk on each engine."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests import kit
from tests.service.accounts import desk as desks


@pytest.fixture(params=kit.ENGINES)
async def desk(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[desks.Desk]:
    """Accounts and the SMS inbox, running."""
    async with desks.running(tmp_path, request.param) as running:
        yield running
