"""Controllers in a loop with the world they steer: what must hold at every pass, and where it ends."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mela.cluster import labels
from mela.cluster.admission import statefulset
from mela.cluster.admission.cronjob import schedule
from mela.cluster.admission.job import model as jobs
from mela.cluster.admission.job import sync as job_sync
from mela.cluster.admission.rollout import bounds, model, sync
from mela.cluster.hpa import metrics, normalize, observed, requests, selector, spec, status
from mela.cluster.hpa import sync as hpa_sync

ASKED = requests.PodRequests((requests.Container("app", {"cpu": 100}),))


def running(count: int) -> list[observed.Pod]:
    return [observed.Pod(f"p{n}", "Running", ASKED, started_ms=-(10**7), ready="True") for n in range(count)]


def shared(load_m: int, count: int, now_ms: int) -> observed.Samples:
    """A load that the pods share evenly."""
    each = {"app": {"cpu": load_m // count}}
    return observed.Samples([observed.PodSample(f"p{n}", now_ms, 15_000, each) for n in range(count)])


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=30), st.booleans())
@settings(max_examples=60)
def test_autoscaler_stays_in_range_and_grows_no_faster_than_its_rules(loads_m: list[int], with_behavior: bool) -> None:
    written: dict[str, object] = {
        "scaleTargetRef": {"kind": "Deployment", "name": "web"},
        "minReplicas": 2,
        "maxReplicas": 40,
    }
    autoscaler = spec.read(written | ({"behavior": {}} if with_behavior else {}))
    count, memory, before = 2, normalize.Memory(), status.Status()
    for tick, load_m in enumerate(loads_m):
        now_ms = tick * 15_000
        view = observed.Observed(
            observed.Scale(count, count, "app=web"), running(count), [shared(load_m, count, now_ms)]
        )
        decision = hpa_sync.sync(autoscaler, before, memory, view, metrics.Flags(), now_ms)
        after = decision.status.desired_replicas
        assert 2 <= after <= 40
        assert after <= max(2 * count, count + 4)
        count, memory, before = after, decision.memory, decision.status


def test_autoscaler_settles_where_the_load_meets_the_target() -> None:
    autoscaler = spec.read({"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "maxReplicas": 100})
    count, memory, before = 1, normalize.Memory(), status.Status()
    for tick in range(12):
        now_ms = tick * 15_000
        view = observed.Observed(observed.Scale(count, count, "app=web"), running(count), [shared(1600, count, now_ms)])
        decision = hpa_sync.sync(autoscaler, before, memory, view, metrics.Flags(), now_ms)
        count, memory, before = decision.status.desired_replicas, decision.memory, decision.status
    assert count == 20


def settled(replica_set: model.ReplicaSet) -> model.ReplicaSet:
    """Let the ReplicaSet's controller catch up: all its pods are there and available, none terminates."""
    size = replica_set.replicas
    return replace(replica_set, counts=model.Counts(size, size, size, 0), pods=size, observed=True)


SHARES = st.one_of(st.integers(0, 6), st.integers(0, 100).map(lambda percent: f"{percent}%"))


@given(st.integers(0, 12), SHARES, SHARES, st.sampled_from(["RollingUpdate", "Recreate"]))
@settings(max_examples=150)
def test_rollout_ends_and_keeps_within_its_bounds(
    replicas: int, surge: int | str, unavailable: int | str, strategy: str
) -> None:
    web = model.Deployment(
        "web", 2, replicas, "v2", strategy, max_surge=surge, max_unavailable=unavailable, revision="1"
    )
    old = model.ReplicaSet("v1", "v1", 0, replicas, "1", str(replicas), str(bounds.max_total(web)))
    sets = {"v1": settled(old)}
    for now_s in range(100):
        decision = sync.sync(web, list(sets.values()), "v2", now_s)
        changed = [*([decision.created] if decision.created else []), *decision.written]
        sets |= {each.name: settled(each) for each in changed}
        web = decision.deployment
        total = sum(each.replicas for each in sets.values())
        assert total <= bounds.max_total(web)
        assert total >= (0 if strategy == "Recreate" else bounds.min_available(web))
        if not changed and not decision.status_written:
            break
    assert {name: each.replicas for name, each in sets.items()} == {"v1": 0, "v2": replicas}
    progress = web.status.condition("Progressing")
    assert progress is not None
    assert progress.reason == "NewReplicaSetAvailable"


@given(st.integers(0, 6), st.integers(0, 6), st.booleans(), st.integers(0, 7))
@settings(max_examples=150)
def test_stateful_set_ends_at_its_size_and_revision(before: int, after: int, parallel: bool, partition: int) -> None:
    pods = {ordinal: statefulset.Pod(ordinal, "a") for ordinal in range(before)}
    wanted = statefulset.StatefulSet(after, "a", "b", parallel=parallel, partition=partition)
    for now_s in range(60):
        decision = statefulset.sync(wanted, list(pods.values()), now_s)
        if not parallel:
            assert len(decision.create) + len(decision.delete) <= 1
        if not decision.create and not decision.delete:
            break
        pods |= {ordinal: statefulset.Pod(ordinal, revision) for ordinal, revision in decision.create.items()}
        pods = {ordinal: pod for ordinal, pod in pods.items() if ordinal not in decision.delete}
    assert {pod.ordinal: pod.revision for pod in pods.values()} == {
        n: "a" if n < partition else "b" for n in range(after)
    }


@given(st.integers(0, 8), st.integers(1, 4), st.booleans(), st.sets(st.integers(0, 20), max_size=3))
@settings(max_examples=100)
def test_job_ends_with_exactly_its_completions(
    completions: int, parallelism: int, indexed: bool, fails: set[int]
) -> None:
    """Every pod ends in the pass after its start; a few fail."""
    job = jobs.Job(completions, parallelism, indexed)
    pods: list[jobs.Pod] = []
    decision = job_sync.Decision(0, 0)
    for round_ in range(60):
        pods = [replace(pod, phase="Failed" if n in fails else "Succeeded", finished_s=0) for n, pod in enumerate(pods)]
        decision = job_sync.sync(job, pods, jobs.Status(started_s=0), 1000 * (round_ + 1))
        if decision.outcome:
            break
        assert len(decision.start) <= parallelism
        pods += [jobs.Pod(f"{round_}-{n}", index=index) for n, index in enumerate(decision.start)]
    assert decision.outcome == job_sync.Outcome(succeeds=True, reason="CompletionsReached")
    assert decision.succeeded == completions


@given(st.text(alphabet="*/-,0123456789 @TZ=aehmnorsuv?UC\t", max_size=24))
def test_any_text_is_a_schedule_or_refused(text: str) -> None:
    try:
        line = schedule.parse(text)
    except schedule.InvalidSchedule:
        return
    assert isinstance(line, schedule.Crontab | schedule.Every)


@given(st.text(alphabet="ab=!(),<>in ot-9", max_size=16))
def test_any_text_is_a_selector_or_refused(text: str) -> None:
    try:
        parsed = selector.parse(text)
    except labels.InvalidSelector:
        return
    assert parsed.matches({"a": "b"}) in (True, False)


def test_job_without_pods_to_start_is_complete_at_once() -> None:
    assert job_sync.sync(jobs.Job(0), [], jobs.Status(), 0).outcome is not None


@pytest.mark.parametrize("text", ["* * * * *", "0 0 29 2 *", "@every 1s"])
def test_starts_always_move_forward(text: str) -> None:
    line, at_ns = schedule.parse(text), 0
    for _ in range(5):
        following = line.next(at_ns)
        assert following is not None
        assert following > at_ns
        at_ns = following
