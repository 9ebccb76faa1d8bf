"""People who buy, at a constant rate and for real: sign in, cart, checkout, UPI, invoice. Each purchase is accounted for; no step is repeated."""

import asyncio
import itertools
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import httpx2

from mela.kernel import ids
from mela.simulators.shopper import NotThere, Refused, Shopper


@dataclass(frozen=True)
class Purchase:
    """One purchase: when it began (seconds after the start), how long it took, and at which step it failed, with the reason."""

    at_s: float
    took_s: float
    problem: str


class Buying:
    """`rate` purchases a second by `people`, from `__enter__` on until `__exit__`, where those under way are finished first."""

    def __init__(
        self, urls: Mapping[str, str], sku: str, rate: float, *, people: int = 12, timeout_s: float = 30
    ) -> None:
        self.purchases: list[Purchase] = []
        self._urls, self._sku, self._rate, self._people, self._timeout_s = urls, sku, rate, people, timeout_s
        self._stopping, self._began = threading.Event(), 0.0
        self._ready: list[Shopper] = []
        self._signed_in = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="buying")

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._signed_in.wait(60):
            raise TimeoutError("the shoppers could not sign in")
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def now_s(self) -> float:
        """Seconds since the first purchase, to name a moment by."""
        return time.monotonic() - self._began

    async def _run(self) -> None:
        async with httpx2.AsyncClient(timeout=self._timeout_s) as http:
            self._ready = [self._shopper(http, number) for number in range(self._people)]
            for shopper in self._ready:
                await shopper.sign_in()
            self._began = time.monotonic()
            self._signed_in.set()
            under_way: set[asyncio.Task[None]] = set()
            for number in itertools.count():
                await asyncio.sleep(max(0.0, number / self._rate - self.now_s()))
                if self._stopping.is_set():
                    break
                under_way = {task for task in under_way if not task.done()}
                under_way.add(asyncio.create_task(self._buy(number / self._rate)))
            await asyncio.gather(*under_way)

    def _shopper(self, http: httpx2.AsyncClient, number: int) -> Shopper:
        phone = f"+91987{int(time.time()) % 10_000:04d}{number:03d}"
        return Shopper(
            http, self._urls["catalog"], phone, urls=self._urls,
            gateway=f"{self._urls['gateway']}/sim/gateway", sms=f"{self._urls['sms']}/sim/sms",
        )  # fmt: skip

    async def _buy(self, due_s: float) -> None:
        shopper = self._ready.pop(0) if self._ready else None
        problem = "" if shopper else "nobody free to buy: purchases take too long"
        if shopper:
            step = "cart"
            try:
                await shopper.put_in_cart(self._sku, 1)
                step = "checkout"
                order = await shopper.check_out("upi", ids.new_id("buy"))
                step = "approve"
                await shopper.approve(order)
                step = "confirmation"
                order = await shopper.wait(order["id"], "confirmed", "cancelled", timeout_s=self._timeout_s)
                problem = "" if order["state"] == "confirmed" else f"order {order['state']}"
            except (Refused, NotThere, httpx2.HTTPError, TimeoutError) as error:
                problem = f"{step}: {type(error).__name__} {error}"
            self._ready.append(shopper)
        self.purchases.append(Purchase(due_s, self.now_s() - due_s, problem))
