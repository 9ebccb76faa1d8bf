"""Real pods under real load: what one measured pod predicts for a ramp that a real autoscaler has to follow.

`mela calibrate` measures before the ramp, at the one pod that is there then: CPU of a request that finds the pod idle and of one that does not,
how that varies, what an answer takes beyond it (connection and sender included), CPU at rest. The CPU of its start is what the pod had used when it got ready. Requests come by
chance, at a rate that the curve gives; each opens a connection and counts from when it was due. With much else running the figures mean
nothing: two cores carry pods, control plane and load.

    python -m tests.proofs.test_03_latency      judges what the last run kept, again
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, astuple
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
from mela.rehearsal.engine.boots import boot_s
from mela.rehearsal.model import Demand, Floats
from tests.proofs import components
from tests.proofs.kube import agreement, picture, pretend
from tests.proofs.kube.kubectl import Kubectl, Object, need_cluster
from tests.proofs.kube.load import Account, Request, Shot, ahead_of_others
from tests.proofs.kube.results import FOLDER, keep
from tests.proofs.kube.strangers import Strangers
from tests.proofs.kube.watching import Watching

pytestmark = pytest.mark.cluster
MANIFEST = pretend.DATA / "one-service.yaml"
NAMESPACE, DOOR = "reality-real", 30007
PAGE = "/api/catalog/products?limit=100"
MELA = str(Path(sys.executable).parent / "mela")
CALM_S, CLIMB_S, TOP_S = 45, 150, 135
LOW, HIGH, EACH = 20.0, 120.0, 20.0
"""Requests a second: calm, at the top after a climb; and of the one pod that is measured, as many as each of six gets at the top."""
RATE = np.interp(np.arange(CALM_S + CLIMB_S + TOP_S), [CALM_S, CALM_S + CLIMB_S], [LOW, HIGH])
WINDOW_S = 15
WITHIN = 0.25
NORMAL = NormalDist()
PERCENTILES = {"p50": 0.5, "p95": 0.95}


def test_start_median_and_95th_percentile_are_within_a_quarter_of_what_one_measured_pod_says() -> None:
    components.need("wrk")
    kubectl = need_cluster()
    documents: list[Object] = [each for each in yaml.safe_load_all(MANIFEST.read_text()) if each]
    scaler = documents.pop()
    records = agreement.Records((NAMESPACE,))
    with (
        Watching(kubectl.config, agreement.WATCHED, f"{pretend.MARK}=real", records.heard) as watching,
        applied(kubectl, documents) as own,
        ahead_of_others(),
    ):
        doors = [(address, DOOR) for address in kubectl.node_addresses().values()]
        started_by_s = cpu_s(doors[0])
        url = f"http://{doors[0][0]}:{DOOR}{PAGE}"
        figures = said("calibrate", url, "--fresh", "--rate", f"{EACH:g}", "--seconds", "5", "--json")
        figures["start_cpu_s"] = started_by_s
        own.apply([scaler])
        own.until("hpa/catalog", "{.status.currentMetrics[0].resource.current.averageUtilization}", calm, 180)
        own.rolled_out("deployment/catalog")
        began = time.time()
        with Strangers(doors, Request(PAGE), by_chance(RATE)) as load:
            time.sleep(len(RATE) + 2)
    kept = {"figures": figures, "began": began, "record": asdict(records.of[NAMESPACE]), "shots": [astuple(each) for each in load.shots]}  # fmt: skip
    keep("latency.json", json.dumps(kept))
    assert not watching.broken
    judge(figures, records.of[NAMESPACE], began, Account(load.shots))


def judge(figures: dict[str, Any], record: agreement.Record, began: float, account: Account) -> None:
    """Predict from the figures, lay it over what was seen, and hold start and percentiles to WITHIN."""
    phase, every = agreement.rhythm(record.syncs, began)
    made = system.of(manifests.read([str(MANIFEST)])[0])
    demand = Demand(datetime.fromtimestamp(began, UTC), ("page",), RATE[:, None])
    trace = engine.run(made, demand, graph(figures), measured={"autoscaler": {"phase": phase, "every": every}})
    each = trace.services
    spread = spreads(*(found[:, 0] * 1000 for found in (each.latency_p50_s, each.latency_p95_s, each.latency_p99_s)))
    rehearsed = {name: np.quantile(spread, share, axis=1) for name, share in PERCENTILES.items()}
    seen = {name: windows(account, share, len(RATE)) for name, share in PERCENTILES.items()}
    desired, ready = (agreement.by_tick(steps, began, len(RATE)) for steps in (record.desired, record.ready))
    panels = [
        *(picture.Panel(f"Latency, {name}, ms", {"rehearsed": rehearsed[name], "seen": seen[name]}) for name in PERCENTILES),
        picture.Panel("Replicas wanted", {"rehearsed": each.desired[:, 0], "seen": desired}),
        picture.Panel("Replicas ready", {"rehearsed": each.ready[:, 0], "seen": ready}),
        picture.Panel("Requests a second", {"asked": RATE}),
    ]  # fmt: skip
    below = f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime(began))} UTC, {len(account.shots)} requests, {len(account.failed)} failed, load of the machine {os.getloadavg()[0]:.1f}"
    keep(
        "latency.svg",
        picture.svg(
            "A ramp on real pods, and its rehearsal from one measured pod", below, np.arange(len(RATE)), panels
        ),
    )
    print(json.dumps(figures), f"{len(account.failed)} of {len(account.shots)} failed", sep="\n")
    found = {"start, s": (boots(figures), started(record, began))}
    for name, share in PERCENTILES.items():
        found[f"{name}, ms"] = overall(spread, RATE, share), account.percentile_ms(share)
    for name, (said_, was) in found.items():
        print(f"  {name}: rehearsed {said_:.1f}, seen {was:.1f}, {was / said_ - 1:+.0%}")
    print("replicas", agreement.compare(each.desired[:, 0], desired))
    assert not account.failed
    assert {name for name, (said_, was) in found.items() if abs(was / said_ - 1) > WITHIN} == set()


def spreads(p50: Floats, p95: Floats, p99: Floats) -> Floats:
    """Evenly likely latencies with these percentiles, (n_ticks, 200): cube roots go evenly with the normal distribution, as a gamma's do."""
    z = np.array([NORMAL.inv_cdf((place + 0.5) / 200) for place in range(200)])
    z95, z99 = NORMAL.inv_cdf(0.95), NORMAL.inv_cdf(0.99)
    low, middle, high = (np.cbrt(each)[:, None] for each in (p50, p95, p99))
    below, above = low + (middle - low) * z / z95, middle + (high - middle) * (z - z95) / (z99 - z95)
    result: Floats = np.maximum(np.where(z < z95, below, above), 0.0) ** 3
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
        "catalog", {"page": calls.Operation(**{key: figures[key] for key in ("cpu_ms", "busy_cpu_ms", "cv", "wait_ms")})}, f"{NAMESPACE}/catalog",
        workers=1, start_s=0.0, start_cpu_s=figures["start_cpu_s"], idle_cpu_m=figures["idle_cpu_m"],
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


if __name__ == "__main__":
    was = json.loads((FOLDER / "latency.json").read_text())
    judge(was["figures"], agreement.read(was["record"]), was["began"], Account([Shot(*each) for each in was["shots"]]))
