"""`mela calibrate`: what a request costs, measured at a running service, as the figures of a call graph.

Twice: as fast as it can, for what saturates it; and at a fixed rate of a third of that, as people come to a pod that an autoscaler looks
after. A process that is never idle needs little more than half of the CPU for a request, so a request has two figures: `cpu_ms` of one that
finds the process idle, `busy_cpu_ms` of one that never does. The fixed rate lies between them, by how busy the process was then.
"""

import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import rich_click as click

from mela.cli import render
from mela.cli.calibrate import figures, process, wrk
from mela.cli.calibrate.model import CannotMeasure, Load, Steady

if TYPE_CHECKING:
    from mela.cli.calibrate.sending import Asked

CONNECTIONS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048)
REST_S, TIMES_LONGER = 5, 5
"""Seconds without a request; and how many times longer than a number of connections the fixed rate is kept up."""
SHARE, MOST_PER_S = 3, 500
"""The fixed rate: this part of the fastest, and no more than the sender itself can do. Where some then fail, half of it, and half again."""
FEWEST = 50
"""Answers without which a spread means nothing."""
PER_DEVIATION = 1.349
"""From the first to the third quartile of a normal distribution, in standard deviations. Few that wait for long do not move it."""


@click.command(
    epilog="Examples:  mela calibrate http://127.0.0.1:3000/api/catalog/products   ·   mela calibrate URL --start 'mela up --port 3100'"
    "   ·   mela calibrate URL --into calls.yaml --as catalog.read"
    "   ·   mela calibrate URL --post '{\"sku\": \"a\"}' --header 'idempotency-key: {n}'"
)
@click.argument("url")
@click.option("--metrics", metavar="URL", help="Where the process's own metrics are.  [default: /metrics there]")
@click.option("--ready", metavar="URL", help="Where it says that it is ready.  [default: /readyz there]")
@click.option("--start", metavar="COMMAND", help="Start it by this, measure the start too, and stop it in the end.")
@click.option(
    "--header",
    "headers",
    multiple=True,
    metavar="'NAME: VALUE'",
    help="Sent with each request; {n} becomes another value each time. May be repeated.",
)
@click.option(
    "--post", metavar="JSON", help="Post this body instead of getting; {n} in it, too, becomes another value each time."
)
@click.option("--paths", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="FILE", help="Paths to take in turn instead of the URL's own, one a line.")  # fmt: skip
@click.option("--seconds", type=click.IntRange(1, 120), default=4, show_default=True, help="Per number of connections.")
@click.option("--rate", type=click.FloatRange(0.1, MOST_PER_S), metavar="N", help="The fixed rate, requests a second.  [default: a third of the fastest]")  # fmt: skip
@click.option("--fresh", is_flag=True, help="Each request opens a connection of its own, as strangers do.")
@click.option("--into", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="FILE", help="A call graph to write the figures into; needs --as.")  # fmt: skip
@click.option("--as", "operation", metavar="SERVICE.OPERATION", help="What was measured.")
@click.option("--json", "for_script", is_flag=True, help="For a script.")
def calibrate(  # noqa: PLR0917 - click passes them by name
    url: str, metrics: str | None, ready: str | None, start: str | None, headers: tuple[str, ...],
    post: str | None, paths: Path | None, seconds: int, rate: float | None, fresh: bool, into: Path | None, operation: str | None, for_script: bool,
) -> None:  # fmt: skip
    """Measure a service under load: CPU per request, waiting of its own, start, saturation.

    wrk makes the load, and at a fixed rate mela itself; the process says how much CPU it took (process_cpu_seconds_total in its /metrics).
    Let nothing else run on the machine. Exit code 2: it could not be measured.
    """
    if into and not operation:
        raise click.UsageError("--into needs --as, such as --as catalog.read: it says which figures to write.")
    parts = urlsplit(url)
    base = f"{parts.scheme}://{parts.netloc}"
    try:
        if not shutil.which("wrk"):
            raise CannotMeasure(wrk.MISSING)
        asked = _asked(url, headers, post, paths)
        found = _measured(
            asked, metrics or f"{base}/metrics", ready or f"{base}/readyz", start, seconds, rate, fresh=fresh
        )
        if into and operation:
            figures.write(into, operation, found)
    except CannotMeasure as error:
        render.problem(str(error))
        raise SystemExit(2) from error
    if for_script:
        render.as_json({**found, "loads": [asdict(load) for load in found["loads"]], "steady": asdict(found["steady"])})
    else:
        _tell(found, operation or "SERVICE.OPERATION")


def _measured(
    asked: "Asked", metrics: str, ready: str, start: str | None, seconds: int, rate: float | None, *, fresh: bool
) -> dict[str, Any]:  # fmt: skip
    child, began = process.started(start, ready)
    script = wrk.script(replace(asked, headers=(*asked.headers, ("connection", "close"))) if fresh else asked)
    try:
        at_start = process.own(metrics)
        loads: list[Load] = []
        with render.stages() as stages:
            stages.begin(f"at rest, {REST_S} s")(1, 1)
            time.sleep(REST_S)
            idle_m = (process.own(metrics)[process.CPU] - at_start[process.CPU]) / REST_S * 1000
            hear = stages.begin(f"load on {asked.url}")
            for place, connections in enumerate(CONNECTIONS):
                loads.append(wrk.load(asked.url, metrics, script, connections, seconds))
                hear(place + 1, len(CONNECTIONS))
                if _is_over(loads):
                    break
            third = min(max(load.per_s for load in loads) / SHARE, MOST_PER_S)
            steady, says, lasts = None, "", seconds * TIMES_LONGER
            for per_s in (rate,) if rate else (third, third / 2, third / 4):
                hear = stages.begin(f"{per_s:.3g} a second for {lasts} s")
                steady, says = _steady(asked, metrics, per_s, lasts, idle_m, hear, fresh=fresh)
                if steady:
                    break
        if steady is None:
            raise CannotMeasure(f"{says}. Ask for less with --rate, or longer with --seconds.")
        return figures.of(asked.url, loads, steady, idle_m, at_start if start else None, began, process.own(metrics))
    finally:
        if child:
            child.terminate()
            child.wait(30)


def _is_over(loads: list[Load]) -> bool:
    """Twice in a row more connections brought nothing: once may be noise."""
    rates = [load.per_s for load in loads]
    return len(rates) > 3 and max(rates[-2:]) < figures.GROWTH * max(rates[:-2])


def _asked(url: str, headers: tuple[str, ...], post: str | None, paths: Path | None) -> "Asked":
    """What is to be sent."""
    from mela.cli.calibrate import sending

    parts = urlsplit(url)
    own = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    taken = (
        [line.strip() for line in paths.read_text(encoding="utf-8").splitlines() if line.strip()] if paths else [own]
    )
    if not taken:
        raise CannotMeasure(f"{paths} names no path.")
    pairs = [(name.strip(), value.strip()) for name, _, value in (header.partition(":") for header in headers)]
    pairs += [("content-type", "application/json")] if post is not None else []
    return sending.Asked(url, "GET" if post is None else "POST", tuple(pairs), post, tuple(taken))


def _steady(
    asked: "Asked", metrics: str, per_s: float, seconds: int, idle_m: float, hear: Callable[[int, int], None], *, fresh: bool
) -> tuple[Steady | None, str]:  # fmt: skip
    """What the rate brought; nothing, and why, where some failed or too few came: a spread of those would mean nothing."""
    import numpy as np

    from mela.cli.calibrate import sending
    from mela.kernel import ids

    before, began = process.own(metrics)[process.CPU], time.monotonic()
    answers = sending.send(asked, per_s, seconds, ids.new_hex(8), hear, fresh=fresh)
    took, lasted = process.own(metrics)[process.CPU] - before, time.monotonic() - began
    count = len(answers.took_s)
    if answers.failed or count < FEWEST:
        says = f"{answers.failed} of {count + answers.failed} requests were not answered well at {per_s:.3g} a second"
        return None, f"{says}; at least {FEWEST} must be and none may fail"
    first, half, third, most = (float(each) * 1000 for each in np.quantile(answers.took_s, (0.25, 0.5, 0.75, 0.95)))
    cpu_ms = max(0.0, took - idle_m / 1000 * lasted) / count * 1000
    return Steady(count / seconds, half, most, cpu_ms, (third - first) / PER_DEVIATION), ""


def _tell(found: dict[str, Any], operation: str) -> None:
    render.table(
        "Load", ("connections", "per second", "p50 ms", "p99 ms", "CPU ms each", "cores"),
        [(x.connections, f"{x.per_s:.0f}", f"{x.p50_ms:.1f}", f"{x.p99_ms:.1f}", f"{x.cpu_ms:.3f}", f"{x.busy:.2f}") for x in found["loads"]],
    )  # fmt: skip
    service, _, name = operation.partition(".")
    steady = found["steady"]
    render.line("")
    render.line(
        f"At {steady.per_s:.3g} a second: {steady.cpu_ms:.3f} ms of CPU each, p50 {steady.p50_ms:.1f} ms, p95 {steady.p95_ms:.1f} ms."
    )
    render.line(
        f"Saturated at {found['saturation_per_s']} requests a second and {found['saturation_connections']} connections, by {found['saturated_by']}."
    )
    render.line("For a call graph (times and memory of this machine):")
    render.line("")
    for line in figures.lines(found, service, name or "OPERATION"):
        render.line(line)
