"""Real pods under real load: what one pod at low load predicts for a ramp that a real autoscaler has to follow.

The figures of the call graph are taken before the ramp, at the one pod that is there then: CPU of its start and of a request, and what a
request takes beyond that, connection and load generator included. `mela calibrate` measures the same pod as fast as it can; that is
told beside it, because a pod that is never idle needs less CPU for a request. Requests come by chance, at a rate that the curve
gives; each counts from when it was due. With anything else running the figures mean nothing: two cores carry pods, control plane and load.
"""

import json
import math
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import NormalDist
from typing import Any

import httpx2
import numpy as np
import pytest
import yaml

from mela.cluster import manifests
from mela.rehearsal import calls, engine, system
from mela.rehearsal.engine.world import boot_s
from mela.rehearsal.model import Demand, Floats
from tests.proofs import components
from tests.proofs.kube import agreement, picture, pretend
from tests.proofs.kube.kubectl import Kubectl, Object, need_cluster
from tests.proofs.kube.load import Account, Load, Request
from tests.proofs.kube.results import keep
from tests.proofs.kube.watching import Watching

pytestmark = pytest.mark.cluster
MANIFEST = pretend.DATA / "one-service.yaml"
NAMESPACE, DOOR = "reality-real", 30007
PAGE = "/api/catalog/products?limit=100"
MELA = str(Path(sys.executable).parent / "mela")
CALM_S, CLIMB_S, TOP_S = 45, 120, 135
LOW, HIGH = 30.0, 240.0
"""Requests a second: calm, a climb, and the top."""
WINDOW_S = 15
WITHIN = 0.25
NORMAL = NormalDist()
PERCENTILES = {"p50": 0.5, "p95": 0.95}


def test_the_median_latency_and_the_start_are_within_a_quarter_of_what_one_pod_at_low_load_says() -> None:
    components.need("wrk")
    kubectl = need_cluster()
    rate = np.interp(np.arange(CALM_S + CLIMB_S + TOP_S), [CALM_S, CALM_S + CLIMB_S], [LOW, HIGH])
    documents: list[Object] = [each for each in yaml.safe_load_all(MANIFEST.read_text()) if each]
    scaler = documents.pop()
    records = agreement.Records((NAMESPACE,))
    with (
        Watching(kubectl.config, agreement.WATCHED, f"{pretend.MARK}=real", records.heard) as watching,
        applied(kubectl, documents) as own,
    ):
        doors = [(address, DOOR) for address in kubectl.node_addresses().values()]
        figures = measured(doors)
        figures["in a closed loop"] = said("calibrate", f"http://{doors[0][0]}:{DOOR}{PAGE}", "--json")
        own.apply([scaler])
        own.until("hpa/catalog", "{.status.currentMetrics[0].resource.current.averageUtilization}", calm, 180)
        began = time.time()
        with Load(doors, [Request(PAGE)], 1.0, fresh=1, times=by_chance(rate)) as load:
            time.sleep(len(rate) + 2)
    record = records.of[NAMESPACE]
    account = Account(load.shots)
    keep("latency.json", json.dumps({"figures": figures, "began": began, "record": record.__dict__, "shots": [(s.due_s, s.took_s, s.status) for s in load.shots]}))  # fmt: skip
    assert not watching.broken
    judge(figures, record, began, rate, account)


def judge(figures: dict[str, Any], record: agreement.Record, began: float, rate: Floats, account: Account) -> None:
    """Predict from the figures, lay it over what was seen, and hold start and median to WITHIN; the 95th percentile is told, see docs."""
    phase, every = agreement.rhythm(record.syncs, began)
    made = system.of(manifests.read([str(MANIFEST)])[0])
    demand = Demand(datetime.fromtimestamp(began, UTC), ("page",), rate[:, None])
    trace = engine.run(made, demand, graph(figures), measured={"autoscaler": {"phase": phase, "every": every}})
    each = trace.services
    spread = spreads(each.latency_p50_s[:, 0] * 1000, each.latency_p99_s[:, 0] * 1000)
    rehearsed = {name: np.quantile(spread, share, axis=1) for name, share in PERCENTILES.items()}
    seen = {name: windows(account, share, len(rate)) for name, share in PERCENTILES.items()}
    desired, ready = (agreement.by_tick(steps, began, len(rate)) for steps in (record.desired, record.ready))
    panels = [
        *(picture.Panel(f"Latency, {name}, ms", {"rehearsed": rehearsed[name], "seen": seen[name]}) for name in PERCENTILES),
        picture.Panel("Replicas wanted", {"rehearsed": each.desired[:, 0], "seen": desired}),
        picture.Panel("Replicas ready", {"rehearsed": each.ready[:, 0], "seen": ready}),
        picture.Panel("Requests a second", {"asked": rate}),
    ]  # fmt: skip
    below = f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime(began))} UTC, {len(account.shots)} requests, {len(account.failed)} failed, load of the machine {os.getloadavg()[0]:.1f}"
    keep(
        "latency.svg",
        picture.svg(
            "A ramp on real pods, and its rehearsal from one pod at low load", below, np.arange(len(rate)), panels
        ),
    )
    print(json.dumps(figures), f"{len(account.failed)} of {len(account.shots)} failed", sep="\n")
    ratios = {"start": started(record, began) / boots(figures)}
    for name, share in PERCENTILES.items():
        ratios[name] = account.percentile_ms(share) / overall(spread, rate, share)
    print({name: round(each, 2) for name, each in ratios.items()})
    print("replicas", agreement.compare(each.desired[:, 0], desired))
    assert not account.failed
    assert {name for name in ("start", "p50") if abs(ratios[name] - 1) > WITHIN} == set()


def spreads(p50: Floats, p99: Floats) -> Floats:
    """Latencies as the engine spreads them (`engine.queueing.quantile`), evenly likely ones, (n_ticks, 200)."""
    z = np.array([NORMAL.inv_cdf((place + 0.5) / 200) for place in range(200)])
    per_z = (np.cbrt(p99 / p50) - 1) / NORMAL.inv_cdf(0.99)
    result: Floats = p50[:, None] * np.maximum(1 + per_z[:, None] * z, 0.0) ** 3
    return result


def overall(spread: Floats, rate: Floats, share: float) -> float:
    """The quantile over all requests of the ramp: each second counts as often as it has requests."""
    order = np.argsort(spread, axis=None)
    weights = np.cumsum(np.repeat(rate, spread.shape[1])[order])
    return float(spread.ravel()[order[np.searchsorted(weights, share * weights[-1])]])


def windows(account: Account, share: float, ticks: int) -> Floats:
    """The percentile of each window in milliseconds, by tick."""
    starts = range(0, ticks, WINDOW_S)
    values = [account.between(at, at + WINDOW_S).percentile_ms(share) for at in starts]
    return np.repeat(values, WINDOW_S)[:ticks]


def by_chance(rate: Floats) -> list[float]:
    """When requests come, in seconds: a Poisson process with this rate by second."""
    luck = np.random.Generator(np.random.PCG64(1))
    counts = luck.poisson(rate)
    return sorted(float(at + part) for at, count in enumerate(counts) for part in luck.random(count))


def calm(utilization: str) -> bool:
    """The calibration is out of the metrics."""
    return bool(utilization) and int(utilization) < 60


def measured(doors: list[tuple[str, int]]) -> dict[str, Any]:
    """The one pod: CPU of its start, at rest, and of a request at low load; what a request takes beyond its CPU."""
    at_start = cpu_s(doors[0])
    since = time.monotonic()
    time.sleep(CALM_S / 3)
    rested = cpu_s(doors[0])
    idle_m = (rested - at_start) / (time.monotonic() - since) * 1000
    with Load(doors, [Request(PAGE)], 1.0, fresh=1, times=by_chance(np.full(CALM_S, LOW))) as load:
        time.sleep(CALM_S + 1)
    cpu_ms = (cpu_s(doors[0]) - rested) / len(load.shots) * 1000 - idle_m * (CALM_S + 1) / len(load.shots)
    median = Account(load.shots).percentile_ms(0.5)
    return {"start_cpu_s": at_start, "idle_cpu_m": idle_m, "cpu_ms": cpu_ms, "wait_ms": max(0.0, median - math.log(2) * cpu_ms)}  # fmt: skip


def cpu_s(door: tuple[str, int]) -> float:
    """CPU seconds that the pod's process says it has used."""
    text = httpx2.get(f"http://{door[0]}:{door[1]}/metrics", timeout=10).raise_for_status().text
    found = re.search(r"^process_cpu_seconds_total ([0-9.e+-]+)$", text, re.MULTILINE)
    assert found
    return float(found[1])


def said(*words: str) -> dict[str, Any]:
    """What `mela` answers as JSON."""
    done = subprocess.run([MELA, *words], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def graph(figures: dict[str, Any]) -> calls.Graph:
    """The call graph of these figures."""
    service = calls.Service(
        "catalog", {"page": calls.Operation(cpu_ms=figures["cpu_ms"], wait_ms=figures["wait_ms"])}, f"{NAMESPACE}/catalog",
        workers=1, start_s=0.0, start_cpu_s=figures["start_cpu_s"], idle_cpu_m=figures["idle_cpu_m"],
    )  # fmt: skip
    actions = {"page": calls.Action((calls.Call("catalog.page", timeout_ms=10_000),))}
    return calls.Graph("real", "measured", "one pod at low load", {"catalog": service}, actions)


def boots(figures: dict[str, Any]) -> float:
    """Seconds from a container's start until its pod is ready, as the engine has it."""
    made = system.of(manifests.read([str(MANIFEST)])[0])
    return boot_s(made.workloads[f"{NAMESPACE}/catalog"], graph(figures).services["catalog"])


def started(record: agreement.Record, began: float) -> float:
    """The same as it was seen: the median of the pods that the ramp called for."""
    new = [each for each in record.pods.values() if each["created"] > began and "ready" in each]
    assert new, "the ramp called for no pod"
    return float(np.median([each["ready"] - each["started"] for each in new]))


@contextmanager
def applied(kubectl: Kubectl, documents: list[Object]) -> Iterator[Kubectl]:
    """The service with one pod; gone afterwards."""
    own = kubectl.within(NAMESPACE)
    try:
        kubectl.apply(documents)
        own.rolled_out("deployment/catalog")
        yield own
    finally:
        kubectl.do("delete", "namespace", NAMESPACE, "--ignore-not-found")
