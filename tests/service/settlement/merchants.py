"""Payments, settlement and the simulated gateway, all real, and a process of settlement that may die at any step."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx2

from mela.contracts.accounts import Accounts
from mela.contracts.catalog import Catalog
from mela.contracts.payments import Payments, Transfer
from mela.kernel import messages
from mela.kernel.clock import india_date
from mela.kernel.errors import MelaError
from mela.kernel.events import Delivery, outbox
from mela.kernel.events.outbox import Envelope
from mela.kernel.money import Paise
from mela.services.payments.model import Merchant
from mela.services.payments.service import PaymentsService
from mela.services.settlement import store
from mela.services.settlement.app import SERVICE
from tests.fakes.catalog import FakeCatalog
from tests.kit import Running, running
from tests.service.payments import world as payments_world
from tests.service.settlement.world import ENVIRON, Fate, Heard, Killed, MortalDatabase

MERCHANT = "kaveri"


class MortalPayments:
    """The real payments, whose caller may die before or after each call."""

    def __init__(self, payments: PaymentsService, fate: Fate) -> None:
        self._payments, self._fate = payments, fate

    async def post(self, *, key: str, transfers: list[Transfer]) -> None:
        """See `Payments.post`."""
        self._fate.step("before post")
        await self._payments.post(key=key, transfers=transfers)
        self._fate.step("after post")

    async def withheld(self, *, seller_id: str) -> Paise:
        """See `Payments.withheld`."""
        return await self._payments.withheld(seller_id=seller_id)


@dataclass
class Market:
    """One merchant who takes payments by the API, and is paid for them."""

    shop: payments_world.World
    settlement: Running
    told: Heard
    fate: Fate
    heard: dict[str, int] = field(default_factory=lambda: {"payments": 0, "settlement": 0})
    keys: int = 0

    async def pay(self, amount: int, method: Any = "upi") -> str:
        """A payer pays the merchant; the payment's id."""
        self.keys += 1
        means = await self.shop.card() if method == "card" else None
        made = await self.shop.payments.service.start(
            key=f"m{self.keys}", order_id=f"m{self.keys}", amount=Paise(amount), method=method, description="x", seconds=600,
            instrument=means, merchant=Merchant(MERCHANT, f"order-{self.keys}", test=False),
        )  # fmt: skip
        await self.shop.approve(made)
        assert (await self.shop.now(made)).state == "captured"
        return str(made.id)

    async def refund(self, payment_id: str, amount: int) -> bool:
        """Whether the merchant may give back so much, which then reaches the payer."""
        self.keys += 1
        try:
            await self.shop.payments.service.refund(
                key=f"r{self.keys}", payment_id=payment_id, amount=Paise(amount), reason="returned"
            )
        except MelaError:
            return False
        await self.shop.pass_time(60)
        return True

    async def charge_back(self, payment_id: str, amount: int) -> None:
        """The payer's bank takes money back, for good."""
        await self.decide(await self.dispute(payment_id, amount), "lost")

    async def dispute(self, payment_id: str, amount: int) -> str:
        """The payer's bank takes money back, until it is decided; the dispute's id."""
        body = {"reference": payment_id, "amount": amount, "reason": "fraud"}
        made = await self.shop.gateway.client.post("/sim/gateway/disputes", json=body, auth=self.shop.merchant)
        await self.shop.gateway.run_job("send_callbacks")
        return str(made.raise_for_status().json()["id"])

    async def decide(self, dispute_id: str, status: str) -> None:
        """It is won or lost."""
        url = f"/sim/gateway/disputes/{dispute_id}/end"
        answer = await self.shop.gateway.client.post(url, json={"status": status}, auth=self.shop.merchant)
        answer.raise_for_status()
        await self.shop.gateway.run_job("send_callbacks")

    async def spread(self, *, dying_at: int | None = None, again: bool = False) -> None:
        """Every event reaches whoever hears it, some twice; the hearer may die on the way, and gets it again."""
        for name, source, hearer in (
            ("payments", self.shop.heard, self.settlement), ("settlement", self.told, self.shop.payments),
        ):  # fmt: skip
            await _all_sent(self.shop.payments if name == "payments" else self.settlement)
            fresh = source.envelopes[self.heard[name] :]
            self.heard[name] = len(source.envelopes)
            for envelope in fresh:
                self.fate.at, self.fate.steps = dying_at, []
                with suppress(Killed):
                    await _deliver(hearer, envelope)
                self.fate.at = None
                for _ in range(1 + again):
                    await _deliver(hearer, envelope)

    async def settle(self, *, dying_at: int | None = None) -> None:
        """The next banking day's run, whose process may die at a step; then another does it again."""
        day = await self.next_day()
        self.fate.at, self.fate.steps = dying_at, []
        with suppress(Killed):
            await self.settlement.service.run(day)
        self.fate.at = None
        await self.settlement.service.run(day)

    async def next_day(self) -> date:
        """The clock goes on to the day on which today's payments are due."""
        day, _ = await self.settlement.service.ahead()
        today = india_date(self.shop.clock.now())
        self.shop.clock.advance((day - today) / timedelta(seconds=1))
        found: date = day
        return found

    async def balance(self, account: str) -> int:
        """Credits less debits of an account: what it has to give."""
        return -await self.shop.balance(account)

    async def open_net(self) -> int:
        """What settlement has still to pay."""
        return int((await self.settlement.db.read(store.sums)).open_net)

    async def paid_out(self) -> list[int]:
        """What the gateway has paid to the merchant's bank, by its own books."""
        return [entry["amount"] for entry in (await self.shop.books())["entries"] if entry["kind"] == "paid_out"]


async def _all_sent(running: Running) -> None:
    """Every event that a service has emitted has left."""
    async with asyncio.timeout(30):
        while True:
            if not await running.db.read(outbox.waiting):
                break
            await asyncio.sleep(0.002)


async def _deliver(hearer: Running, envelope: Envelope) -> None:
    """The hearer handles an event, here and now; what it does not subscribe to is nothing to it."""
    for each in hearer.parts.subscriptions:
        if messages.meta(each.event).name == envelope.name:
            event: Any = messages.from_json(each.event, envelope.body)
            await each.handler(event, Delivery(1, envelope, 1))


@asynccontextmanager
async def market(folder: Path, engine: str = "sqlite") -> AsyncIterator[Market]:
    """Everything running, with the merchant's bank account."""
    async with payments_world.world(folder, engine) as shop, httpx2.AsyncClient(transport=shop.wires) as http:
        fate, told = Fate(), Heard()
        peers: dict[type, object] = {
            Payments: MortalPayments(shop.payments.service, fate), Catalog: FakeCatalog(shop.clock), Accounts: None,
        }  # fmt: skip
        async with running(
            SERVICE, folder, engine=engine, clock=shop.clock, environ=ENVIRON, peers=peers, http=http, transport=told
        ) as settlement:
            account = {"seller_id": MERCHANT, "name": "Kaveri (test)", "account": "000000560002", "ifsc": "SIMB0560002"}
            await settlement.db.run(store.keep_accounts, [account])
            settlement.service._db = MortalDatabase(settlement.db, fate)
            yield Market(shop, settlement, told, fate)
