"""Payments and the real simulated gateway, wired together without sockets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2

from mela.contracts.payments import Instrument, Method, Payer, Payment
from mela.kernel.clock import FakeClock
from mela.kernel.events.outbox import Envelope
from mela.kernel.money import Paise
from mela.services.payments.app import SERVICE as PAYMENTS
from mela.services.payments.store import ledger
from mela.simulators.gateway import tables
from mela.simulators.gateway.app import SERVICE as GATEWAY
from mela.simulators.gateway.store import rows
from tests.kit import Running, running

START = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
GATEWAY_ENVIRON = {
    "MELA_GATEWAY_KEY_ID": "key",
    "MELA_GATEWAY_KEY_SECRET": "secret",
    "MELA_GATEWAY_WEBHOOK_SECRET": "hook",
}
PAYMENTS_ENVIRON = {
    "MELA_PAYMENTS_GATEWAY_URL": "http://gateway/sim/gateway",
    "MELA_PAYMENTS_GATEWAY_KEY_ID": "key",
    "MELA_PAYMENTS_GATEWAY_KEY_SECRET": "secret",
    "MELA_PAYMENTS_WEBHOOK_SECRET": "hook",
    "MELA_PAYMENTS_CALLBACK_BASE": "http://payments",
}

Happening = Callable[[], Awaitable[object]]


class Wires(httpx2.AsyncBaseTransport):
    """Leads a request to the application of its host. `cut` hosts can't be reached.

    `before` and `after`: what happens next time before a request arrives, or before its answer does.
    """

    def __init__(self) -> None:
        self.ends: dict[str, httpx2.AsyncBaseTransport] = {}
        self.cut: set[str] = set()
        self.seen: list[str] = []
        self.before: Happening | None = None
        self.after: Happening | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.seen.append(f"{request.method} {request.url.path}")
        if request.url.host in self.cut:
            raise httpx2.ConnectError("cut", request=request)
        await self._happen("before")
        answer = await self.ends[request.url.host].handle_async_request(request)
        await self._happen("after")
        return answer

    async def _happen(self, when: str) -> None:
        happening: Happening | None = getattr(self, when)
        setattr(self, when, None)
        if happening is not None:
            await happening()


async def die() -> None:
    """The process ends here: what was asked for is never heard of again."""
    raise asyncio.CancelledError


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
        """Nobody publishes to payments."""

    async def close(self) -> None:
        """Nothing to do."""

    async def names(self, count: int) -> list[str]:
        """Names of the events sent out, once there are so many."""
        async with asyncio.timeout(30):
            while len(self.envelopes) < count:
                self._news.clear()
                await self._news.wait()
        return [envelope.name for envelope in self.envelopes]


@dataclass
class World:
    """Payments, the gateway, and the time they share."""

    payments: Running
    gateway: Running
    wires: Wires
    heard: Heard
    clock: FakeClock
    keys: int = 0
    merchant: tuple[str, str] = field(default=("key", "secret"))

    async def start(
        self,
        amount: int = 129_900,
        *,
        method: Method = "upi",
        key: str | None = None,
        seconds: int = 600,
        payer: Payer | None = None,
        instrument: Instrument | None = None,
        capture: bool = True,
    ) -> Payment:
        """Begin a payment as orders does."""
        self.keys += 1
        key = key or f"key-{self.keys}"
        started: Payment = await self.payments.service.start(
            key=key, order_id=f"order_{key}", amount=Paise(amount), method=method, description="Order", seconds=seconds,
            payer=payer, instrument=instrument, capture=capture,
        )  # fmt: skip
        return started

    async def card(self, number: str = "4111111111111111", expiry: str = "1230") -> Instrument:
        """A card that its owner has left at its network's page."""
        body = {"number": number, "expiry": expiry, "cvv": "123"}
        answer = await self.gateway.client.post("/sim/gateway/cards/tokens", json=body)
        return Instrument(card=answer.raise_for_status().json()["id"])

    async def authorized(self, amount: int = 129_900) -> Payment:
        """A card whose bank holds the money for us."""
        payment = await self.start(amount, method="card", instrument=await self.card(), capture=False)
        await self.approve(payment)
        return await self.now(payment)

    async def paid(self, amount: int = 129_900) -> Payment:
        """A payment that the payer has paid, and that we know of."""
        payment = await self.start(amount)
        await self.approve(payment)
        return await self.now(payment)

    async def bill(self, payment: Payment) -> str | None:
        """The gateway's id of a payment, None when it never got there."""
        row = await self.gateway.db.read(rows.by_reference, tables.payments, payment.id)
        return None if row is None else str(row.id)

    async def approve(self, payment: Payment) -> httpx2.Response:
        """The payer pays; callbacks that follow are delivered."""
        return await self._payer(payment, "approve")

    async def decline(self, payment: Payment, code: str = "ZA") -> httpx2.Response:
        """The payer says no; callbacks that follow are delivered."""
        return await self._payer(payment, "decline", {"code": code})

    async def now(self, payment: Payment) -> Payment:
        """The payment as it is now."""
        found: Payment = await self.payments.service.get(payment_id=payment.id)
        return found

    async def plan(self, **faults: Any) -> None:
        """Tell the gateway what shall go wrong."""
        answer = await self.gateway.client.post("/sim/gateway/plan", json=faults, auth=self.merchant)
        answer.raise_for_status()

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, and all timers run once."""
        self.clock.advance(seconds)
        for name in ("let_time_pass", "send_callbacks"):
            await self.gateway.run_job(name)
        for name in ("ask_gateway", "push_captures", "push_refunds"):
            await self.payments.run_job(name)

    async def books(self) -> dict[str, Any]:
        """The gateway's own books."""
        answer = await self.gateway.client.get("/sim/gateway/v1/books", auth=self.merchant)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    async def balance(self, account: str) -> int:
        """Debits less credits of an account in our ledger."""
        return {name: debits - given for name, debits, given in await self.balances()}.get(account, 0)

    async def balances(self, at: datetime | None = None) -> list[tuple[str, Paise, Paise]]:
        """Every account of our ledger with its debits and credits."""
        return await self.payments.db.read(ledger.balances, at)

    async def seal(self) -> None:
        """All transfers are sealed."""
        await self.payments.run_job("seal_ledger")

    async def check(self) -> dict[str, Any]:
        """What the person on duty sees of both books."""
        answer = await self.payments.client.get("/api/payments/ledger/check", headers=self.operator())
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    def operator(self) -> dict[str, str]:
        """Headers of the person on duty."""
        return self.payments.tokens.give("operator", "asha")

    async def _payer(self, payment: Payment, verb: str, body: Any = None) -> httpx2.Response:
        answer = await self.gateway.client.post(f"/sim/gateway/upi/{await self.bill(payment)}/{verb}", json=body)
        await self.gateway.run_job("send_callbacks")
        return answer


@asynccontextmanager
async def world(folder: Path, engine: str = "sqlite", **settings: str) -> AsyncIterator[World]:
    """Both applications on fresh databases; `settings` are variables of payments without prefix, in small letters."""
    wires, heard, clock = Wires(), Heard(), FakeClock(START)
    environ = PAYMENTS_ENVIRON | {f"MELA_PAYMENTS_{name.upper()}": value for name, value in settings.items()}
    async with (
        httpx2.AsyncClient(transport=wires) as http,
        running(GATEWAY, folder, engine=engine, clock=clock, http=http, environ=GATEWAY_ENVIRON) as gateway,
        running(PAYMENTS, folder, engine=engine, clock=clock, http=http, environ=environ, transport=heard) as payments,
    ):
        wires.ends = {"gateway": gateway.client._transport, "payments": payments.client._transport}
        yield World(payments, gateway, wires, heard, clock)
