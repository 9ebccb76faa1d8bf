"""Settlement with the real simulated gateway, and places where everything may break."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2

from mela.contracts.accounts import Accounts
from mela.contracts.catalog import Catalog
from mela.contracts.orders import OrderSold, OrderUnsold, SoldLine
from mela.contracts.payments import Payments, Transfer
from mela.contracts.settlement import SellerPaid
from mela.kernel import ids, messages, money
from mela.kernel.clock import FakeClock
from mela.kernel.events import Delivery
from mela.kernel.events.outbox import Envelope
from mela.kernel.money import Paise
from mela.services.settlement import store
from mela.services.settlement.app import SERVICE
from mela.simulators.gateway.app import SERVICE as GATEWAY
from tests.fakes.catalog import FakeCatalog
from tests.fakes.payments import FakePayments
from tests.kit import Running, running

MONDAY = datetime(2026, 11, 16, 6, 30, tzinfo=UTC)
"""A banking day, at noon in India; so is the day after."""
GATEWAY_ENVIRON = {
    "MELA_GATEWAY_KEY_ID": "key",
    "MELA_GATEWAY_KEY_SECRET": "secret",
    "MELA_GATEWAY_WEBHOOK_SECRET": "hook",
}
ENVIRON = {
    "MELA_SETTLEMENT_GATEWAY_URL": "http://gateway/sim/gateway",
    "MELA_SETTLEMENT_GATEWAY_KEY_ID": "key",
    "MELA_SETTLEMENT_GATEWAY_KEY_SECRET": "secret",
}
ACCOUNTS = [
    {"seller_id": "madurai-stores", "name": "Madurai Stores (test)", "account": "000000625001", "ifsc": "SIMB0625001"},
    {"seller_id": "indore-traders", "name": "Indore Traders (test)", "account": "000000452001", "ifsc": "SIMB0452001"},
]


class Killed(BaseException):
    """The process dies here: nothing may catch it."""


@dataclass
class Fate:
    """Kills the process at the step `at`, counting from 1; `steps` are those that it has taken."""

    at: int | None = None
    steps: list[str] = field(default_factory=list)

    def step(self, name: str) -> None:
        """One more step begins or has ended. Raises: Killed."""
        self.steps.append(name)
        if self.at == len(self.steps):
            raise Killed(name)


class Wire(httpx2.AsyncBaseTransport):
    """The way to the gateway: cut, or fatal before the request arrives and after it did."""

    def __init__(self, gateway: httpx2.AsyncBaseTransport, fate: Fate) -> None:
        self._gateway, self._fate, self.cut = gateway, fate, False
        self.asked: list[str] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if self.cut:
            raise httpx2.ConnectError("cut", request=request)
        self._fate.step(f"before {request.method}")
        self.asked.append(request.method)
        answer = await self._gateway.handle_async_request(request)
        self._fate.step(f"after {request.method}")
        return answer


class MortalPayments(FakePayments):
    """Payments that may be the last call of the process, before or after its effect."""

    def __init__(self, clock: FakeClock, fate: Fate) -> None:
        super().__init__(clock)
        self._fate = fate

    async def post(self, *, key: str, transfers: list[Transfer]) -> None:
        self._fate.step("before post")
        await super().post(key=key, transfers=transfers)
        self._fate.step("after post")


class Heard:
    """A transport that remembers what was sent out."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self._news = asyncio.Event()

    async def publish(self, envelopes: list[Envelope]) -> None:
        """See `Transport.publish`."""
        self.envelopes += envelopes
        self._news.set()

    async def subscribe(self, names: list[str], receive: Any) -> None:
        """Nobody publishes here: tests call the use cases, or hand envelopes to the bus."""

    async def close(self) -> None:
        """Nothing to do."""

    async def payouts(self, count: int) -> list[SellerPaid]:
        """The payouts announced, once there are so many."""
        async with asyncio.timeout(30):
            while len(self._paid()) < count:
                self._news.clear()
                await self._news.wait()
        return [messages.from_json(SellerPaid, envelope.body) for envelope in self._paid()]

    def _paid(self) -> list[Envelope]:
        return [envelope for envelope in self.envelopes if envelope.name == messages.meta(SellerPaid).name]


class MortalDatabase:
    """A database whose process may die before or after each unit."""

    def __init__(self, db: Any, fate: Fate) -> None:
        self._db, self._fate = db, fate

    async def run(self, unit: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """See `Database.run`."""
        self._fate.step(f"before {unit.__name__}")
        result = await self._db.run(unit, *args, **kwargs)
        self._fate.step(f"after {unit.__name__}")
        return result

    async def read(self, query: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """See `Database.read`."""
        return await self._db.read(query, *args, **kwargs)


@dataclass
class World:
    """Settlement, those it calls, and the time that they share."""

    settlement: Running
    gateway: Running
    payments: MortalPayments
    wire: Wire
    heard: Heard
    fate: Fate
    clock: FakeClock

    async def sell(self, *lines: SoldLine, order_id: str | None = None, at: datetime | None = None) -> OrderSold:
        """An order is sold, and settlement hears of it."""
        order_id = order_id or ids.new_id("ord")
        event = OrderSold(order_id, "pay_1", list(lines), at or self.clock.now())
        await self.deliver(event)
        return event

    async def unsell(self, order_id: str, *lines: SoldLine, refund_id: str | None = None) -> OrderUnsold:
        """Lines of an order go back, and settlement hears of it."""
        event = OrderUnsold(order_id, refund_id or ids.new_id("rfnd"), list(lines), self.clock.now())
        await self.deliver(event)
        return event

    async def deliver(self, event: OrderSold | OrderUnsold, event_id: str | None = None) -> None:
        """Settlement hears of an event; with the same id, again."""
        meta = messages.meta(event)
        body = messages.to_json(event).decode()
        envelope = Envelope(event_id or ids.new_id("evt"), meta.name, event.order_id, body, event.at, None)
        (handle,) = [s.handler for s in self.settlement.parts.subscriptions if isinstance(event, s.event)]
        await handle(event, Delivery(1, envelope, 1))

    async def books(self) -> dict[str, Any]:
        """The gateway's own books."""
        answer = await self.gateway.client.get("/sim/gateway/v1/books", auth=("key", "secret"))
        found: dict[str, Any] = answer.json()
        return found

    async def paid_out(self) -> list[int]:
        """Every payment that the gateway has sent to a seller."""
        return [entry["amount"] for entry in (await self.books())["entries"] if entry["kind"] == "paid_out"]

    async def check(self) -> dict[str, Any]:
        """What the check says."""
        answer = await self.settlement.client.get(
            "/api/settlement/check", headers=self.settlement.tokens.give("operator", "op")
        )
        found: dict[str, Any] = answer.json()
        return found


def line(
    gross: int = 85_800, *, sku: str = "RICE-5KG", seller: str = "madurai-stores", category: str = "grocery",
    quantity: int = 2, rate_bp: int = 500,
) -> SoldLine:  # fmt: skip
    """A sold line with its tax."""
    taxable, tax = money.tax_from_inclusive(Paise(gross), rate_bp)
    return SoldLine(sku, seller, category, quantity, Paise(gross), taxable, tax)


@asynccontextmanager
async def world(folder: Path, engine: str = "sqlite") -> AsyncIterator[World]:
    """Everything running, with bank accounts for both sellers."""
    clock, fate, heard = FakeClock(MONDAY), Fate(), Heard()
    async with running(GATEWAY, folder, clock=clock, environ=GATEWAY_ENVIRON, http=httpx2.AsyncClient()) as gateway:
        wire = Wire(gateway.client._transport, fate)
        payments = MortalPayments(clock, fate)
        peers: dict[type, object] = {Payments: payments, Catalog: FakeCatalog(clock), Accounts: None}
        async with (
            httpx2.AsyncClient(transport=wire) as http,
            running(
                SERVICE, folder, engine=engine, clock=clock, environ=ENVIRON, peers=peers, http=http, transport=heard
            ) as settlement,
        ):  # fmt: skip
            await settlement.db.run(store.keep_accounts, ACCOUNTS)
            settlement.service._db = MortalDatabase(settlement.db, fate)
            yield World(settlement, gateway, payments, wire, heard, fate, clock)
