"""Real pods under real load: what a calibration of one pod at rest predicts for a ramp that a real autoscaler has to follow.

The figures of the call graph are `mela calibrate`'s, taken before the ramp: CPU and waiting of a request at one pod of the cluster,
start of a process on this machine. Requests come by chance, at a rate that the curve gives; each counts from when it was due.
Only with the machine at rest do the figures mean anything: two cores carry pods, control plane and load together.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import NormalDist
from typing import Any

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
from tests.proofs.stage import free_port

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


def test_latency_and_start_are_within_a_quarter_of_what_a_calibration_says(tmp_path: Path) -> None:
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
        figures = calibrated(f"http://{doors[0][0]}:{DOOR}{PAGE}", tmp_path)
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
    """Predict from the calibration, lay it over what was seen, and hold it to WITHIN."""
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
        picture.svg("A ramp on real pods, and its rehearsal from a calibration", below, np.arange(len(rate)), panels),
    )
    print(json.dumps(figures), f"{len(account.failed)} of {len(account.shots)} failed", sep="\n")
    ratios = {"start": started(record, began) / boots(figures)}
    for name, share in PERCENTILES.items():
        ratios[name] = account.percentile_ms(share) / overall(spread, rate, share)
    print({name: round(each, 2) for name, each in ratios.items()})
    print("replicas", agreement.compare(each.desired[:, 0], desired))
    assert not account.failed
    assert {name for name, ratio in ratios.items() if abs(ratio - 1) > WITHIN} == set()


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


def calibrated(url: str, folder: Path) -> dict[str, Any]:
    """A request at the pod, and a start on this machine; each connection is its own, as in the ramp."""
    port = free_port()
    start = f"{MELA} serve catalog --samples --port {port} --data {folder / 'data'}"
    local = f"http://127.0.0.1:{port}{PAGE}"
    at_pod = said("calibrate", url, "--header", "Connection: close", "--json")
    at_start = said("calibrate", local, "--start", start, "--seconds", "1", "--json")
    return {**at_pod, "start_s": at_start["start_s"], "start_cpu_s": at_start["start_cpu_s"]}


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
        workers=figures["workers"], start_s=figures["start_s"], start_cpu_s=figures["start_cpu_s"], memory_mb=figures["memory_mb"],
    )  # fmt: skip
    actions = {"page": calls.Action((calls.Call("catalog.page", timeout_ms=10_000),))}
    return calls.Graph("real", "measured", "mela calibrate", {"catalog": service}, actions)


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
