"""Webhooks running on a real database, with receivers on real sockets, and a clock that tests turn."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from mela.contracts.accounts import Accounts
from mela.contracts.orders import OrderSold, SoldLine
from mela.kernel import ids, messages
from mela.kernel.clock import FakeClock, SystemClock
from mela.kernel.events.outbox import Envelope
from mela.kernel.money import Paise
from mela.services.webhooks.app import SERVICE
from mela.services.webhooks.service import Sender
from tests.kit import Running, migrated_url, running
from tests.service.webhooks.receiver import Receiver, receiving

BEFORE = Fernet.generate_key().decode()
ENVIRON = {"MELA_WEBHOOKS_KEYS": BEFORE, "MELA_WEBHOOKS_ALLOW_LOOPBACK": "true", "MELA_WEBHOOKS_TIMEOUT_S": "5"}
SELLER, OTHER = "kaveri-traders", "malwa-bazaar"
SCOPES = ("webhooks:read", "webhooks:write")


@dataclass
class World:
    """One process of webhooks, who calls it, and who listens."""

    process: Running
    clock: FakeClock
    url: str
    stack: AsyncExitStack
    folder: Path
    keys: int = field(default=0)

    @property
    def sender(self) -> Sender:
        """What sends, to be run to the end of what is due."""
        sender: Sender = self.process.parts.close.__self__  # type: ignore[union-attr]
        return sender

    def who(self, seller: str | None) -> dict[str, str]:
        """Headers of a seller, or of the operator."""
        tokens = self.process.tokens
        return tokens.give("merchant", seller, *SCOPES) if seller else tokens.give("operator", "op")

    async def call(
        self, method: str, path: str, seller: str | None = SELLER, body: Any = None, *, key: str = ""
    ) -> Any:
        """The answer's JSON, None for an empty one. Fails unless it is a success."""
        answer = await self.ask(method, path, seller, body, key=key)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def ask(self, method: str, path: str, seller: str | None = SELLER, body: Any = None, *, key: str = "") -> Any:
        """The answer itself. POSTs have a key of their own unless one is given."""
        self.keys += 1
        headers = self.who(seller) | {"idempotency-key": key or f"key-number-{self.keys}"}
        return await self.process.client.request(method, f"/api/webhooks{path}", json=body, headers=headers)

    async def listen(self, seller: str | None = SELLER, *types: str) -> tuple[Receiver, str]:
        """A receiver that is registered, and its endpoint's id."""
        receiver = await self.stack.enter_async_context(receiving())
        made = await self.call("POST", "/endpoints", seller, {"url": receiver.url, "types": types})
        receiver.secret = made["secret"]
        return receiver, made["endpoint"]["id"]

    async def sell(self, *sellers: str) -> OrderSold:
        """An order with a line of each seller is sold, webhooks hears of it, and sends what is due."""
        event = self.sold(*sellers)
        await self.hear(event, event.order_id)
        return event

    def sold(self, *sellers: str) -> OrderSold:
        """A new order with a line of each seller."""
        lines = [line(seller) for seller in sellers or (SELLER,)]
        return OrderSold(ids.new_id("ord"), "pay_1", lines, self.clock.now())

    async def hear(self, event: Any, key: str, event_id: str | None = None) -> None:
        """Webhooks hears an event; what is due then is sent."""
        await self.tell(event, key, event_id)
        await self.sender.run()

    async def tell(self, event: Any, key: str, event_id: str | None = None) -> None:
        """Webhooks hears an event, and begins to send."""
        body = messages.to_json(event).decode()
        name = messages.meta(event).name
        await self.process.hand_over(Envelope(event_id or ids.new_id("evt"), name, key, body, event.at, None))

    async def later(self, seconds: float) -> None:
        """Time passes, and what is due then is sent."""
        self.clock.advance(seconds)
        await self.sender.run()

    async def deliveries(self, seller: str | None = SELLER, **query: str) -> list[Any]:
        """The first page of deliveries, newest first."""
        answer = await self.process.client.get("/api/webhooks/deliveries", params=query, headers=self.who(seller))
        found: list[Any] = answer.json()["items"]
        return found

    async def attempts(self, delivery_id: str) -> list[Any]:
        """What was tried."""
        return (await self.call("GET", f"/deliveries/{delivery_id}"))["attempts"]  # type: ignore[no-any-return]


def line(seller: str, gross: int = 85_800) -> SoldLine:
    """A sold line."""
    return SoldLine(f"SKU-{seller}", seller, "grocery", 2, Paise(gross), Paise(gross - 4_086), Paise(4_086))


@asynccontextmanager
async def world(folder: Path, engine: str = "sqlite", *, url: str | None = None, clock: FakeClock | None = None,
                **settings: str) -> AsyncIterator[World]:  # fmt: skip
    """A process on a fresh database, or a second one on the database at `url`."""
    clock = clock or FakeClock(SystemClock().now())
    url = url or migrated_url(engine, folder, SERVICE)
    environ = ENVIRON | {f"MELA_WEBHOOKS_{name.upper()}": value for name, value in settings.items()}
    peers: dict[type, object] = {Accounts: None}
    async with (
        AsyncExitStack() as stack,
        running(SERVICE, folder, url=url, clock=clock, environ=environ, peers=peers) as process,
    ):
        yield World(process, clock, url, stack, folder)
