"""Orders running with a fake catalogue and fake payments; the fakes keep the contracts (their own suites hold them to it)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mela.contracts.accounts import Accounts, Erased
from mela.contracts.catalog import Catalog
from mela.contracts.payments import Payments
from mela.kernel import messages
from mela.kernel.clock import FakeClock
from mela.kernel.events.outbox import Envelope
from mela.services.orders.app import SERVICE
from tests import kit
from tests.fakes.catalog import FakeCatalog
from tests.fakes.payments import FakePayments

NOON = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
ADDRESS = {"name": "Meena R", "phone": "+919876543210", "line1": "12, North Masi Street", "city": "Madurai",
           "state_code": "33", "pin": "625001"}  # fmt: skip
INSTRUMENTS = {"card": {"card_token": "ctok1"}, "netbanking": {"bank": "HDFC"}, "wallet": {"wallet": "paytm"}}


class Gone(list[Erased]):
    """Accounts, of which orders asks who is known no more."""

    def add(self, customer_id: str) -> None:
        self.append(Erased(len(self) + 1, customer_id, NOON))

    async def erased(self, *, after: int, most: int) -> list[Erased]:
        return [each for each in self if each.number > after][:most]


@dataclass
class Shop:
    """Orders, its neighbours, and what a customer does."""

    app: kit.Running
    catalog: FakeCatalog
    payments: FakePayments
    clock: FakeClock
    meena: dict[str, str]
    duty: dict[str, str]
    gone: "Gone"

    async def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, by: dict[str, str] | None = None
    ) -> Any:
        """The answer's body; `.status` stands in `self.status`."""
        headers = {**(by or self.meena), **({"idempotency-key": key} if key else {})}
        answer = await self.app.client.request(method, f"/api/orders{path}", json=body, headers=headers)
        self.status = answer.status_code
        return answer.json()

    async def put(self, sku: str = "RICE-5KG", quantity: int = 2, by: dict[str, str] | None = None) -> Any:
        return await self.call("PUT", f"/cart/items/{sku}", {"quantity": quantity}, by=by)

    async def check_out(self, method: str = "upi", key: str = "first-order", by: dict[str, str] | None = None) -> Any:
        body = {"address": ADDRESS, "method": method, **INSTRUMENTS.get(method, {})}
        return await self.call("POST", "/orders", body, key=key, by=by)

    async def hear(self, event: object, event_id: str = "evt_1") -> None:
        """Deliver an event, as the bus would, and wait until it is handled."""
        meta = messages.meta(event)
        key = str(getattr(event, meta.key))
        envelope = Envelope(event_id, meta.name, key, messages.to_json(event).decode(), self.clock.now(), None)
        await self.app.hand_over(envelope)

    async def bought(
        self, method: str = "upi", sku: str = "RICE-5KG", quantity: int = 2, key: str = "first-order"
    ) -> Any:
        """An order that is confirmed."""
        await self.put(sku, quantity)
        order = await self.check_out(method, key)
        if method != "cod":
            await self.hear(self.payments.pay(order["payment_id"]), f"evt_{key}")
        return await self.call("GET", f"/orders/{order['id']}")


@asynccontextmanager
async def running(folder: Path, engine: str, url: str | None = None) -> AsyncIterator[Shop]:
    """Orders on a fresh database, or on the one at `url`."""
    clock = FakeClock(NOON)
    catalog, payments = FakeCatalog(clock), FakePayments(clock)
    gone = Gone()
    peers: dict[type, object] = {Catalog: catalog, Payments: payments, Accounts: gone}
    async with kit.running(SERVICE, folder, engine=engine, url=url, clock=clock, peers=peers) as app:
        meena, duty = app.tokens.give("customer", "cus_meena"), app.tokens.give("operator", "op")
        yield Shop(app, catalog, payments, clock, meena, duty, gone)


@pytest.fixture(params=kit.ENGINES)
async def shop(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Shop]:
    async with running(tmp_path, request.param) as shop:
        yield shop
