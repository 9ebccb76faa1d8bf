"""What a request to another service costs its sender, over httpx2's own connections and over ours, in one run.

python -m benchmarks.calls [REQUESTS]      # default: 5,000 each, 48 at once
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable

import httpx2
import uvloop

from benchmarks.__main__ import conditions
from benchmarks.outside import Http
from benchmarks.server import LOAD_CORE, SERVER_CORE, free_port
from mela.kernel import http

CLIENTS = 48
KINDS: dict[str, Callable[[], httpx2.AsyncBaseTransport]] = {
    "httpx2's own": httpx2.AsyncHTTPTransport, "ours, by aiohttp": http.Transport,
}  # fmt: skip


class Echo(Http):
    """Says what it is told."""

    def answer(self, path: str, body: bytes) -> dict[str, str]:
        """See `benchmarks.outside.Http`."""
        return {path: body.decode()}


async def answer(port: int) -> None:
    """The other side, in a process of its own."""
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", port)
    await server.serve_forever()


async def measure(port: int, count: int) -> None:
    """CPU of this process by request."""
    url, body = f"http://127.0.0.1:{port}/rpc/payments/start", b"x" * 160
    headers = {"authorization": "Bearer t", "content-type": "application/json"}
    for name, kind in list(KINDS.items()) * 2:
        async with httpx2.AsyncClient(transport=kind()) as client:

            async def some(client: httpx2.AsyncClient = client) -> None:
                for _ in range(count // CLIENTS):
                    await http.send(client, "POST", url, content=body, headers=headers, seconds=5.0)

            await asyncio.gather(*(some() for _ in range(CLIENTS)))
            began = time.process_time()
            await asyncio.gather(*(some() for _ in range(CLIENTS)))
            each = 1000 * (time.process_time() - began) / (count // CLIENTS * CLIENTS)
            print(f"{name}: {each:.3f} ms of CPU a request, {CLIENTS} at once")


if __name__ == "__main__":
    door = free_port()
    if not (child := os.fork()):
        os.sched_setaffinity(0, {LOAD_CORE})
        uvloop.run(answer(door))
    os.sched_setaffinity(0, {SERVER_CORE})
    print(conditions(), f"load average {os.getloadavg()[0]:.1f}", sep="; ")
    time.sleep(0.5)
    try:
        uvloop.run(measure(door, *(int(each) for each in sys.argv[1:] or ["5000"])))
    finally:
        os.kill(child, 9)
