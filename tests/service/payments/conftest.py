"""`shop`: payments and the gateway on each database engine."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.kit import ENGINES
from tests.service.payments.world import World, world


@pytest.fixture(params=ENGINES)
async def shop(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, request.param) as running:
        yield running
