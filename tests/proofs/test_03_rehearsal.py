"""System 03: the shipped manifest holds the published curve of 2019; what plain CPU scaling does there, and why.

Plain: one CPU metric, no `behavior`. It fails where usage cannot show the crowd. Usage stops at the limit; with request and limit
equal and a target of 95 % that is a twentieth above what is wanted, and the autoscaler lets a tenth pass: twenty pods that hold the first
minutes stay twenty. At 90 % a
step adds a ninth at most, and viewers are lost within the error budget. With the request at half the limit and a target of 60 %,
as the manifest sizes it, it holds this curve as well: the crowd of 2019 grows slower than that follows.

All of it with the call graph `streaming`, whose costs of heartbeats, starts, ends and of the databases are measured.
"""

from pathlib import Path
from typing import Any

import yaml

from mela.cluster import manifests
from mela.rehearsal import calls, engine, events, leadin, system
from mela.rehearsal.model import Trace

MANIFEST = Path("kubernetes/03-ipl-streaming-hpa.yaml")


def plain(document: dict[str, Any], *, target_percent: int, equal: bool, floor: int = 6) -> dict[str, Any]:
    """With CPU alone; `equal`: the request is as large as the limit. `floor`: replicas at least."""
    if document["kind"] == "HorizontalPodAutoscaler":
        target = {"type": "Utilization", "averageUtilization": target_percent}
        document["spec"]["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
        document["spec"].pop("behavior", None)
        document["spec"]["minReplicas"] = floor
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
    trace = play(plain_text(target_percent=95, equal=True, floor=20))
    assert lost(trace) > 0.5
    assert "scaled" not in {each.kind for each in trace.happenings}
    first = next(each for each in trace.happenings if each.kind == "usage-saturated")
    assert first.service == "sessions"
    shed = next(each for each in trace.happenings if each.kind == "shed")
    assert 60 < first.at_s <= shed.at_s < 5 * 60  # it is said when it begins to matter, just before the first refusal
    assert first.field is not None
    assert first.field.path[-2:] == ("limits", "cpu")
    assert "so 20 replicas are asked for where the target needs 22" in first.text


def test_plain_cpu_scaling_that_adds_a_ninth_at_most_loses_people_within_the_error_budget() -> None:
    trace = play(plain_text(target_percent=90, equal=True))
    assert 1e-5 < lost(trace) < 1e-3
    assert "usage-saturated" in {each.kind for each in trace.happenings}


def test_plain_cpu_scaling_with_the_manifests_own_sizes_holds_this_curve_as_well() -> None:
    for target in (60, 80):
        trace = play(plain_text(target_percent=target, equal=False))
        assert lost(trace) < 1e-5
        assert "usage-saturated" not in {each.kind for each in trace.happenings}


def with_databases(number: int) -> str:
    text = MANIFEST.read_text()
    assert "  replicas: 16\n" in text
    return text.replace("  replicas: 16\n", f"  replicas: {number}\n")


def test_sixteen_databases_hold_half_as_many_again_and_four_do_not_hold_2019() -> None:
    more = play(MANIFEST.read_text(), scale=1.5)
    assert more.levels["viewers"].max() > 37_000_000
    assert lost(more) < 1e-5
    fewer = play(with_databases(4))
    assert lost(fewer) > 0.01
    assert "shed" in {each.kind for each in fewer.happenings if each.service == "database"}
