"""Load that buys: virtual shoppers, each with a session of its own, each order from cart to confirmation."""

import asyncio
import itertools
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from benchmarks.client import Connection

ADDRESS = {"name": "Meena R", "phone": "+919876543210", "line1": "12, North Masi Street", "city": "Madurai",
           "state_code": "33", "pin": "625001"}  # fmt: skip
_keys = itertools.count()


@dataclass
class Result:
    """What a run of orders took. Times in seconds, one per order: `accepted` until the order is durable, `whole` until confirmed."""

    orders: int = 0
    failed: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0
    loop_cpu_s: float = 0.0
    accepted: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)


async def sign_in(port: int, number: int, outside: int | None = None) -> Connection:
    """A connection with the session of shopper `number`; the phone's inbox is at the port `outside`, else at the same."""
    phone, door, inbox_door = f"+9190000{number:05d}", Connection(port), Connection(outside or port)
    status, answer = await door.call("POST", "/api/accounts/codes", {"phone": phone})
    if status >= 400:
        raise RuntimeError(answer)
    code = ""
    while not code:
        _, inbox = await inbox_door.call("GET", f"/sim/sms/messages?to=%2B{phone[1:]}&limit=1")
        words = inbox["items"][0]["text"].split() if inbox["items"] else []
        code = next(
            (word.strip(".,:") for word in words if word.strip(".,:").isdecimal() and len(word.strip(".,:")) == 6), ""
        )
    _, session = await door.call("POST", "/api/accounts/sessions", {"phone": phone, "code": code})
    door.close()
    inbox_door.close()
    return Connection(port, {"authorization": f"Bearer {session['token']}"})


async def buy(door: Connection, sku: str, result: Result, app: Connection | None = None) -> None:
    """One whole order: cart, checkout, approval in the UPI app (through `app`, else the same door), confirmation."""
    started = time.perf_counter()
    await _must(door, "PUT", f"/api/orders/cart/items/{sku}", {"quantity": 1})
    key = f"bench-{time.time_ns()}-{next(_keys)}"
    order = await _must(door, "POST", "/api/orders/orders", {"address": ADDRESS, "method": "upi"}, idempotency_key=key)
    result.accepted.append(time.perf_counter() - started)
    if not order["intent_url"]:  # its provider was too slow to give a link, or fraud rules to let it go
        result.failed += 1
        return
    reference = parse_qs(urlsplit(order["intent_url"]).query)["tr"][0]
    await _must((app or door), "POST", f"/sim/gateway/upi/{reference}/approve", {})
    while order["state"] not in ("confirmed", "cancelled"):
        order = await _must(door, "GET", f"/api/orders/orders/{order['id']}?seen={order['state']}&wait_s=10")
    result.whole.append(time.perf_counter() - started)
    result.orders += order["state"] == "confirmed"
    result.failed += order["state"] != "confirmed"


async def run(
    doors: list[Connection],
    skus: list[str],
    *,
    orders: int,
    per_second: float | None = None,
    outside: int | None = None,
) -> Result:
    """Have the shoppers buy `orders` in all: as fast as they can, or in an open stream of `per_second`."""
    result, left, began = Result(), iter(range(orders)), time.perf_counter()

    async def shopper(door: Connection) -> None:
        app = Connection(outside) if outside else None
        for number in left:
            if per_second:
                await asyncio.sleep(max(0.0, began + number / per_second - time.perf_counter()))
            await buy(door, skus[number % len(skus)], result, app)

    await asyncio.gather(*(shopper(door) for door in doors))
    result.seconds = time.perf_counter() - began
    return result


async def _must(door: Connection, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """The answer; asked again, with the same key, while the platform says that it is busy. Raises: RuntimeError."""
    while True:
        status, answer = await door.call(method, path, body, **headers)
        if status != 503:
            break
        await asyncio.sleep(0.05)
    if status >= 400:
        raise RuntimeError(f"{status} {answer}")
    return answer
