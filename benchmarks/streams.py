"""From the gateway's callback to the pixel: an order page in Chromium waits, and the memory of open event streams.

A relay between gateway and platform writes down when each callback arrives; the page writes down the frame after its order has
changed. Both read the clock of this machine.
"""

import asyncio
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.client import Connection
from benchmarks.server import Platform, free_port, platform
from benchmarks.shoppers import ADDRESS, sign_in

ORDERS, EACH, STREAMS = 100, 25, 200
"""Orders in all and of each customer; open event streams."""
_WATCH = """new MutationObserver(() => {
  const order = document.querySelector('[data-state]');
  if (!order || document.documentElement.dataset.told || order.dataset.state !== 'confirmed') return;
  document.documentElement.dataset.told = 'soon';
  requestAnimationFrame(() => setTimeout(() => {
    document.documentElement.dataset.told = performance.timeOrigin + performance.now();
  }));
}).observe(document, {childList: true, subtree: true, attributes: true, attributeFilter: ['data-state']})"""


@contextmanager
def relay(to: list[int]) -> Iterator[tuple[int, list[float]]]:
    """A port that hands every request on to the port in `to`, and the moments in which they came, in ms since 1970."""
    port, came, loop = free_port(), [], asyncio.new_event_loop()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, note: bool) -> None:
        while part := await reader.read(65_536):
            if note and part.startswith(b"POST "):
                came.append(time.time_ns() / 1e6)
            writer.write(part)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, out = await asyncio.open_connection("127.0.0.1", to[0])
        await asyncio.gather(pump(reader, out, True), pump(back, writer, False), return_exceptions=True)

    loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", port))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield port, came
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def waits(server: Platform, came: list[float], sku: str) -> list[float]:
    """Milliseconds from each callback to the page that shows it, one order after the other; always the same thing, so that no price is unusual."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from playwright.sync_api import sync_playwright

    from tests.e2e.visitor import ARGUMENTS, CHROMIUM

    url, times = f"http://127.0.0.1:{server.port}", []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for number in range(ORDERS):
            if number % EACH == 0:
                person = _customer(browser, url)
            order = _order(person, sku, number)
            person.go(f"/orders/{order['id']}")
            person.page.locator("[data-line=live]").wait_for()
            came.clear()
            bill = order["intent_url"].split("tr=")[1].split("&")[0]
            person.page.request.post(f"{url}/sim/gateway/upi/{bill}/approve", data={})
            person.page.locator("[data-state=confirmed]").wait_for()
            person.page.locator("html[data-told]:not([data-told=soon])").wait_for(state="attached")
            told = person.page.locator("html").get_attribute("data-told")
            times.append(float(told or 0) - came[0])
            if number % 20 == 19:
                print(f"  {number + 1} orders", file=sys.stderr, flush=True)
        browser.close()
    return times


def _customer(browser: Any, url: str) -> Any:
    from tests.e2e.visitor import enter

    person = enter(browser, url, width=360)
    person.go("/signin")
    person.sign_in()
    person.page.wait_for_url(url + "/orders")
    person.page.add_init_script(_WATCH)
    return person


def _order(person: Any, sku: str, number: int) -> Any:
    token = next(each["value"] for each in person.context.cookies() if each["name"] == "mela_csrf")
    headers = {"x-csrf-token": token, "idempotency-key": f"bench-streams-{number:04d}"}
    request = person.page.request
    assert request.put(f"{person.url}/api/orders/cart/items/{sku}", data={"quantity": 1}, headers=headers).ok
    answer = request.post(
        f"{person.url}/api/orders/orders", data={"address": ADDRESS, "method": "upi"}, headers=headers
    )
    assert answer.ok, answer.text()
    order = answer.json()
    while not order["intent_url"]:
        order = request.get(f"{person.url}/api/orders/orders/{order['id']}?seen={order['state']}&wait_s=10").json()
    return order


async def hold(server: Platform, sku: str, streams: int) -> tuple[float, float]:
    """PSS in MiB before and with so many streams open on an order that waits for its payment."""
    door = await sign_in(server.port, 7)
    await door.call("PUT", f"/api/orders/cart/items/{sku}", {"quantity": 1})
    _, order = await door.call(
        "POST", "/api/orders/orders", {"address": ADDRESS, "method": "upi"}, idempotency_key="bench-streams-open"
    )
    before, lines = server.pss_mib(), []
    for _ in range(streams):
        line = await asyncio.open_connection("127.0.0.1", server.port)
        line[1].write(_head(door, f"/api/orders/orders/{order['id']}/stream"))
        assert b"200" in await line[0].readline()
        await line[0].readuntil(b"event: order")
        lines.append(line)
    during = server.pss_mib()
    for _, writer in lines:
        writer.close()
    return before, during


def _head(door: Connection, path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{door._headers}accept: text/event-stream\r\n\r\n".encode()  # noqa: SLF001


def measure(work: Path, skus: Any) -> Iterator[tuple[str, float, str, str]]:
    """Name, value, unit and conditions of each figure; `skus(server)` names things that are in stock."""
    to: list[int] = []
    with (
        relay(to) as (port, came),
        platform(work / "streams", MELA_PAYMENTS_CALLBACK_BASE=f"http://127.0.0.1:{port}") as server,
    ):
        to.append(server.port)
        stocked = skus(server)
        before, during = asyncio.run(hold(server, stocked[0], STREAMS))
        yield "memory before streams", before, "MiB", "PSS of all its processes"
        yield f"memory with {STREAMS} open streams", during, "MiB", "each has told its first event"
        times = waits(server, came, stocked[0])
        cuts = statistics.quantiles(times, n=20)
        how = f"{len(times)} orders one after the other, Chromium on the same machine, a relay in between"
        yield "callback to pixel, p50", cuts[9], "ms", how
        yield "callback to pixel, p95", cuts[18], "ms", how
        yield "callback to pixel, longest", max(times), "ms", how
