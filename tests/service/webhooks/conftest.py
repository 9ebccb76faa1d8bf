"""`hooks`: webhooks on each database engine."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.kit import ENGINES
from tests.service.webhooks.world import World, world


@pytest.fixture(params=ENGINES)
async def hooks(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, request.param) as running:
        yield running
