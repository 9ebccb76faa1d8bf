"""The simulated gateway running, and the merchant that it calls back."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from mela.kernel.clock import FakeClock
from mela.simulators.gateway.app import SERVICE
from tests.kit import ENGINES, Running, migrated_url, running

START = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
ENVIRON = {"MELA_GATEWAY_KEY_ID": "key", "MELA_GATEWAY_KEY_SECRET": "secret", "MELA_GATEWAY_WEBHOOK_SECRET": "hook"}
KEY = ("key", "secret")
ACCOUNT = {"name": "Kaveri Stores", "account": "000123456789", "ifsc": "SBIN0000001"}


@dataclass
class Shop(httpx2.AsyncBaseTransport):
    """A merchant that listens: takes callbacks, or answers `status` to them."""

    status: int = 200
    taken: list[httpx2.Request] = field(default_factory=list)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.taken.append(request)
        return httpx2.Response(self.status)


@dataclass
class Bank:
    """The gateway and the merchant that it calls back."""

    gateway: Running
    shop: Shop
    clock: FakeClock
    url: str

    async def post(self, path: str, body: Any = None, *, auth: Any = KEY) -> httpx2.Response:
        return await self.gateway.client.post(f"/sim/gateway{path}", json=body, auth=auth)

    async def get(self, path: str, *, auth: Any = KEY) -> httpx2.Response:
        return await self.gateway.client.get(f"/sim/gateway{path}", auth=auth)

    async def payment(self, reference: str = "ref-1", amount: int = 10_000, **other: Any) -> httpx2.Response:
        body = {"reference": reference, "amount": amount, "description": "Order", "expire_seconds": 600,
                "callback_url": "http://shop/callbacks"}  # fmt: skip
        return await self.post("/v1/payments", body | other)

    async def paid(self, reference: str = "ref-1", amount: int = 10_000) -> str:
        found: str = (await self.payment(reference, amount)).json()["id"]
        await self.post(f"/upi/{found}/approve", {"vpa": "asha@simbank"}, auth=None)
        return found

    async def books(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.get("/v1/books")).json()
        return found

    async def told(self) -> list[dict[str, Any]]:
        await self.gateway.run_job("send_callbacks")
        return [json.loads(request.content) for request in self.shop.taken]


@pytest.fixture(params=ENGINES)
async def bank(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bank]:
    shop, clock, url = Shop(), FakeClock(START), migrated_url(request.param, tmp_path, SERVICE)
    async with (
        httpx2.AsyncClient(transport=shop) as http,
        running(SERVICE, tmp_path, url=url, clock=clock, http=http, environ=ENVIRON) as gateway,
    ):
        yield Bank(gateway, shop, clock, url)
