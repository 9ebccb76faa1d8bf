"""How many webhooks leave a second, and what one costs: SQLite, a receiver on the other core that answers 204 at once.

python -m benchmarks.webhooks [ORDERS]      # default: 2,000 sold orders
"""

import asyncio
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from benchmarks.server import LOAD_CORE, SERVER_CORE, free_port
from mela.contracts.accounts import Accounts
from mela.contracts.orders import OrderSold, SoldLine
from mela.kernel import ids, messages
from mela.kernel.clock import SystemClock
from mela.kernel.events.outbox import Envelope
from mela.kernel.money import Paise
from mela.services.webhooks.app import SERVICE
from tests.kit import Running, running

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


class Receiver(asyncio.Protocol):
    """Takes whatever is posted."""

    def connection_made(self, transport: Any) -> None:
        """See `asyncio.Protocol`."""
        self._transport, self._begun = transport, b""

    def data_received(self, data: bytes) -> None:
        """Answer once head and body are whole; one request at a time."""
        self._begun += data
        head, found, body = self._begun.partition(b"\r\n\r\n")
        if found and len(body) >= int(_LENGTH.findall(head)[0]):
            self._begun = b""
            self._transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")


async def receive(port: int) -> None:
    """Listen until killed."""
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", port)
    await server.serve_forever()


async def measure(orders: int, endpoints: int, port: int) -> tuple[float, float, float]:
    """Seconds from the first event taken in to the last delivery noted; CPU seconds until all was kept, and after it."""
    with tempfile.TemporaryDirectory() as folder:
        environ = {"MELA_WEBHOOKS_KEYS": Fernet.generate_key().decode(), "MELA_WEBHOOKS_ALLOW_LOOPBACK": "true"}
        async with running(
            SERVICE, Path(folder), clock=SystemClock(), environ=environ, peers={Accounts: None}
        ) as process:
            headers = process.tokens.give("operator", "op")
            for number in range(endpoints):
                body = {"url": f"http://127.0.0.1:{port}/hooks"}
                await process.client.post(
                    "/api/webhooks/endpoints", json=body, headers=headers | {"idempotency-key": f"number-{number}"}
                )
            wake, process.service._wake = process.service._wake, lambda: None  # noqa: SLF001 - measure one part after the other
            began, cpu = time.perf_counter(), _cpu_s()
            await process.bus.receive(envelopes=[_sold(number) for number in range(orders)])
            await _until(process, "select count(*) from deliveries", orders * endpoints)
            kept, cpu_kept = time.perf_counter(), _cpu_s()
            wake()
            await _until(process, "select count(*) from deliveries where state = 'delivered'", orders * endpoints)
            ended = time.perf_counter()
            print(f"  kept in {kept - began:.1f} s, sent in {ended - kept:.1f} s")
            return ended - kept, cpu_kept - cpu, _cpu_s() - cpu_kept


async def _until(process: Running, query: str, count: int) -> None:
    while await process.db.read(lambda conn: conn.exec_driver_sql(query).scalar()) < count:  # noqa: ASYNC110
        await asyncio.sleep(0.1)


def _sold(number: int) -> Envelope:
    now = SystemClock().now()
    lines = [SoldLine("RICE-SONA-5KG", "kaveri-traders", "grocery", 2, Paise(85_800), Paise(81_714), Paise(4_086))]
    event = OrderSold(f"ord_{number:026}", f"pay_{number:026}", lines, now)
    return Envelope(ids.new_id("evt"), "orders.sold", event.order_id, messages.to_json(event).decode(), now, None)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(orders: int = 2_000) -> None:
    """One endpoint, then eight: the second shows what many endpoints give."""
    os.environ["MELA_LOG_LEVEL"] = "ERROR"
    os.sched_setaffinity(0, {SERVER_CORE})
    port = free_port()
    receiver = subprocess.Popen(
        ["taskset", "-c", str(LOAD_CORE), sys.executable, "-m", "benchmarks.webhooks", "receive", str(port)]
    )
    try:
        for endpoints, events in ((1, orders), (8, orders // 8)):
            took, kept, sent = asyncio.run(measure(events, endpoints, port))
            count = events * endpoints
            print(
                f"{count:,} deliveries to {endpoints} endpoint(s): {count / took:,.0f}/s, CPU {1000 * sent / count:.2f} ms each to send"
                f" and note, {1000 * kept / count:.2f} ms to take in and keep; SQLite, receiver on core {LOAD_CORE}"
            )
    finally:
        receiver.kill()


if __name__ == "__main__":
    if sys.argv[1:2] == ["receive"]:
        asyncio.run(receive(int(sys.argv[2])))
    else:
        import structlog

        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
        main(*(int(argument) for argument in sys.argv[1:]))
