"""Payments and several simulated providers, wired together without sockets."""

import importlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from mela.contracts.payments import Payment
from mela.kernel.clock import FakeClock
from mela.kernel.money import Paise
from mela.runtime import registry
from mela.services.payments.app import DATA
from mela.services.payments.app import SERVICE as PAYMENTS
from mela.simulators.gateway import tables
from mela.simulators.gateway.store import rows
from tests.kit import Running, running
from tests.service.payments.world import PAYMENTS_ENVIRON, START, Wires

KEY = ("key", "secret")


@dataclass
class Several:
    """Payments, its providers by name, and the time they share."""

    payments: Running
    sims: dict[str, Running]
    wires: Wires
    clock: FakeClock
    keys: int = 0

    async def start(self, amount: int = 129_900, seconds: int = 600) -> Payment:
        """Begin a payment as orders does."""
        self.keys += 1
        started: Payment = await self.payments.service.start(
            key=f"key-{self.keys}", order_id=f"order_{self.keys}", amount=Paise(amount), method="upi", description="Order",
            seconds=seconds,
        )  # fmt: skip
        return started

    async def now(self, payment: Payment) -> Payment:
        """The payment as it is now."""
        found: Payment = await self.payments.service.get(payment_id=payment.id)
        return found

    async def at(self, payment: Payment) -> str | None:
        """The provider that has a payment, as we know it."""
        provider, _ = await self.payments.service.route(payment.id)
        return str(provider)

    async def there(self, payment: Payment) -> list[str]:
        """The providers that know a payment."""
        found = {
            name: await sim.db.read(rows.by_reference, tables.payments, payment.id) for name, sim in self.sims.items()
        }
        return [name for name, row in found.items() if row is not None]

    async def approve(self, payment: Payment, provider: str) -> None:
        """The payer pays; callbacks that follow are delivered."""
        row = await self.sims[provider].db.read(rows.by_reference, tables.payments, payment.id)
        assert row is not None
        await self.sims[provider].client.post(f"/sim/{provider}/upi/{row.id}/approve")
        await self.sims[provider].run_job("send_callbacks")

    async def plan(self, provider: str, **faults: Any) -> None:
        """Tell a provider what shall go wrong."""
        (await self.sims[provider].client.post(f"/sim/{provider}/plan", json=faults, auth=KEY)).raise_for_status()

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, and all timers run once."""
        self.clock.advance(seconds)
        for sim in self.sims.values():
            await sim.run_job("let_time_pass")
            await sim.run_job("send_callbacks")
        for name in ("ask_gateway", "push_refunds"):
            await self.payments.run_job(name)

    async def get(self, path: str) -> Any:
        """What the person on duty sees."""
        headers = self.payments.tokens.give("operator", "asha")
        return (await self.payments.client.get(f"/api/payments{path}", headers=headers)).raise_for_status().json()


@asynccontextmanager
async def several(folder: Path, *names: str) -> AsyncIterator[Several]:
    """These providers, each on a fresh database, and payments, which never tries one that is not best."""
    wires, clock = Wires(), FakeClock(START)
    weights = folder / "routing.yaml"
    weights.write_text((DATA / "routing.yaml").read_text(encoding="utf-8").replace("explore: 0.01", "explore: 0"))
    environ = PAYMENTS_ENVIRON | {
        "MELA_PAYMENTS_ROUTING_RULES": str(weights),
        "MELA_PAYMENTS_PROVIDERS": ",".join(names),
        "MELA_PAYMENTS_PROVIDER_URLS": ",".join(f"{name}=http://{name}/sim/{name}" for name in names),
        "MELA_PAYMENTS_PROVIDER_KEYS": ",".join(f"{name}=key:secret:us:hook" for name in names),
    }
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx2.AsyncClient(transport=wires))
        sims = {}
        for name in names:
            service, prefix = importlib.import_module(registry.ENTRIES[name].module).SERVICE, f"MELA_{name.upper()}"
            own = {f"{prefix}_KEY_ID": "key", f"{prefix}_KEY_SECRET": "secret", f"{prefix}_WEBHOOK_SECRET": "us:hook",
                   f"{prefix}_CALLBACK_URL": f"http://payments/api/payments/callbacks/{name}"}  # fmt: skip
            sims[name] = await stack.enter_async_context(running(service, folder, clock=clock, http=http, environ=own))
        payments = await stack.enter_async_context(running(PAYMENTS, folder, clock=clock, http=http, environ=environ))
        wires.ends = {name: each.client._transport for name, each in ({"payments": payments} | sims).items()}
        yield Several(payments, sims, wires, clock)
