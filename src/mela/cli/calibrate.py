"""`mela calibrate`: what a request costs, measured at a running service, as the figures of a call graph.

Twice: as fast as it can, for what saturates it; and at a fixed rate of a third of that, as people come to a pod that an autoscaler looks
after. A process that is never idle needs little more than half of the CPU for a request, so a request has two figures: `cpu_ms` of one that
finds the process idle, `busy_cpu_ms` of one that never does. The fixed rate lies between them, by how busy the process was then.
"""

import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import rich_click as click

from mela.cli import render

if TYPE_CHECKING:
    from mela.cli import sending

CONNECTIONS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048)
GROWTH = 1.05
"""More connections that bring less than this are beyond saturation."""
START_WITHIN_S = 120.0
REST_S, TIMES_LONGER = 5, 5
"""Seconds without a request; and how many times longer than a number of connections the fixed rate is kept up."""
SHARE, MOST_PER_S = 3, 500
"""The fixed rate: this part of the fastest, and no more than the sender itself can do. Where some then fail, half of it, and half again."""
FEWEST, MOST_CV = 50, 10.0
"""Answers without which a spread means nothing, and the largest that a call graph takes."""
FULL = 0.9
"""So much of the most CPU that was ever used, and the process is never idle."""
PER_DEVIATION = 1.349
"""From the first to the third quartile of a normal distribution, in standard deviations. Few that wait for long do not move it."""
MISSING = "wrk is not installed: apt-get install wrk (Debian, Ubuntu), brew install wrk, dnf install wrk"
SCRIPT = """\
local run, n = tostring(os.time()) .. tostring({{}}):sub(8), 0
local body, given, paths = {body}, {{{headers}}}, {{{paths}}}
request = function()
  n = n + 1
  local headers, own = {{}}, run .. "-" .. n
  for name, value in pairs(given) do headers[name] = value:gsub("{{n}}", own) end
  return wrk.format("{method}", paths[(n - 1) % #paths + 1], headers, body and (body:gsub("{{n}}", own)))
end
"""
"""For wrk. `{{n}}` in a header or the body becomes a text that no other request has."""
CPU, STARTED, MEMORY = "process_cpu_seconds_total", "process_start_time_seconds", "process_resident_memory_bytes"


@dataclass(frozen=True)
class Load:
    """What so many connections brought. `cpu_ms` is the process's own CPU per request."""

    connections: int
    per_s: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    busy: float
    """CPU of the process, in cores."""


@dataclass(frozen=True)
class Steady:
    """What a fixed rate brought, without what the process takes at rest. `varies_ms`: the standard deviation of the middle half of the answers' times."""

    per_s: float
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    varies_ms: float


class CannotMeasure(Exception):
    """The service does not answer as it must; the text says what to do."""


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
            raise CannotMeasure(MISSING)
        asked = _asked(url, headers, post, paths)
        found = _measured(
            asked, metrics or f"{base}/metrics", ready or f"{base}/readyz", start, seconds, rate, fresh=fresh
        )
        if into and operation:
            _write(into, operation, found)
    except CannotMeasure as error:
        render.problem(str(error))
        raise SystemExit(2) from error
    if for_script:
        render.as_json({**found, "loads": [asdict(load) for load in found["loads"]], "steady": asdict(found["steady"])})
    else:
        _tell(found, operation or "SERVICE.OPERATION")


def _measured(
    asked: "sending.Asked", metrics: str, ready: str, start: str | None, seconds: int, rate: float | None, *, fresh: bool
) -> dict[str, Any]:  # fmt: skip
    process, began = _started(start, ready)
    script = _script(replace(asked, headers=(*asked.headers, ("connection", "close"))) if fresh else asked)
    try:
        at_start = _own(metrics)
        loads: list[Load] = []
        with render.stages() as stages:
            stages.begin(f"at rest, {REST_S} s")(1, 1)
            time.sleep(REST_S)
            idle_m = (_own(metrics)[CPU] - at_start[CPU]) / REST_S * 1000
            hear = stages.begin(f"load on {asked.url}")
            for place, connections in enumerate(CONNECTIONS):
                loads.append(_load(asked.url, metrics, script, connections, seconds))
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
        return _figures(asked.url, loads, steady, idle_m, at_start if start else None, began, _own(metrics))
    finally:
        if process:
            process.terminate()
            process.wait(30)


def _is_over(loads: list[Load]) -> bool:
    """Twice in a row more connections brought nothing: once may be noise."""
    rates = [load.per_s for load in loads]
    return len(rates) > 3 and max(rates[-2:]) < GROWTH * max(rates[:-2])


def _started(command: str | None, ready: str) -> tuple[subprocess.Popen[bytes] | None, float | None]:
    """The process and the seconds until it was ready; neither where nothing is to be started."""
    import shlex

    if command is None:
        return None, None
    began = time.monotonic()
    try:
        process = subprocess.Popen(shlex.split(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - it is the user's own command
    except OSError as error:
        raise CannotMeasure(f"{command!r} cannot be started: {error.strerror}") from error
    while _status(ready) != 200:
        if process.poll() is not None:
            raise CannotMeasure(f"{command!r} ended with exit code {process.returncode} before it was ready.")
        if time.monotonic() - began > START_WITHIN_S:
            process.terminate()
            raise CannotMeasure(f"{ready} did not answer 200 within {START_WITHIN_S:.0f} s.")
        time.sleep(0.02)
    return process, time.monotonic() - began


def _status(url: str) -> int:
    import httpx2

    try:
        return httpx2.get(url, timeout=2.0).status_code
    except httpx2.HTTPError:
        return 0


def _own(metrics: str) -> dict[str, float]:
    """The process's own CPU, start and memory."""
    import httpx2

    try:
        answer = httpx2.get(metrics, timeout=5.0)
        answer.raise_for_status()
    except httpx2.HTTPError as error:
        raise CannotMeasure(f"{metrics} does not answer: {error}. Name it with --metrics URL.") from error
    found = {
        name: float(value) for name, value in re.findall(r"^(process_\w+) ([0-9.e+-]+)$", answer.text, re.MULTILINE)
    }
    if CPU not in found:
        raise CannotMeasure(
            f"{metrics} has no {CPU}. Most Prometheus clients give it on Linux; else name another with --metrics."
        )
    return found


def _asked(url: str, headers: tuple[str, ...], post: str | None, paths: Path | None) -> "sending.Asked":
    """What is to be sent."""
    from mela.cli import sending

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


def _script(asked: "sending.Asked") -> str:
    """The same for wrk, in its own language. Each run's requests are numbered under a name of its own."""
    return SCRIPT.format(
        method=asked.method,
        body="nil" if asked.body is None else _lua(asked.body),
        headers=", ".join(f"[{_lua(name)}] = {_lua(value)}" for name, value in asked.headers),
        paths=", ".join(map(_lua, asked.paths)),
    )


def _lua(text: str) -> str:
    """Text as Lua takes it, whatever is in it."""
    return '"' + "".join(f"\\{byte:03d}" for byte in text.encode()) + '"'


def _load(url: str, metrics: str, script: str, connections: int, seconds: int) -> Load:
    before = _own(metrics)[CPU]
    with NamedTemporaryFile("w", suffix=".lua", encoding="utf-8") as file:
        file.write(script)
        file.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", file.name, url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - wrk with checked numbers and the user's URL
    said = done.stdout
    if done.returncode or "Requests/sec" not in said:
        raise CannotMeasure(f"wrk could not load {url}: {(done.stderr or said).strip().splitlines()[-1]}")
    if refused := re.search(r"Non-2xx or 3xx responses: (\d+)", said):
        raise CannotMeasure(
            f"{refused[1]} answers were neither 2xx nor 3xx; measure a path that answers, with --header if it needs one."
        )
    took = _own(metrics)[CPU] - before
    requests, lasted = re.search(r"(\d+) requests in ([\d.]+\w+),", said), seconds
    count = int(requests[1]) if requests else 0
    if not count:
        raise CannotMeasure(f"{url} answered nothing in {seconds} s.")
    return Load(
        connections, count / lasted, _quantile(said, 50), _quantile(said, 99), took / count * 1000, took / lasted
    )


def _steady(
    asked: "sending.Asked", metrics: str, per_s: float, seconds: int, idle_m: float, hear: Callable[[int, int], None], *, fresh: bool
) -> tuple[Steady | None, str]:  # fmt: skip
    """What the rate brought; nothing, and why, where some failed or too few came: a spread of those would mean nothing."""
    import numpy as np

    from mela.cli import sending
    from mela.kernel import ids

    before, began = _own(metrics)[CPU], time.monotonic()
    answers = sending.send(asked, per_s, seconds, ids.new_hex(8), hear, fresh=fresh)
    took, lasted = _own(metrics)[CPU] - before, time.monotonic() - began
    count = len(answers.took_s)
    if answers.failed or count < FEWEST:
        says = f"{answers.failed} of {count + answers.failed} requests were not answered well at {per_s:.3g} a second"
        return None, f"{says}; at least {FEWEST} must be and none may fail"
    first, half, third, most = (float(each) * 1000 for each in np.quantile(answers.took_s, (0.25, 0.5, 0.75, 0.95)))
    cpu_ms = max(0.0, took - idle_m / 1000 * lasted) / count * 1000
    return Steady(count / seconds, half, most, cpu_ms, (third - first) / PER_DEVIATION), ""


def _quantile(said: str, percent: int) -> float:
    """In milliseconds."""
    found = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s|m)", said)
    assert found is not None
    return float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}[found[2]]


def _figures(
    url: str, loads: list[Load], steady: Steady, idle_m: float, at_start: dict[str, float] | None, began: float | None, now: dict[str, float]
) -> dict[str, Any]:  # fmt: skip
    """How CPU varies is what it does at the fixed rate; what an answer takes beyond its CPU there is waiting."""
    import numpy as np

    from mela.rehearsal.engine import queueing

    cv = min(steady.varies_ms / max(steady.cpu_ms, 0.001), MOST_CV)
    half = queueing.quantile(np.array([steady.cpu_ms]), np.array([(cv * steady.cpu_ms) ** 2]), 0.0)[0]
    most = max(loads, key=lambda load: load.per_s)
    saturated = next(load for load in loads if load.per_s * GROWTH >= most.per_s)
    idle_ms, busy_ms = _by_use(steady, loads, idle_m)
    return {
        "url": url,
        "cpu_ms": round(idle_ms, 3),
        "busy_cpu_ms": round(busy_ms, 3),
        "cv": round(cv, 2),
        "wait_ms": round(max(0.0, steady.p50_ms - float(half)), 2),
        "idle_cpu_m": round(idle_m, 1),
        "saturation_per_s": round(most.per_s),
        "saturation_connections": saturated.connections,
        "saturated_by": "CPU" if most.busy > 0.9 else "something that it waits for",
        "workers": max(1, round(most.busy)),
        "memory_mb": round(now.get(MEMORY, 0) / 2**20),
        "start_s": round(began, 2) if began is not None else None,
        "start_cpu_s": round(at_start[CPU], 2) if at_start else None,
        "loads": loads,
        "steady": steady,
    }


def _by_use(steady: Steady, loads: list[Load], idle_m: float) -> tuple[float, float]:
    """The CPU of a request that finds the process idle, and of one that never does, in milliseconds.

    The second is what all loads took that used the CPU up; at most that of the fixed rate, which lies on the line between the two.
    """
    cores = max(load.busy for load in loads)
    full = [load for load in loads if load.busy >= FULL * cores]
    busy_ms = min(steady.cpu_ms, sum(load.busy for load in full) / sum(load.per_s for load in full) * 1000)
    used = steady.per_s * steady.cpu_ms / 1000 / max(cores - idle_m / 1000, 0.001)
    return ((steady.cpu_ms - used * busy_ms) / (1 - used) if used < 1 else steady.cpu_ms), busy_ms


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
    for line in _yaml(found, service, name or "OPERATION"):
        render.line(line)


def _yaml(found: dict[str, Any], service: str, operation: str) -> list[str]:
    start = [f"    {key}: {found[key]}" for key in ("start_s", "start_cpu_s") if found[key] is not None]
    return [
        "services:", f"  {service}:", f"    workers: {found['workers']}", f"    memory_mb: {found['memory_mb']}", f"    idle_cpu_m: {found['idle_cpu_m']}", *start,
        "    operations:", f"      {operation}: {{cpu_ms: {found['cpu_ms']}, busy_cpu_ms: {found['busy_cpu_ms']}, cv: {found['cv']}, wait_ms: {found['wait_ms']}}}",
    ]  # fmt: skip


def _write(file: Path, operation: str, found: dict[str, Any]) -> None:
    """Puts the figures into a call graph; what else stands in it stays. Raises: CannotMeasure, reading.Unusable."""
    from mela.cluster.objects import Document, Object, Source
    from mela.rehearsal import calls
    from mela.rehearsal.verdict import patch
    from mela.rehearsal.verdict.model import Change

    text = file.read_text(encoding="utf-8")
    service, _, name = operation.partition(".")
    graph = calls.parse(text, str(file))
    if service not in graph.services or name not in graph.services[service].operations:
        known = ", ".join(full for full, _, _ in graph.operations())
        raise CannotMeasure(f"{file} has no operation {operation}; it has {known}.")
    import yaml

    thing = Object("", "", "", "", yaml.safe_load(text), Source(str(file)), Document(text))
    at_service, at_operation = ("services", service), ("services", service, "operations", name)
    values: dict[tuple[str, ...], Any] = {
        **{(*at_operation, key): found[key] for key in ("cpu_ms", "busy_cpu_ms", "cv", "wait_ms")},
        **{
            (*at_service, key): found[key]
            for key in ("workers", "memory_mb", "idle_cpu_m", "start_s", "start_cpu_s")
            if found[key] is not None
        },
    }
    changes = [
        Change(thing, path, thing.get(*path), value) for path, value in values.items() if thing.get(*path) != value
    ]
    try:
        changed = patch.edited(changes)[str(file)] if changes else text
    except patch.CannotPatch as error:
        raise CannotMeasure(str(error)) from error
    calls.parse(changed, str(file))
    file.write_text(changed, encoding="utf-8")
    render.note(f"{len(changes)} figures written into {file}")
