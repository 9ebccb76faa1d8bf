"""System 03: the shipped manifest holds the published curve of 2019; plain CPU scaling does not, for the reason of saturation.

Plain: one CPU metric, request and limit equal, a target of 90 %, no `behavior`. Usage stops at the limit, so that a step adds
at most a ninth, however large the crowd.
"""

from pathlib import Path
from typing import Any

import yaml

from mela.cluster import manifests
from mela.rehearsal import calls, engine, events, leadin, system
from mela.rehearsal.model import Trace

MANIFEST = Path("kubernetes/03-ipl-streaming-hpa.yaml")


def plain(document: dict[str, Any]) -> dict[str, Any]:
    if document["kind"] == "HorizontalPodAutoscaler":
        target = {"type": "Utilization", "averageUtilization": 90}
        document["spec"]["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
        document["spec"].pop("behavior", None)
    if document["kind"] == "Deployment":
        stated = document["spec"]["template"]["spec"]["containers"][0]["resources"]
        stated["requests"]["cpu"] = stated["limits"]["cpu"]
    return document


def play(text: str) -> Trace:
    demand = leadin.before(events.load("match-2019").demand(seed=0))
    made = system.of(manifests.parse(text, str(MANIFEST)))
    return leadin.without(engine.run(made, demand, calls.load("streaming"), seed=1, quick=True))


def lost(trace: Trace) -> float:
    return 1.0 - float(trace.answered.sum() / trace.asked.sum())


def test_the_shipped_manifest_holds_the_curve_of_2019() -> None:
    trace = play(MANIFEST.read_text())
    assert trace.levels["viewers"].max() > 25_000_000
    assert lost(trace) < 1e-5
    assert "shed" not in {each.kind for each in trace.happenings}


def test_plain_cpu_scaling_fails_at_a_stated_minute_because_usage_is_saturated() -> None:
    documents = [plain(each) for each in yaml.safe_load_all(MANIFEST.read_text()) if each]
    trace = play(yaml.safe_dump_all(documents))
    assert lost(trace) > 1e-3
    first = next(each for each in trace.happenings if each.kind == "usage-saturated")
    assert first.at_s < 30 * 60
    assert first.field is not None
    assert first.field.path[-2:] == ("limits", "cpu")
    assert any(each.kind == "shed" and abs(each.at_s - first.at_s) <= 60 for each in trace.happenings)
