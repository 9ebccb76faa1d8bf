"""How many payments a second are accepted (durable) and completed (captured, on the ledger, told), and what one costs.

python -m benchmarks.payments [SECONDS]      # default: 8 seconds each

`mela serve payments` on SQLite has a core of its own; the gateway, the payers and whoever hears the events share the other one.
Accepted: kept durably, no provider asked yet (cash on delivery, where that is all). Started: a UPI payment with its link.
Completed: captured by a signed callback, on the ledger, and the event taken by its hearer.
"""

import asyncio
import base64
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.__main__ import conditions
from benchmarks.client import Connection
from benchmarks.server import LOAD_CORE, MELA, Platform, free_port, outside_world, platform
from mela.kernel import auth

TOKEN = "mela_sv_" + "t" * 43
NEEDED = 772
"""A second, of two billion a month."""


class Door(asyncio.Protocol):
    """Hears events, and notes which payments are captured; a request at a time."""

    heard = 0

    def connection_made(self, transport: Any) -> None:
        """See `asyncio.Protocol`."""
        self._transport, self._begun = transport, b""

    def data_received(self, data: bytes) -> None:
        """Answer once head and body are whole."""
        self._begun += data
        head, found, body = self._begun.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        if found and len(body) >= length:
            self._begun = b""
            Door.heard += body.count(b'"payments.captured"')
            self._transport.write(
                b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n{"result":null}'
            )


@contextmanager
def alone(work: Path, door: int) -> Iterator[tuple[Platform, int]]:
    """Payments by itself, and the gateway's port."""
    with outside_world(work / "outside") as (outside, found):
        environ = found | {
            "MELA_TOKEN": TOKEN, "MELA_CALLERS": f"orders={auth.digest(TOKEN)}", "MELA_PAYMENTS_SCHEDULE_SCALE": "0.05",
            "MELA_PEERS": ",".join(f"{name}=http://127.0.0.1:{door}" for name in ("accounts", "orders")),
        }  # fmt: skip
        command = [MELA, "serve", "payments", "--port", "PORT", "--data", str(work / "inside")]
        with platform(work / "inside", command=command, **environ) as server:
            yield server, outside


async def measure(
    server: Platform, outside: int, seconds: float, *, method: str = "upi", pay: bool = False, clients: int = 48
) -> None:
    """Start payments, and with `pay` approve each, for so long; then print."""
    ended, began_at, cpu = time.perf_counter() + seconds, time.perf_counter(), server.cpu_s()
    loop_cpu, took, heard = server.cpu_s(main_thread=True), [], Door.heard
    ids = iter(range(10**9))
    headers = {"authorization": f"Bearer {TOKEN}"}

    async def one() -> None:
        ours, theirs = Connection(server.port, headers), Connection(outside)
        while time.perf_counter() < ended:
            key = f"{began_at}-{next(ids)}"
            body = {
                "key": key,
                "order_id": key,
                "amount": 10_000,
                "method": method,
                "description": "Order",
                "seconds": 600,
            }
            asked = time.perf_counter()
            status, answer = await ours.call("POST", "/rpc/payments/start", body)
            took.append(time.perf_counter() - asked)
            if status != 200:
                raise RuntimeError(str(answer))
            if pay:
                link = answer["result"]["intent_url"]
                await theirs.call("POST", f"/sim/gateway/upi/{link.split('tr=')[1].split('&')[0]}/approve", {})

    await asyncio.gather(*(one() for _ in range(clients)))
    started = len(took)
    while pay and Door.heard - heard < started and time.perf_counter() < ended + 20:  # noqa: ASYNC110 - a counter of another task
        await asyncio.sleep(0.02)
    wall, done = time.perf_counter() - began_at, Door.heard - heard if pay else started
    used, in_loop = server.cpu_s() - cpu, server.cpu_s(main_thread=True) - loop_cpu
    each = 1000 * used / max(1, done)
    what = "completed" if pay else "started" if method == "upi" else "accepted"
    print(f"{what}: {done / wall:,.0f}/s ({done:,} in {wall:.1f} s, {clients} clients); CPU {each:.2f} ms each, of it"
          f" {1000 * in_loop / max(1, done):.2f} in the event loop, the rest in the writer's thread;"
          f" start p50 {1000 * statistics.median(took):.0f} ms at full load;"
          f" {NEEDED}/s need {NEEDED * each / 1000:.1f} cores, {3 * NEEDED}/s {3 * NEEDED * each / 1000:.1f}", flush=True)  # fmt: skip


async def overhead(server: Platform, outside: int) -> None:
    """One client: what a start takes with us, less what the gateway takes when it is asked directly."""
    ours, theirs = Connection(server.port, {"authorization": f"Bearer {TOKEN}"}), Connection(outside)
    basic = {"authorization": "Basic " + base64.b64encode(b"mela:" + b"k" * 40).decode()}
    with_us, without = [], []
    for number in range(200):
        body = {
            "key": f"one-{number}",
            "order_id": "o",
            "amount": 10_000,
            "method": "upi",
            "description": "Order",
            "seconds": 600,
        }
        began = time.perf_counter()
        await ours.call("POST", "/rpc/payments/start", body)
        with_us.append(time.perf_counter() - began)
        asked = {"reference": f"two-{number}", "amount": 10_000, "method": "upi", "description": "Order", "expire_seconds": 600,
                 "callback_url": "http://127.0.0.1:9/x"}  # fmt: skip
        began = time.perf_counter()
        await theirs.call("POST", "/sim/gateway/v1/payments", asked, **basic)
        without.append(time.perf_counter() - began)
    both = [1000 * statistics.median(times) for times in (with_us, without)]
    print(
        f"a start at no load: p50 {both[0]:.1f} ms, of it the gateway {both[1]:.1f} ms: ours {both[0] - both[1]:.1f} ms"
    )


async def main(seconds: float = 8.0) -> None:
    """Each measurement on the same data."""
    os.sched_setaffinity(0, {LOAD_CORE})
    door = free_port()
    print(conditions(), f"load average {os.getloadavg()[0]:.1f}", sep="; ")
    listener = await asyncio.get_running_loop().create_server(Door, "127.0.0.1", door)
    async with listener:
        with (
            tempfile.TemporaryDirectory(prefix="mela-bench-") as folder,
            alone(Path(folder), door) as (server, outside),
        ):
            await overhead(server, outside)
            await measure(server, outside, seconds, method="cod")
            await measure(server, outside, seconds)
            await measure(server, outside, seconds, pay=True)


if __name__ == "__main__":
    asyncio.run(main(*(float(argument) for argument in sys.argv[1:])))
