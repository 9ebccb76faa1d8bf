"""People who pay in every way there is, and the services around payments as far as it needs them: who calls, who hears.

What a payment is about comes from the seed and its number alone, so a seed can be played again.
"""

import asyncio
import contextlib
import itertools
import json
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx2
import uvicorn
from starlette.applications import Starlette

from mela.contracts.payments import Instrument, Method, Payment, Payments, PaymentState
from mela.kernel import auth, errors, rpc
from mela.kernel.auth import Principal
from mela.kernel.errors import MelaError, Retryable
from mela.kernel.events.memory import Door
from mela.kernel.events.outbox import Envelope
from mela.kernel.money import Paise

T = TypeVar("T")
TOKEN = "mela_sv_" + "t" * 43
CALLERS = f"orders={auth.digest(TOKEN)},payments={auth.digest(TOKEN)}"
OPEN = frozenset({PaymentState.CREATED, PaymentState.PENDING})


@dataclass(frozen=True)
class Way:
    """A way to pay. `card`: with a token of one. `weight`: how many of all do."""

    method: Method
    instrument: Instrument | None = None
    card: bool = False
    capture: bool = True
    weight: int = 1


WAYS = (
    Way("upi", weight=6),
    Way("card", card=True, weight=2),
    Way("card", card=True, capture=False, weight=4),
    Way("netbanking", Instrument(bank="SBIN"), weight=1),
    Way("netbanking", Instrument(bank="HDFC"), weight=1),
    Way("wallet", Instrument(wallet="paytm"), weight=1),
    Way("cod", weight=1),
)
AGAIN_S = 0.5
"""What somebody waits who got no answer."""
LINK_S = 12
"""How long a payer has. A provider may leave a payment open for longer; its order then gives it up, after twice that."""


@dataclass
class Payers:
    """At most `size` at once pay, until `most` have begun."""

    seed: int
    size: int
    most: int
    outside: str = ""
    payments: Any = None
    http: Any = None
    url: str = ""
    begun: int = 0
    another: asyncio.Event = field(default_factory=asyncio.Event)
    cards: list[str] = field(default_factory=list)
    refusals: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    heard: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    told: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    news: dict[str, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))
    unfinished: dict[int, str] = field(default_factory=dict)

    async def receive(self, *, envelopes: list[Envelope]) -> None:
        """See `Door.receive`: events of payments, each once however often it comes."""
        for envelope in envelopes:
            body = json.loads(envelope.body)
            if envelope.name == "payments.captured" and envelope.id not in self.heard:
                self.taken[body["payment_id"]] += body["amount"]
            self.heard[envelope.id] = (envelope.name, body)
            if (payment_id := body.get("payment_id")) is not None:
                self.told[payment_id][envelope.name.removeprefix("payments.")] = body
                self.news[payment_id].set()

    async def identify(self, *, token: str) -> Principal:
        """See `Authenticator.identify`: everybody is the person on duty."""
        return Principal("operator", "asha")

    async def run(self) -> None:
        """Have them pay."""
        await self._leave_cards()
        await asyncio.gather(*(self._one_after_the_other() for _ in range(self.size)))

    async def reach(self, number: int) -> None:
        """Return once so many have begun."""
        while self.begun < number:
            self.another.clear()
            await self.another.wait()

    async def ask(self, method: str, path: str, body: Any = None, key: str = "") -> Any:
        """The person on duty's request to payments. Raises: Retryable, MelaError, httpx2.HTTPError."""
        headers = {"authorization": f"Bearer {TOKEN}"} | ({"idempotency-key": key} if key else {})
        answer = await self.http.request(method, f"{self.url}{path}", json=body, headers=headers)
        if answer.status_code >= 500 or answer.status_code == 429:
            raise Retryable("kernel.unavailable", seconds=1)
        found = answer.json()
        if answer.status_code >= 400:
            raise errors.restore(found["code"], answer.status_code, {})
        return found

    async def _leave_cards(self) -> None:
        for number in ("4111111111111111", "5555555555554444", "6074820000000007"):
            body = {"number": number, "expiry": "1230", "cvv": "123"}
            answer = await self.http.post(f"{self.outside}/sim/gateway/cards/tokens", json=body)
            if answer.is_success:
                self.cards.append(answer.json()["id"])
        assert self.cards

    async def _one_after_the_other(self) -> None:
        while self.begun < self.most:
            number = self.begun
            self.begun += 1
            self.another.set()
            self.unfinished[number] = "begins"
            await self._pay(number)
            del self.unfinished[number]

    async def _pay(self, number: int) -> None:
        """One payment from its beginning to its end."""
        dice = random.Random(f"{self.seed}-{number}")  # noqa: S311 - who does what, not a secret
        way = dice.choices(WAYS, [each.weight for each in WAYS])[0]
        amount, key = Paise(100 * dice.randint(10, 2_000)), f"loop-{self.seed}-{number}"
        means = Instrument(card=dice.choice(self.cards)) if way.card else way.instrument
        payment = await self._insist(
            lambda: self.payments.start(
                key=key, order_id=f"order-{number}", amount=amount, method=way.method, description="Order", seconds=LINK_S,
                instrument=means, capture=way.capture,
            )
        )  # fmt: skip
        if payment is None:
            return
        self.unfinished[number] = f"{payment.id} {way.method}"
        if way.method == "cod":
            await self._at_the_door(payment, dice)
        else:
            await self._online(payment, dice)
        if "captured" in self.told[payment.id] and dice.random() < 0.4:
            await self._want_money_back(payment.id, dice)

    async def _at_the_door(self, payment: Payment, dice: random.Random) -> None:
        if dice.random() < 0.2:
            await self._insist(lambda: self.payments.cancel(payment_id=payment.id, reason="refused at the door"))
        await self._insist(lambda: self.payments.collect_cash(key=f"cash-{payment.id}", payment_id=payment.id))
        await self._hear(payment.id, "captured", "failed")

    async def _online(self, payment: Payment, dice: random.Random) -> None:
        """The payer pays, leaves, or changes their mind before or after."""
        link = payment.intent_url or (await self._soon(payment.id, "ready", "failed")).get("intent_url")
        await asyncio.sleep(dice.uniform(0.0, 8.0))
        mood = dice.random()
        if mood < 0.08:
            await self._insist(lambda: self.payments.cancel(payment_id=payment.id, reason="changed my mind"))
        if link and mood > 0.04 and mood < 0.94:
            await self._insist(lambda: self._approve(link), tries=4)
        if not await self._soon(payment.id, "captured", "failed", "authorized"):  # its order waits no longer
            await self._insist(lambda: self.payments.cancel(payment_id=payment.id, reason="not paid in time"))
            await self._hear(payment.id, "captured", "failed", "authorized")
        if "authorized" in self.told[payment.id]:
            await self._take_or_let_go(payment, dice)

    async def _take_or_let_go(self, payment: Payment, dice: random.Random) -> None:
        """Authorised money: taken whole, in parts, in part; or let go."""
        here = f"/api/payments/payments/{payment.id}"
        wish = dice.choice(["whole", "whole", "parts", "part", "void"])
        if wish == "parts":
            first = {"amount_paise": payment.amount // 3, "final": False}
            await self._insist(lambda: self.ask("POST", f"{here}/captures", first, f"part-{payment.id}"))
        if wish != "void":
            share = (
                payment.amount // 2 if wish == "part" else payment.amount - (wish == "parts") * (payment.amount // 3)
            )
            rest = {"amount_paise": share, "final": True}
            await self._once_free(lambda turn: self.ask("POST", f"{here}/captures", rest, f"rest-{turn}-{payment.id}"))
        await self._once_free(lambda _: self.payments.cancel(payment_id=payment.id, reason="end of the story"))

    async def _once_free(self, step: Callable[[int], Awaitable[Any]]) -> None:
        """Repeat a step for as long as another capture is under way; each turn is a request of its own."""
        for turn in itertools.count():
            refusals: list[str] = []
            await self._insist(lambda: step(turn), refusals=refusals)  # noqa: B023 - awaited in this turn
            if refusals != ["payments.capture_pending"]:
                return
            await asyncio.sleep(0.5)

    async def _approve(self, link: str) -> None:
        """Pay where the link leads."""
        answer = await self.http.post(f"{self._bill(link)}/approve", json={})
        if answer.status_code >= 500:
            raise Retryable("kernel.unavailable", seconds=1)

    def _bill(self, link: str) -> str:
        if not link.startswith("upi:"):
            return link
        told = httpx2.URL(link).params
        return f"{self.outside}/sim/{told['pa'].rpartition('@')[2].removeprefix('sim')}/upi/{told['tr']}"

    async def _want_money_back(self, payment_id: str, dice: random.Random) -> None:
        """All, a part, two parts, or too much."""
        paid = self.taken[payment_id]
        for part, share in enumerate(dice.choice([(1.0,), (0.3,), (0.5, 0.5), (0.7, 0.7)])):
            amount, key = Paise(max(1, int(paid * share))), f"back-{payment_id}-{part}"
            await self._insist(
                lambda: self.payments.refund(key=key, payment_id=payment_id, amount=amount, reason="returned")  # noqa: B023 - awaited in this turn
            )

    async def _soon(self, payment_id: str, *names: str) -> dict[str, Any]:
        """The first of these events about a payment, or nothing while its order still waits."""
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(self._hear(payment_id, *names), 2 * LINK_S)
        return {}

    async def _hear(self, payment_id: str, *names: str) -> dict[str, Any]:
        """The first of these events about a payment, however long it takes."""
        while True:
            for name in names:
                if name in self.told[payment_id]:
                    return self.told[payment_id][name]
            self.news[payment_id].clear()
            await self.news[payment_id].wait()

    async def _insist(
        self, step: Callable[[], Awaitable[T]], tries: int = 10_000, refusals: list[str] | None = None
    ) -> T | None:
        """Repeat a step until it is answered; None when it is refused for good, or after so many tries."""
        for _ in range(tries):
            try:
                return await step()
            except (Retryable, httpx2.HTTPError, ValueError):
                await asyncio.sleep(AGAIN_S)
            except MelaError as refused:
                self.refusals[refused.of] += 1
                (refusals if refusals is not None else []).append(refused.of)
                return None
        return None


@asynccontextmanager
async def neighbours(payers: Payers, port: int) -> AsyncIterator[None]:
    """On a port: accounts, that knows everybody, and the doors at which orders and webhooks hear."""
    callers = auth.Callers({"payments": auth.digest(TOKEN)})
    permits = {"payments": frozenset({"identify", "receive"})}
    doors: type[Any] = Door
    people: type[Any] = auth.Authenticator
    routes = rpc.routes(people, payers, service="accounts", callers=callers, permits=permits)
    for name in ("orders", "settlement", "webhooks"):
        routes += rpc.routes(doors, payers, service=name, callers=callers, permits=permits)
    config = uvicorn.Config(Starlette(routes=routes), port=port, log_level="critical", lifespan="off", access_log=False)
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    running = asyncio.create_task(server.serve())
    try:
        yield
    finally:
        server.should_exit = True
        await running


@asynccontextmanager
async def calling(payers: Payers, url: str, outside: str) -> AsyncIterator[None]:
    """Have them reach payments at `url`, as orders does, and providers at `outside`."""
    limits = httpx2.Limits(max_connections=200, max_keepalive_connections=100)
    async with httpx2.AsyncClient(timeout=10.0, limits=limits) as http:
        contract: type[Any] = Payments
        payers.payments = rpc.proxy(
            contract, url, service="payments", caller="orders", token=lambda: TOKEN, client=http, attempts=1
        )
        payers.http, payers.url, payers.outside = http, url, outside
        yield
