"""`there`: each provider in turn."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mela.services.payments.app import ADAPTERS
from tests.contract.providers.outside import Outside, outside


@pytest.fixture(params=ADAPTERS)
async def there(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Outside]:
    async with outside(request.param, tmp_path) as running:
        yield running
