"""`python -m benchmarks [PART…]`: measure, print, write `benchmarks/last.json`.

Parts: reads, orders, postgres, startup, memory (10,000 orders), streams, pages, verify, rehearsal. Without a name: all of them.
"""

import argparse
import asyncio
import json
import os
import platform as host
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import manifests, pages, rehearsal, shoppers, streams
from benchmarks.server import LOAD_CORE, SERVER_CORE, Platform, outside_world, platform
from mela.runtime import registry

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Figure:
    """One measured value."""

    name: str
    value: float
    unit: str
    conditions: str


def conditions() -> str:
    """What this machine is, for every figure."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        "?",
    )
    return f"{model}, server on core {SERVER_CORE}, load on core {LOAD_CORE}, Python {host.python_version()}, loopback"


def wrk(port: int, path: str, *, seconds: int = 6, connections: int = 32, header: str = "") -> tuple[float, float]:
    """Requests per second and p99 in ms. Raises: RuntimeError when an answer was not 2xx."""
    command = ["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    extra = ["-H", header] if header else []
    said = subprocess.run(
        [*command, *extra, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True
    ).stdout
    if "Non-2xx" in said:
        raise RuntimeError(said)
    rate = float(re.findall(r"Requests/sec:\s+([\d.]+)", said)[0])
    value, unit = re.findall(r"99%\s+([\d.]+)(us|ms|s)", said)[0]
    return rate, float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def reads(work: Path) -> Iterator[Figure]:
    """Catalogue reads and searches, against a bare handler in the same run."""
    bare = [sys.executable, "-m", "uvicorn", "benchmarks.bare:app", "--port", "PORT", "--log-level", "error"]
    with platform(work / "bare", command=bare) as server:
        floor, _ = wrk(server.port, "/product")
    yield Figure("bare Starlette handler", floor, "req/s", "same server, same core")
    with platform(work / "reads") as server:
        product = _any_product(server)
        fresh, p99 = wrk(server.port, f"/api/catalog/products/{product}", header="Cache-Control: no-cache")
        yield Figure(
            "catalogue reads, ordinary", fresh, "req/s", f"from the database; p99 {p99:.0f} ms at 32 connections"
        )
        cached, p99 = wrk(server.port, f"/api/catalog/products/{product}")
        yield Figure("catalogue reads, byte-cached", cached, "req/s", f"p99 {p99:.0f} ms at 32 connections")
        yield Figure("overhead of an ordinary read", floor / fresh, "× bare", "CPU per request, both on one core")
        for name, query in (("exact", "atta"), ("with a typo", "smrtphone"), ("Hindi", "%E0%A4%98%E0%A5%80")):
            rate, p99 = wrk(server.port, f"/api/catalog/products?q={query}")
            yield Figure(f"searches, {name}", rate, "req/s", f"p99 {p99:.0f} ms at 32 connections")
        half, p99 = _half_load(server.port, f"/api/catalog/products/{product}", fresh)
        yield Figure("catalogue read at half load, p99", p99, "ms", f"{half:.0f} req/s")


def orders(work: Path) -> Iterator[Figure]:
    """Whole orders over HTTP, durable, each from cart to confirmation: all in one process, and with the outside world outside."""
    yield from _together(work, "SQLite")
    yield from _apart(work, "SQLite")


def _together(work: Path, name: str, **environ: str) -> Iterator[Figure]:
    with platform(work / f"orders-{name}", **environ) as server:
        yield from _orders(server, f"{name}, one process", "simulators in the same process", None)


def _apart(work: Path, name: str, **environ: str) -> Iterator[Figure]:
    with (
        outside_world(work / f"world-{name}") as (outside, found),
        platform(work / f"apart-{name}", **(environ | found)) as server,
    ):
        yield from _orders(server, f"{name}, gateway outside", "simulated gateway and phones beside the load", outside)


def _orders(server: Platform, name: str, how: str, outside: int | None) -> Iterator[Figure]:
    skus = _skus(server)
    result = asyncio.run(_buy(server, skus, count=1500, shoppers_=48, outside=outside))
    rate = result.orders / result.seconds
    yield Figure(
        f"whole orders, {name}", rate, "orders/s", f"{how}; {result.orders} orders, 48 shoppers, {result.failed} failed"
    )
    yield Figure(f"CPU per order, {name}", 1000 * result.cpu_s / result.orders, "ms", f"server process; {how}")
    loop_ms = 1000 * result.loop_cpu_s / result.orders
    yield Figure(
        f"of it in the event loop, {name}",
        loop_ms,
        "ms",
        "HTTP, calls, reads, events; the rest in the writers' threads",
    )
    half = asyncio.run(_buy(server, skus, count=600, shoppers_=48, per_second=rate / 2, first=500, outside=outside))
    for what, times in (("accepted", half.accepted), ("confirmed", half.whole)):
        cuts = statistics.quantiles(times, n=100)
        for share in (50, 95, 99):
            yield Figure(
                f"order {what}, {name}, p{share}", 1000 * cuts[share - 1], "ms", f"half load: {rate / 2:.0f} orders/s"
            )


def postgres(work: Path) -> Iterator[Figure]:
    """The same orders on PostgreSQL, which shares the machine's cores."""
    sys.path.insert(0, str(HERE.parent))
    from tests import postgres as private

    for part in (_together, _apart):
        with private.server() as url:
            for service in registry.ENTRIES:
                subprocess.run(["psql", "-q", url, "-c", f"create database {service}"], check=True)
            yield from part(work, "PostgreSQL", MELA_DATABASE=url.replace("/postgres", "/{service}"))


def startup(work: Path) -> Iterator[Figure]:
    """From the command to the first accepted order, the second time."""
    data = work / "startup"
    with platform(data, core=None) as server:
        sku = _skus(server)[0]
    began = time.perf_counter()
    with platform(data, core=None) as server:
        ready = time.perf_counter() - began
        result = shoppers.Result()

        async def once() -> None:
            door = await shoppers.sign_in(server.port, 1)
            await shoppers.buy(door, sku, result)

        asyncio.run(once())
        yield Figure("second start until ready", ready, "s", "databases there, nothing to migrate")
        yield Figure(
            "second start, command to first accepted order", time.perf_counter() - began, "s", "sign-in included"
        )
    helps = [_timed([str(Path(sys.executable).parent / "mela"), "--help"]) for _ in range(5)]
    yield Figure("mela --help", statistics.median(helps), "s", "median of 5")


def memory(work: Path) -> Iterator[Figure]:
    """The whole platform after 10,000 orders."""
    with platform(work / "memory") as server:
        yield Figure("memory when ready", server.pss_mib(), "MiB", "PSS of all its processes")
        result = asyncio.run(_buy(server, _skus(server), count=10_000, shoppers_=48))
        yield Figure(
            "memory after 10,000 orders", server.pss_mib(), "MiB", f"{result.orders} orders, PSS of all its processes"
        )
        yield Figure("whole orders over 10,000", result.orders / result.seconds, "orders/s", "the same run")


async def _buy(
    server: Platform, skus: list[str], *, count: int, shoppers_: int, per_second: float | None = None, first: int = 0,
    outside: int | None = None,
) -> Any:  # fmt: skip
    doors = [await shoppers.sign_in(server.port, first + number, outside) for number in range(shoppers_)]
    before, loop_before = server.cpu_s(), server.cpu_s(main_thread=True)
    result = await shoppers.run(doors, skus, orders=count, per_second=per_second, outside=outside)
    result.cpu_s = server.cpu_s() - before
    result.loop_cpu_s = server.cpu_s(main_thread=True) - loop_before
    return result


def verify(work: Path) -> Iterator[Figure]:
    """`mela verify` over generated systems, each in a process of its own."""
    mela = str(Path(sys.executable).parent / "mela")
    for objects in (100, 1_000, 10_000):
        manifests.write(work / str(objects), objects)
        said = work / f"{objects}.json"
        began = time.perf_counter()
        with said.open("wb") as out:
            process = subprocess.Popen([mela, "verify", "--format", "json", str(work / str(objects))], stdout=out)
            _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = status >> 8
        report = json.loads(said.read_bytes())
        seen = f"{report['objects']} objects in {report['files']} files; {len(report['findings'])} findings"
        yield Figure(f"verify, {objects:,} objects", seconds, "s", seen)
        yield Figure(f"verify, {objects:,} objects, rate", report["objects"] / seconds, "objects/s", "start included")
        yield Figure(f"verify, {objects:,} objects, memory", used.ru_maxrss / 1024, "MiB", "most that was resident")


def _half_load(port: int, path: str, full: float) -> tuple[float, float]:
    """Latency with so few connections that about half the capacity is used: an open stream, not a closed loop."""

    async def stream() -> list[float]:
        from benchmarks.client import Connection

        doors, times, began = [Connection(port) for _ in range(16)], [], time.perf_counter()
        rate, total = min(full / 2, 1200), 3600
        left = iter(range(total))

        async def one(door: Connection) -> None:
            for number in left:
                due = began + number / rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                await door.call("GET", path)
                times.append(time.perf_counter() - due)

        await asyncio.gather(*(one(door) for door in doors))
        return times

    times = asyncio.run(stream())
    return min(full / 2, 1200), 1000 * statistics.quantiles(times, n=100)[98]


def _any_product(server: Platform) -> str:
    return str(_get(server, "/api/catalog/products?limit=1")["items"][0]["id"])


def _skus(server: Platform) -> list[str]:
    """Skus with plenty of stock: the operator receives a truckload of each first."""
    skus = []
    for found in _get(server, "/api/catalog/products?limit=20")["items"]:
        sku = _get(server, f"/api/catalog/products/{found['id']}")["variants"][0]["sku"]
        _get(server, f"/api/catalog/variants/{sku}/stock", {"quantity": 100_000})
        skus.append(sku)
    return skus


def _get(server: Platform, path: str, body: Any = None) -> Any:
    import urllib.request

    headers = {
        "authorization": f"Bearer {server.operator()}",
        "content-type": "application/json",
        "idempotency-key": f"bench-{time.time_ns()}",
    }
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", data=data, headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def _timed(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - began


def rehearse(_: Path) -> Iterator[Figure]:
    """Six hours, 12 services, 100 pods to a node, in a process of its own for each size."""
    for nodes in rehearsal.SIZES:
        for mode in ((), ("quick",)):
            command = [sys.executable, "-m", "benchmarks.rehearsal", str(nodes), *mode]
            seen = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            name = " ".join(["rehearsal", *mode, f"{nodes} nodes"])
            told = f"{seen['most_pods']} pods on {seen['most_nodes']} nodes at the most, {seen['mib']} MiB, {seen['wall_s']} s by the clock"
            told += f", {seen['cohorts']} cohorts a service, {seen['ns_each']} ns per step, service and cohort"
            yield Figure(name, seen["cpu_s"], "CPU s", told)


def live(work: Path) -> Iterator[Figure]:
    """A callback on its way to the eye, and open event streams. Needs Chromium."""
    for measured in streams.measure(work, _skus):
        yield Figure(*measured)


def first_page(work: Path) -> Iterator[Figure]:
    """The first page in Chromium, on a slow line and a slow processor."""
    for measured in pages.measure(work):
        yield Figure(*measured)


PARTS: dict[str, Callable[[Path], Iterator[Figure]]] = {
    "reads": reads, "orders": orders, "postgres": postgres, "startup": startup, "memory": memory,
    "streams": live, "pages": first_page,
    "verify": verify, "rehearsal": rehearse,
}  # fmt: skip


def main() -> None:
    """Run the parts named on the command line."""
    parser = argparse.ArgumentParser(
        prog="benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    chosen = parser.parse_args().parts or list(PARTS)
    if missing := [part for part in chosen if part not in PARTS]:
        parser.error(f"no such part: {', '.join(missing)}; there are {', '.join(PARTS)}")
    if not {"verify", "rehearsal", "streams", "pages"}.issuperset(chosen) and not shutil.which("wrk"):
        sys.exit("wrk is not installed: apt-get install wrk")
    where = conditions()
    print(where)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="mela-bench-") as folder:
        for part in chosen:
            for figure in PARTS[part](Path(folder)):
                print(f"{figure.name:<52} {figure.value:>10.2f} {figure.unit:<9} {figure.conditions}", flush=True)
                figures.append(figure)
    rows = [asdict(f) | {"conditions": f"{f.conditions}; {where}"} for f in figures]
    (HERE / "last.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
