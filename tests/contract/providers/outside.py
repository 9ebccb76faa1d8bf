"""A simulated provider, our adapter of it, and a merchant that takes its callbacks; no sockets between them."""

import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2

from mela.kernel.clock import FakeClock
from mela.kernel.money import Paise
from mela.runtime import registry
from mela.services.payments.app import ADAPTERS
from mela.services.payments.model import CardToken, Charge, Known, ProviderPayment
from mela.services.payments.providers import Provider
from mela.services.payments.providers.http import Account
from mela.simulators.gateway import tables
from mela.simulators.gateway.store import rows
from tests.kit import Running, running
from tests.service.payments.world import Wires

START = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
CARD = CardToken("9000010000000004", "AAAEAkMQ", "1230", "visa", "3478")
KEYS = ("key", "secret-of-the-key", "hook:of-the-hook")


class Merchant(httpx2.AsyncBaseTransport):
    """Takes every callback and remembers it."""

    def __init__(self) -> None:
        self.taken: list[httpx2.Request] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.taken.append(request)
        return httpx2.Response(200)


def charge(reference: str = "pay_1", amount: int = 12_950, **more: Any) -> Charge:
    """What orders ask for."""
    return Charge(reference, Paise(amount), "Order of 2 items", 600, START + timedelta(seconds=600), **more)


@dataclass
class Outside:
    """A provider as it is, and as we see it."""

    provider: Provider
    sim: Running
    wires: Wires
    merchant: Merchant
    clock: FakeClock
    account: Account
    http: httpx2.AsyncClient

    def with_account(self, **changed: Any) -> Provider:
        """Our adapter with another account there."""
        other = replace(self.account, **changed)
        return ADAPTERS[self.provider.name](self.http, lambda: other)

    async def create(self, reference: str = "pay_1", amount: int = 12_950, **more: Any) -> Known:
        """Begin a payment that the provider takes."""
        told = await self.provider.create(charge(reference, amount, **more))
        assert isinstance(told, ProviderPayment), told
        return Known(reference, Paise(amount), told.id)

    async def paid(self, reference: str = "pay_1", amount: int = 12_950, **more: Any) -> Known:
        """A payment that the payer has agreed to."""
        known = await self.create(reference, amount, **more)
        await self.payer("approve", reference)
        return known

    async def payer(self, verb: str, reference: str = "pay_1", body: Any = None) -> None:
        """What the payer does on the phone."""
        row = await self.sim.db.read(rows.by_reference, tables.payments, reference)
        assert row is not None
        await self.sim.client.post(f"/sim/{self.provider.name}/upi/{row.id}/{verb}", json=body)

    async def plan(self, **faults: Any) -> None:
        """Tell the provider what shall go wrong."""
        answer = await self.sim.client.post(f"/sim/{self.provider.name}/plan", json=faults, auth=KEYS[:2])
        answer.raise_for_status()

    async def pass_time(self, seconds: float) -> None:
        """Let time pass at the provider."""
        self.clock.advance(seconds)
        await self.sim.run_job("let_time_pass")

    async def called_back(self) -> list[httpx2.Request]:
        """The callbacks that it has sent."""
        await self.sim.run_job("send_callbacks")
        return self.merchant.taken


@asynccontextmanager
async def outside(name: str, folder: Path) -> AsyncIterator[Outside]:
    """A provider on a fresh database."""
    service = importlib.import_module(registry.ENTRIES[name].module).SERVICE
    prefix = f"MELA_{name.upper()}"
    names = ("KEY_ID", "KEY_SECRET", "WEBHOOK_SECRET")
    environ = {f"{prefix}_{field}": value for field, value in zip(names, KEYS, strict=True)} | {
        f"{prefix}_CALLBACK_URL": f"http://merchant/{name}"
    }
    wires, merchant, clock = Wires(), Merchant(), FakeClock(START)
    async with (
        httpx2.AsyncClient(transport=wires) as http,
        running(service, folder, clock=clock, http=http, environ=environ) as sim,
    ):
        wires.ends = {"sim": sim.client._transport, "merchant": merchant}
        account = Account(f"http://sim/sim/{name}", *KEYS, f"http://merchant/{name}", timeout_s=5.0)
        yield Outside(ADAPTERS[name](http, lambda: account), sim, wires, merchant, clock, account, http)
