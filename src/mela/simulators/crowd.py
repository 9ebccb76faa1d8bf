"""A crowd of virtual shoppers, in a process of its own: `python -m mela.simulators.crowd http://127.0.0.1:3000`.

It is told on stdin, one JSON object a line (`{"shoppers": 40, "think_s": 1.0}`), and tells each second on stdout how it
fares. It ends when its stdin does, so it never outlives who started it.

हिन्दी: भीड़: सैकड़ों नकली ग्राहक, जो सचमुच ख़रीदते हैं, ताकि दिखे कि भीड़ में क्या होता है।
"""

import asyncio
import json
import math
import os
import sys
import time
from collections import Counter, deque
from contextlib import suppress
from typing import Any

import httpx2

from mela.kernel import ids
from mela.simulators.shopper import NotThere, Refused, Shopper

MOST_SHOPPERS = 1_000
_LOOK_BACK_S = 10
_DECLINES, _REGRETS = 6, 2
"""Of a hundred purchases: declined by the payer, cancelled afterwards."""
_METHODS = ("cod",) * 10 + ("card",) * 8 + ("wallet",) * 3 + ("netbanking",) * 2
"""How so many of a hundred purchases are paid, all others by UPI. Assumed: no published figure is of a shop like this one."""
_VISITS = 20
"""Purchases of one shopper."""
_RESTOCKED = 500
_AGAIN_S = 1.0


class Crowd:
    """Shoppers at one platform, as many as was last told."""

    def __init__(self, url: str, http: httpx2.AsyncClient) -> None:
        self._url, self._http = url, http
        self._people: list[asyncio.Task[None]] = []
        self._think_s, self._operator = 1.0, ""
        self._skus: list[str] = []
        self._requests: deque[tuple[float, float]] = deque(maxlen=100_000)
        self._purchases: deque[tuple[float, float]] = deque(maxlen=20_000)
        self._errors: deque[tuple[float, str]] = deque(maxlen=20_000)
        http.event_hooks = {"request": [self._asked], "response": [self._answered]}

    def tell(self, wish: dict[str, Any]) -> None:
        """So many shoppers from now on, who think for `think_s` seconds on average between two steps."""
        self._think_s = float(wish.get("think_s", self._think_s))
        self._operator = str(wish.get("operator") or self._operator)
        wanted = max(0, min(MOST_SHOPPERS, int(wish.get("shoppers", len(self._people)))))
        while len(self._people) > wanted:
            self._people.pop().cancel()
        while len(self._people) < wanted:
            self._people.append(asyncio.create_task(self._live()))

    def report(self) -> dict[str, Any]:
        """How it fares: rates and latencies over the last ten seconds."""
        since = time.monotonic() - _LOOK_BACK_S
        requests = [took for at, took in self._requests if at > since]
        purchases = [took for at, took in self._purchases if at > since]
        return {
            "shoppers": len(self._people), "requests_per_s": len(requests) / _LOOK_BACK_S, "orders_per_s": len(purchases) / _LOOK_BACK_S,
            "errors": dict(Counter(code for at, code in self._errors if at > since)),
            "request_ms": _quantiles(requests), "purchase_ms": _quantiles(purchases),
        }  # fmt: skip

    async def _live(self) -> None:
        """One shopper after the other: signs in, buys again and again, and leaves before fraud rules wonder."""
        shopper, bought = self._newcomer(), 0
        await asyncio.sleep(self._think_s * _draw(1_000) / 1_000)
        while True:
            if bought == _VISITS:
                shopper, bought = self._newcomer(), 0
            bought += 1
            try:
                if not shopper.token:
                    await shopper.sign_in()
                await self._buy(shopper)
            except (Refused, NotThere, TimeoutError, httpx2.HTTPError) as error:
                await self._unlucky(error)

    def _newcomer(self) -> Shopper:
        return Shopper(self._http, self._url, f"+917{_draw(10**9):09}")

    async def _buy(self, shopper: Shopper) -> None:
        sku = await self._choose(shopper)
        await self._think()
        await shopper.put_in_cart(sku)
        await self._think()
        drawn = _draw(100)
        method = _METHODS[drawn] if drawn < len(_METHODS) else "upi"
        means = await shopper.means(method)
        began = time.monotonic()
        order = await shopper.check_out(method, means=means)
        if method != "cod":
            await (shopper.decline(order) if _draw(100) < _DECLINES else shopper.approve(order))
        order = await shopper.wait(order["id"], "confirmed", "cancelled", timeout_s=60.0)
        self._purchases.append((time.monotonic(), time.monotonic() - began))
        await self._think()
        if order["state"] == "confirmed" and _draw(100) < _REGRETS:
            await shopper.cancel(order["id"])

    async def _choose(self, shopper: Shopper) -> str:
        """Look at a shelf, and at one of its products."""
        if not self._skus:
            found = await shopper.call("GET", "/api/catalog/products", params={"limit": 100})
            self._skus = [card["id"] for card in found["items"]]
        product = await shopper.call("GET", f"/api/catalog/products/{self._skus[_draw(len(self._skus))]}")
        variants = product["variants"]
        return str(variants[_draw(len(variants))]["sku"])

    async def _unlucky(self, error: Exception) -> None:
        """Note what went wrong; an empty shelf is filled by a merchant where we know the operator."""
        code = error.code if isinstance(error, Refused) else type(error).__name__
        self._errors.append((time.monotonic(), code))
        if code == "catalog.out_of_stock" and self._operator and isinstance(error, Refused):
            merchant = Shopper(self._http, self._url, "", token=self._operator)
            path = f"/api/catalog/variants/{error.body['params']['sku']}/stock"
            with suppress(Refused, httpx2.HTTPError):
                await merchant.call("POST", path, {"quantity": _RESTOCKED}, key=ids.new_id("restock"))
        else:
            await asyncio.sleep(_AGAIN_S)

    async def _think(self) -> None:
        """Between nothing and twice the average."""
        await asyncio.sleep(self._think_s * 2 * _draw(1_000) / 1_000)

    async def _asked(self, request: httpx2.Request) -> None:
        request.extensions["began"] = time.monotonic()

    async def _answered(self, response: httpx2.Response) -> None:
        if "wait_s" not in response.request.url.params:
            now = time.monotonic()
            self._requests.append((now, now - response.request.extensions["began"]))


def _draw(below: int) -> int:
    """A number from 0 up to `below`."""
    return int(ids.new_hex(6), 16) % below


def _quantiles(seconds: list[float]) -> dict[str, float | None]:
    ordered = sorted(seconds)
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    return {
        name: round(ordered[math.ceil(share * len(ordered)) - 1] * 1000, 1) if ordered else None
        for name, share in shares.items()
    }


async def main(url: str) -> None:
    """Follow stdin, tell stdout, until stdin ends."""
    loop, reader = asyncio.get_running_loop(), asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    limits = httpx2.Limits(max_connections=MOST_SHOPPERS, max_keepalive_connections=200)
    async with httpx2.AsyncClient(limits=limits, timeout=30.0) as http:
        crowd = Crowd(url, http)
        telling = asyncio.create_task(_tell(crowd))
        while line := await reader.readline():
            crowd.tell(json.loads(line))
        crowd.tell({"shoppers": 0})
        telling.cancel()


async def _tell(crowd: Crowd) -> None:
    while True:
        await asyncio.sleep(1.0)
        sys.stdout.write(json.dumps(crowd.report()) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    import uvloop

    os.nice(5)
    uvloop.run(main(sys.argv[1]))
