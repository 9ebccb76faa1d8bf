"""How many payments a second are accepted (durable) and completed (captured, on the ledger, told), and what one costs.

python -m benchmarks.payments [--seconds 8] [--postgres] [--stored 1000000] [--free]

`mela serve payments` has a core of its own; payers, gateway and whoever hears the events share the other (`benchmarks.outside`).
`--free`: it may use both cores, as on a laptop. `--postgres`: on a PostgreSQL of its own, which runs beside the load.
`--stored`: so many payments are there already, each with its entry in the ledger.

Accepted: kept durably, no provider asked yet (cash on delivery, where that is all). Started: a UPI payment with its link.
Completed: captured by a signed callback, on the ledger, and the event taken by its hearer.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import uvloop

from benchmarks import stored
from benchmarks.__main__ import conditions
from benchmarks.client import Connection
from benchmarks.outside import SECRET, Gateway, Hearer
from benchmarks.server import LOAD_CORE, MELA, SERVER_CORE, Platform, free_port, platform
from mela.kernel import auth
from mela.kernel.sealed.files import make_file

TOKEN = "mela_sv_" + "t" * 43
NEEDED = 772
"""A second, of two billion a month."""
PAYER = {"id": "acc_1", "name": "Asha Rao", "device": None, "place": "29", "payees": ["sel_1"]}


@contextmanager
def alone(work: Path, gateway: int, hearer: int, *, free: bool, database: str) -> Iterator[Platform]:
    """Payments by itself."""
    environ = {
        "MELA_TOKEN": TOKEN, "MELA_CALLERS": f"orders={auth.digest(TOKEN)}", "MELA_PAYMENTS_GATEWAY_URL": f"http://127.0.0.1:{gateway}",
        "MELA_PAYMENTS_GATEWAY_KEY_ID": "mela", "MELA_PAYMENTS_GATEWAY_KEY_SECRET": "k" * 40, "MELA_PAYMENTS_WEBHOOK_SECRET": SECRET,
        "MELA_PEERS": ",".join(f"{name}=http://127.0.0.1:{hearer}" for name in ("accounts", "orders", "settlement")),
        "MELA_KEYS": make_file(work / "keys.json"),
    }  # fmt: skip
    if database.startswith("postgresql"):
        environ["MELA_DATABASE"] = database.replace("/payments", "/{service}")
    command = [MELA, "serve", "payments", "--port", "PORT", "--data", str(work)]
    with platform(work, command=command, core=None if free else SERVER_CORE, **environ) as server:
        yield server


class Payers:
    """Start payments and pay them."""

    def __init__(self, server: Platform, gateway: Gateway) -> None:
        self._server, self._gateway, self._began = server, gateway, time.time_ns()
        self._made = 0

    async def one(self, lines: tuple[Connection, Connection], *, method: str, pay: bool, judged: bool) -> float:
        """A payment; seconds that its start took."""
        self._made += 1
        key = f"{self._began}-{self._made}"
        body: dict[str, Any] = {
            "key": key,
            "order_id": key,
            "amount": 10_000,
            "method": method,
            "description": "Order",
            "seconds": 600,
        }
        if judged:
            body["payer"] = PAYER | {"id": key}
        asked = time.perf_counter()
        status, answer = await lines[0].call("POST", "/rpc/payments/start", body)
        took = time.perf_counter() - asked
        if status != 200:
            raise RuntimeError(str(answer))
        if pay:
            await self._gateway.approve(answer["result"]["id"], lines[1])
        return took

    async def measure(
        self, what: str, seconds: float, *, method: str = "upi", pay: bool = False, judged: bool = False, clients: int = 48
    ) -> None:  # fmt: skip
        """As many as `clients` can in so long; then print."""
        server, took, heard = self._server, [], Hearer.heard
        cpu, in_loop, began = server.cpu_s(), server.cpu_s(main_thread=True), time.perf_counter()

        async def client() -> None:
            lines = Connection(server.port, {"authorization": f"Bearer {TOKEN}"}), Connection(server.port)
            while time.perf_counter() < began + seconds:
                took.append(await self.one(lines, method=method, pay=pay, judged=judged))

        await asyncio.gather(*(client() for _ in range(clients)))
        while pay and Hearer.heard - heard < len(took) and time.perf_counter() < began + seconds + 20:  # noqa: ASYNC110 - a counter of another task
            await asyncio.sleep(0.01)
        wall, done = time.perf_counter() - began, Hearer.heard - heard if pay else len(took)
        cpu, in_loop = server.cpu_s() - cpu, server.cpu_s(main_thread=True) - in_loop
        each = 1000 * cpu / max(1, done)
        print(f"{what}: {done / wall:,.0f}/s ({done:,} in {wall:.1f} s, {clients} clients); CPU {each:.2f} ms each, {1000 * in_loop / max(1, done):.2f} of it"
              f" in the event loop; start p50 {1000 * statistics.median(took):.0f} ms at full load;"
              f" {NEEDED}/s need {NEEDED * each / 1000:.1f} cores, {3 * NEEDED}/s {3 * NEEDED * each / 1000:.1f}", flush=True)  # fmt: skip

    async def overhead(self) -> None:
        """One at a time: the gateway here takes next to nothing, so what a start takes is ours."""
        lines = Connection(self._server.port, {"authorization": f"Bearer {TOKEN}"}), Connection(self._server.port)
        took = sorted([await self.one(lines, method="upi", pay=False, judged=True) for _ in range(400)])
        print(f"a start at no load, gateway at once: p50 {1000 * took[200]:.1f} ms, p99 {1000 * took[396]:.1f} ms")


async def main(options: argparse.Namespace) -> None:
    """Each measurement on the same data."""
    os.sched_setaffinity(0, {LOAD_CORE})
    loop, gateway = asyncio.get_running_loop(), Gateway()
    doors = free_port(), free_port()
    print(conditions(), f"load average {os.getloadavg()[0]:.1f}", sep="; ")
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mela-bench-")))
        database = stack.enter_context(stored.database(work, postgres=options.postgres))
        if options.stored:
            await stored.fill(database, options.stored, make_file(work / "keys.json"))
        for port, door in zip(doors, (gateway.door, Hearer), strict=True):
            listener = await loop.create_server(door, "127.0.0.1", port)
            stack.callback(listener.close)
        server = stack.enter_context(alone(work, *doors, free=options.free, database=database))
        payers = Payers(server, gateway)
        await payers.overhead()
        await payers.measure("accepted", options.seconds, method="cod")
        await payers.measure("started", options.seconds)
        await payers.measure("completed", options.seconds, pay=True)
        await payers.measure("completed, judged for fraud first", options.seconds, pay=True, judged=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="benchmarks.payments", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=8.0, help="of each measurement")
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL instead of SQLite")
    parser.add_argument("--stored", type=int, default=0, help="payments that are there already")
    parser.add_argument("--free", action="store_true", help="let the server use both cores")
    uvloop.run(main(parser.parse_args()))
