"""Shoppers who do not give up: each step is repeated with the same key until it has an answer, as a good client does."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

from mela.kernel import ids
from mela.simulators.shopper import Refused, Shopper

METHODS = ("upi", "upi", "card", "netbanking", "wallet")
VISITS = 20
"""Orders of one shopper: with many more, fraud rules would wonder."""


@dataclass
class Crowd:
    """Buys until told to stop, or until there are `most` orders. `orders` by id with their shopper; `refusals` by code."""

    url: str
    outside: str
    skus: list[str]
    size: int = 16
    seed: int = 1
    orders: dict[str, Shopper] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    stopping: bool = False
    most: int | None = None
    urls: Mapping[str, str] = field(default_factory=dict)

    async def run(self) -> None:
        """Have all shoppers buy until `stopping`."""
        async with httpx2.AsyncClient(timeout=10.0, limits=httpx2.Limits(max_connections=100)) as http:
            await asyncio.gather(*(self._shop(http, number) for number in range(self.size)))

    async def settle(self, timeout_s: float) -> dict[str, str]:
        """Wait until every order has ended; the states of those that have not."""
        left: dict[str, str] = dict.fromkeys(self.orders, "?")
        async with httpx2.AsyncClient(timeout=10.0) as http:
            try:
                async with asyncio.timeout(timeout_s):
                    while left:
                        for order_id in list(left):
                            shopper = self.orders[order_id]
                            shopper.http = http
                            left[order_id] = (await shopper.order(order_id))["state"]
                            if left[order_id] in ("confirmed", "cancelled"):
                                del left[order_id]
                        await asyncio.sleep(0.2)
            except TimeoutError:
                pass
        return left

    async def _shop(self, http: httpx2.AsyncClient, number: int) -> None:
        dice = random.Random(f"{self.seed}-{number}")  # noqa: S311 - which item, not a secret
        shopper, bought, card = self._newcomer(http, number), 0, None
        while not self.stopping and (self.most is None or len(self.orders) < self.most):
            if bought % VISITS == 0:
                shopper = self._newcomer(http, number + bought // VISITS * self.size)
                await self._insist(shopper.sign_in)
                card = await self._insist(lambda: shopper.means("card"))  # noqa: B023 - awaited in this turn
            bought += 1
            sku, pieces = dice.choice(self.skus), dice.randint(1, 3)
            await self._insist(lambda: shopper.put_in_cart(sku, pieces))  # noqa: B023 - awaited in this turn
            key = ids.new_id("buy")
            method = dice.choice(METHODS)
            means = card if method == "card" else await shopper.means(method)
            order = await self._insist(lambda: shopper.check_out(method, key, means))  # noqa: B023 - awaited in this turn
            if order is None:  # sold out, most likely: take it out of the cart again
                await self._insist(lambda: shopper.put_in_cart(sku, 0))  # noqa: B023 - awaited in this turn
                continue
            self.orders[order["id"]] = shopper
            if order["intent_url"] and dice.random() < 0.95:
                await self._insist(lambda: shopper.approve(order), tries=3)  # noqa: B023 - awaited in this turn
            if dice.random() < 0.1:
                await self._insist(lambda: shopper.cancel(order["id"]))  # noqa: B023 - awaited in this turn

    def _newcomer(self, http: httpx2.AsyncClient, number: int) -> Shopper:
        phone = f"+9190{self.seed:03d}{number:05d}"
        return Shopper(
            http, self.url, phone, gateway=f"{self.outside}/sim/gateway", sms=f"{self.outside}/sim/sms", urls=self.urls
        )

    async def _insist(self, step: Callable[[], Awaitable[Any]], tries: int = 10_000) -> Any:
        """Repeat a step until it is answered; None when it is refused for good, or after so many tries."""
        for _ in range(tries):
            try:
                return await step()
            except Refused as refused:
                if refused.status < 500 and refused.status != 429:
                    self.refusals[refused.code] = self.refusals.get(refused.code, 0) + 1
                    return None
            except (httpx2.HTTPError, ValueError):
                pass
            await asyncio.sleep(0.05)
        return None
