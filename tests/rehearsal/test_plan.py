"""What a rehearsal plays: every event of the library has manifests and a call graph, and a folder means its files."""

from pathlib import Path

import pytest

from mela.rehearsal import calls, engine, events, example, leadin, overlays, plan, system
from mela.rehearsal.plan import CannotRehearse, Plan

KUBERNETES = "kubernetes"


@pytest.mark.parametrize("name", events.names())
def test_every_event_finds_its_manifests_here_or_among_the_examples(name: str) -> None:
    try:
        ready = plan.read(Plan((KUBERNETES,), name))
    except CannotRehearse as error:
        assert f"mela rehearse --event {name}" in str(error)  # noqa: PT017 - the sentence says what to type
        manifests, graph = example.of(events.load(name).family) or ("", "")
        ready = plan.read(Plan((manifests,), name, graph))
    assert set(ready.event.actions) <= ready.graph.actions.keys()
    made = system.of(ready.objects)
    assert any(service.workload in made.workloads for service in ready.graph.services.values())


@pytest.mark.parametrize("family", ["tatkal", "food", "rides"])
def test_examples_play_their_minute(family: str) -> None:
    """At a fiftieth of the size, so that it is about how things fit together."""
    manifests, graph = example.of(family) or ("", "")
    name = next(each for each in events.names() if events.load(each).family == family and not events.load(each).stress)
    ready = plan.read(Plan((manifests,), name, graph, scale=0.02, quick=True))
    trace = ready.play()
    assert float(trace.answered.sum() / trace.asked.sum()) > 0.999


def test_a_folder_is_played_as_its_files_stand_and_the_overlay_only_when_it_is_named() -> None:
    folder = plan.read(Plan((KUBERNETES,), "match-2019"))
    assert folder.graph.name == "streaming"
    assert folder.left_out == (str(Path(KUBERNETES) / "overlays" / "small"),)
    most = {
        path: next(
            each.get("spec", "maxReplicas")
            for each in plan.read(Plan((path,), "match-2019")).objects.kind("HorizontalPodAutoscaler")
            if each.name == "sessions"
        )
        for path in (KUBERNETES, f"{KUBERNETES}/03-ipl-streaming-hpa.yaml", f"{KUBERNETES}/overlays/small")
    }
    assert most[KUBERNETES] == most[f"{KUBERNETES}/03-ipl-streaming-hpa.yaml"] > most[f"{KUBERNETES}/overlays/small"]


def test_without_overlays_paths_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n", encoding="utf-8")
    assert overlays.without((str(tmp_path),)) == ((str(tmp_path),), ())


def test_a_folder_with_nothing_but_overlays_is_played(tmp_path: Path) -> None:
    (tmp_path / "prod").mkdir()
    (tmp_path / "prod" / "kustomization.yaml").write_text("resources: [../../base]\n", encoding="utf-8")
    assert overlays.without((str(tmp_path),)) == ((str(tmp_path),), ())


def test_a_crowd_beyond_the_bandwidth_of_the_country_sees_worse_pictures_and_the_record_does_not() -> None:
    graph = calls.load("streaming")
    made = plan.read(Plan((f"{KUBERNETES}/03-ipl-streaming-hpa.yaml",), "match-2026")).objects
    for name, worse in (("match-2026", False), ("match-400m", True)):
        demand = leadin.before(events.load(name).demand(seed=0))
        trace = engine.run(system.of(made), demand, graph, quick=True)
        assert (float(trace.quality.min()) < 1) is worse
        assert ("picture-worse" in {each.kind for each in trace.happenings}) is worse
