"""The rehearsal against a real cluster: the autoscaler's controller, the scheduler and metrics-server are Kubernetes' own.

Three namespaces at the same time, each with the same manifest and a curve by a seed of its own. What the rehearsal gets of the cluster
is what was known when the curve began (how old samples are, how long a simulated pod takes), and its clocks: at which millisecond the
autoscaler synced and metrics-server scraped, which is chance. Nothing that either of them saw or decided. What a rehearsal says that
knows no more of the clocks than their phase when the curve began is told beside it, and one that draws them by seed.

    python -m tests.proofs.test_03_reality      judges what the last run kept, again
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from mela.cluster import manifests
from mela.rehearsal import calls, engine, events, system
from mela.rehearsal.model import Trace
from tests.proofs.kube import agreement, picture, pretend
from tests.proofs.kube.agreement import Agreement
from tests.proofs.kube.kubectl import Kubectl, Object, need_cluster
from tests.proofs.kube.results import FOLDER, keep
from tests.proofs.kube.watching import Watching

pytestmark = pytest.mark.cluster
SEEDS = (1, 2, 3)
STARTS = {"endpoint": 0.0, "spread": 0.0}
"""Simulated pods get load as soon as they are ready, and all start alike: data/stages.yaml."""
LEAD_IN_S = 150
"""At the load of the first seconds: longer than the stabilisation window of the manifest."""
CALM_S = 45
"""So long is the beginning of the curve flat; it is repeated before."""
LIMIT_CORES = 1.0
EVENT = events.load(str(pretend.DATA / "ten-minutes.yaml"))
GRAPH = calls.load(str(pretend.DATA / "ten-minutes-calls.yaml"))
CPU_S = GRAPH.services["work"].operations["ask"].cpu_ms / 1000
MANIFEST = pretend.DATA / "ten-minutes-system.yaml"
NAMESPACES = {f"reality-{seed}": seed for seed in SEEDS}


def test_replicas_rise_and_fall_as_rehearsed_within_one_step() -> None:
    kubectl, curve = need_cluster(), Curve()
    records = agreement.Records(tuple(NAMESPACES))
    with pretend.nodes(kubectl), pretend.Kubelets(curve.cores, LIMIT_CORES) as kubelets:

        def heard(kind: str, thing: Object) -> None:
            records.heard(kind, thing)
            if thing["kind"] == "Pod":
                kubelets.heard(kind, thing)

        with (
            Watching(kubectl.config, agreement.WATCHED, f"{pretend.MARK}=reality", heard) as watching,
            applied(kubectl),
        ):
            curve.began = float(int(time.time()) + LEAD_IN_S)
            time.sleep(curve.began + EVENT.duration_s + 1 - time.time())
    for name in NAMESPACES:
        kept = {"began": curve.began, "scrapes": kubelets.scrapes, **asdict(records.of[name])}
        keep(f"{name}.json", json.dumps(kept))
    found = [compared(name, records.of[name], kubelets.scrapes, curve.began) for name in NAMESPACES]
    print("`mela rehearse` of the same: {:.1f} s, {:.0f} MiB".format(*as_a_user_runs_it()))
    assert not watching.broken
    assert all(each.one_step >= 0.95 for pair in found for each in pair)


class Curve:
    """How many cores are asked for in each namespace; before `began` as in its calm first seconds."""

    def __init__(self) -> None:
        self.began = float("inf")
        self._cores = {name: EVENT.demand(seed=seed).arrivals[:, 0] * CPU_S for name, seed in NAMESPACES.items()}

    def cores(self, namespace: str, at: float) -> float:
        """See `pretend.Load`."""
        cores, second = self._cores[namespace], -1 if at < self.began else int(at - self.began)
        return float(cores[second] if 0 <= second < len(cores) else cores[int(at) % CALM_S])


def compared(
    name: str, record: agreement.Record, scrapes: Sequence[tuple[float, int]], began: float
) -> tuple[Agreement, Agreement]:
    """Of the desired and of the ready replicas; told and drawn."""
    measured = agreement.delays(record, scrapes, began)
    measured["pod"] |= STARTS
    start_s = agreement.took(record, "started", "ready", began)
    age_s = measured["resource_metrics"]["age"]
    clocks = agreement.clocks(record, [sample for _, sample in scrapes], age_s, began)
    trace, took_s = played(NAMESPACES[name], start_s, measured, clocks)
    desired, ready = (agreement.by_tick(each, began, trace.ticks) for each in (record.desired, record.ready))
    rehearsed = trace.services.desired[:, 0], trace.services.ready[:, 0]
    found = agreement.compare(rehearsed[0], desired), agreement.compare(rehearsed[1], ready)
    print(f"\n{name}: played in {took_s:.2f} s with {measured}")
    for what, each in (("desired", found[0]), ("ready", found[1])):
        print(f"  {what:8} {each}")
    print(
        *agreement.parted(rehearsed, (desired, ready), record, used(trace, clocks["resource_metrics"], age_s), began),
        sep="\n",
    )
    for what, known in (("of the clocks only phase and period are known when the curve begins", measured), ("they are drawn by seed", {"pod": measured["pod"]})):  # fmt: skip
        other, _ = played(NAMESPACES[name], start_s, known)
        print(f"  desired  {agreement.compare(other.services.desired[:, 0], desired)} when {what}")
    asked = trace.asked[:, 0] * CPU_S / (LIMIT_CORES * 0.3)
    panels = [
        picture.Panel("Replicas wanted; grey: what the load needs at the target", {"asked": asked, "rehearsed": rehearsed[0], "seen": desired}),
        picture.Panel("Replicas ready", {"rehearsed": rehearsed[1], "seen": ready}),
    ]  # fmt: skip
    below = f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime(began))} UTC, {found[0].one_step:.1%} of the ticks within one pod (ready: {found[1].one_step:.1%})"
    keep(
        f"{name}.svg",
        picture.svg(
            f"Ten minutes, seed {NAMESPACES[name]}: a real autoscaler and its rehearsal",
            below,
            np.arange(trace.ticks),
            panels,
        ),
    )
    return found


def used(trace: Trace, scrapes: Sequence[float], age_s: float) -> Callable[[float], float]:
    """Millicores of a ready pod as the rehearsed autoscaler sees them at a second."""
    each = trace.services.cpu_used_m[:, 0] / np.maximum(trace.services.ready[:, 0], 1)
    so_far = np.concatenate([[0.0], np.cumsum(each)])

    def at(second: float) -> float:
        until = [scrape - age_s for scrape in scrapes if scrape <= second][-2:]
        last, before = (
            np.interp(until[1], np.arange(len(so_far)), so_far),
            np.interp(until[0], np.arange(len(so_far)), so_far),
        )
        return float(last - before) / (until[1] - until[0])

    return at


def played(
    seed: int, start_s: float, measured: engine.Measured, clocks: engine.Clocks = engine.UNSEEN
) -> tuple[Trace, float]:
    """The rehearsal of a seed, and how long it took, in seconds."""
    made, since = system.of(manifests.read([str(MANIFEST)])[0]), time.perf_counter()
    graph = replace(GRAPH, services={"work": replace(GRAPH.services["work"], start_s=start_s)})
    trace = engine.run(made, EVENT.demand(seed=seed), graph, seed=seed, measured=measured, clocks=clocks)
    return trace, time.perf_counter() - since


def as_a_user_runs_it() -> tuple[float, float]:
    """Seconds and MiB of a process that rehearses one seed, its own start included."""
    words = [str(MANIFEST), "--event", str(pretend.DATA / "ten-minutes.yaml"), "--calls", str(pretend.DATA / "ten-minutes-calls.yaml"), "--no-search"]  # fmt: skip
    since = time.perf_counter()
    with subprocess.Popen(
        [Path(sys.executable).parent / "mela", "rehearse", *words], stdout=subprocess.DEVNULL
    ) as process:
        _, _, used = os.wait4(process.pid, 0)
    return time.perf_counter() - since, used.ru_maxrss / 1024


@contextmanager
def applied(kubectl: Kubectl) -> Iterator[None]:
    """The manifest once for each seed, in a namespace of its own."""
    documents: list[Object] = [each for each in yaml.safe_load_all(MANIFEST.read_text()) if each]
    scaling = '{.status.conditions[?(@.type=="ScalingActive")].status}'
    try:
        for name in NAMESPACES:
            kubectl.apply([moved(each, name) for each in documents])
        for name in NAMESPACES:
            kubectl.within(name).rolled_out("deployment/work")
            kubectl.within(name).until("hpa/work", scaling, lambda seen: seen == "True", 120)
        yield
    finally:
        kubectl.do("delete", "namespace", *NAMESPACES, "--ignore-not-found", "--wait=false")


def moved(thing: Object, to: str) -> Object:
    """The object in another namespace; the namespace itself under another name."""
    key = "name" if thing["kind"] == "Namespace" else "namespace"
    return {**thing, "metadata": {**thing["metadata"], key: to}}


if __name__ == "__main__":
    for each in NAMESPACES:
        was = json.loads((FOLDER / f"{each}.json").read_text())
        compared(each, agreement.read(was), was["scrapes"], was["began"])
