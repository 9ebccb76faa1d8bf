"""System 03: the shipped manifest holds the published curve of 2019; what plain CPU scaling does there, and why.

Plain: one CPU metric, no `behavior`. It fails where usage cannot show the crowd: it stops at the limit, so that with request and
limit equal and a target of 90 % a step adds at most a ninth, however large the crowd. With the request at half the limit and a
target of 60 %, as the manifest sizes it, it holds this curve as well: the crowd of 2019 grows slower than that follows.

All of it with the call graph `streaming`, whose figures are those of a service for such crowds. `streaming-measured` is the
service of today, and one PostgreSQL carries a fortieth.
"""

from pathlib import Path
from typing import Any

import yaml

from mela.cluster import manifests
from mela.rehearsal import calls, engine, events, leadin, system
from mela.rehearsal.model import Trace

MANIFEST = Path("kubernetes/03-ipl-streaming-hpa.yaml")


def plain(document: dict[str, Any], *, target_percent: int, equal: bool) -> dict[str, Any]:
    """With CPU alone; `equal`: the request is as large as the limit."""
    if document["kind"] == "HorizontalPodAutoscaler":
        target = {"type": "Utilization", "averageUtilization": target_percent}
        document["spec"]["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
        document["spec"].pop("behavior", None)
    if equal and document["kind"] == "Deployment":
        stated = document["spec"]["template"]["spec"]["containers"][0]["resources"]
        stated["requests"]["cpu"] = stated["limits"]["cpu"]
    return document


def plain_text(**how: Any) -> str:
    return yaml.safe_dump_all([plain(each, **how) for each in yaml.safe_load_all(MANIFEST.read_text()) if each])


def play(text: str, graph: str = "streaming", scale: float = 1.0) -> Trace:
    demand = leadin.before(events.load("match-2019").demand(scale=scale, seed=0))
    made = system.of(manifests.parse(text, str(MANIFEST)))
    return leadin.without(engine.run(made, demand, calls.load(graph), seed=1, quick=True))


def lost(trace: Trace) -> float:
    return 1.0 - float(trace.answered.sum() / trace.asked.sum())


def test_the_shipped_manifest_holds_the_curve_of_2019() -> None:
    trace = play(MANIFEST.read_text())
    assert trace.levels["viewers"].max() > 25_000_000
    assert lost(trace) < 1e-5
    assert "shed" not in {each.kind for each in trace.happenings}


def test_plain_cpu_scaling_fails_at_a_stated_minute_because_usage_is_saturated() -> None:
    trace = play(plain_text(target_percent=90, equal=True))
    assert lost(trace) > 1e-3
    first, shed = (next(each for each in trace.happenings if each.kind == kind) for kind in ("usage-saturated", "shed"))
    assert first.at_s <= shed.at_s < 2 * 60  # it is said when it begins to matter, with the first refusal
    assert first.field is not None
    assert first.field.path[-2:] == ("limits", "cpu")
    assert "so 14 replicas are asked for where the target needs" in first.text


def test_plain_cpu_scaling_with_the_manifests_own_sizes_holds_this_curve_as_well() -> None:
    for target in (60, 80):
        trace = play(plain_text(target_percent=target, equal=False))
        assert lost(trace) < 1e-5
        assert "usage-saturated" not in {each.kind for each in trace.happenings}


def test_with_measured_figures_one_database_carries_a_fiftieth_of_it_and_not_a_twentieth() -> None:
    small, large = (play(MANIFEST.read_text(), "streaming-measured", scale) for scale in (0.02, 0.05))
    assert small.levels["viewers"].max() > 500_000
    assert lost(small) < 1e-5
    assert lost(large) > 0.01
    assert "database-ceiling" in {each.kind for each in large.happenings if each.service == "database"}
