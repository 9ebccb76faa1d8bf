"""Disruption budgets and evictions, rule by rule."""

from dataclasses import replace
from typing import Any

import pytest

from mela.cluster.admission.disruption import budget, eviction, model, owners

WEB = {"matchLabels": {"app": "web"}}
DEPLOYMENT = model.Owner("apps/v1", "Deployment", "web", "d")
REPLICA_SET = model.Owner("apps/v1", "ReplicaSet", "web-1", "r")


def workload(owner: model.Owner, replicas: int, above: model.Owner | None = None) -> model.Workload:
    return model.Workload(owner.api_version, owner.kind, owner.name, owner.uid, replicas, above)


CLUSTER = owners.Cluster([workload(DEPLOYMENT, 4), workload(REPLICA_SET, 9, DEPLOYMENT)])


def pod(name: str = "p0", owner: model.Owner | None = REPLICA_SET, **more: Any) -> model.Pod:
    return model.Pod(name, {"app": "web"}, owner, **({"ready": "True"} | more))


def pods(count: int, **more: Any) -> list[model.Pod]:
    return [pod(f"p{n}", **more) for n in range(count)]


def pdb(**spec: Any) -> model.Budget:
    return model.read("web", 1, {"selector": WEB, **spec})


def synced(guard: model.Budget, all_pods: list[model.Pod], now_s: int = 0) -> model.Budget:
    return replace(guard, status=budget.sync(guard, all_pods, CLUSTER, now_s).status)


def allowed(guard: model.Budget, all_pods: list[model.Pod], cluster: owners.Cluster = CLUSTER) -> int:
    return budget.sync(guard, all_pods, cluster, 0).status.disruptions_allowed


def test_number_of_available_pods_counts_pods_that_match() -> None:
    status = budget.sync(pdb(minAvailable=2), pods(3), owners.Cluster(), 0).status
    assert (status.expected_pods, status.desired_healthy, status.disruptions_allowed) == (3, 2, 1)


@pytest.mark.parametrize(
    ("spec", "desired"),
    [
        ({"minAvailable": "30%"}, 2),
        ({"maxUnavailable": "30%"}, 2),
        ({"maxUnavailable": 1}, 3),
        ({"maxUnavailable": 9}, 0),
    ],
)
def test_shares_are_of_the_deployments_replicas_and_round_up(spec: dict[str, Any], desired: int) -> None:
    status = budget.sync(pdb(**spec), pods(3), CLUSTER, 0).status
    assert (status.expected_pods, status.desired_healthy) == (4, desired)


def test_no_bound_and_no_pods_allow_nothing() -> None:
    assert allowed(pdb(), pods(3)) == 0
    empty = budget.sync(pdb(maxUnavailable=1), [], CLUSTER, 0)
    assert (empty.status.disruptions_allowed, empty.events) == (0, ("NoPods",))


def test_selector_that_is_missing_matches_nothing_and_an_empty_one_everything() -> None:
    assert allowed(model.read("web", 1, {"minAvailable": 1}), pods(3)) == 0
    assert allowed(model.read("web", 1, {"minAvailable": 1, "selector": {}}), pods(3)) == 2


def test_pod_without_controller_is_healthy_but_not_expected() -> None:
    found = budget.sync(pdb(maxUnavailable=0), [*pods(4), pod("bare", None)], CLUSTER, 0)
    assert (found.status.expected_pods, found.status.current_healthy, found.status.disruptions_allowed) == (4, 5, 1)
    assert found.events == ("UnmanagedPods",)


STRAY = replace(REPLICA_SET, uid="other")
OWNERS: list[tuple[str, model.Owner, list[model.Workload], int | None]] = [
    ("ReplicaSet of its own", REPLICA_SET, [workload(REPLICA_SET, 3)], 3),
    ("ReplicaSet whose Deployment is gone", REPLICA_SET, [workload(REPLICA_SET, 3, DEPLOYMENT)], 3),
    (
        "ReplicaSet of another controller",
        REPLICA_SET,
        [workload(REPLICA_SET, 3, model.Owner("argoproj.io/v1", "Rollout", "x", "y"))],
        3,
    ),
    (
        "ReplicaSet of a foreign Deployment",
        REPLICA_SET,
        [workload(REPLICA_SET, 3, replace(DEPLOYMENT, api_version="example.com/v1"))],
        3,
    ),
    ("ReplicaSet of another life", STRAY, [workload(REPLICA_SET, 3)], None),
    (
        "ReplicaSet of an old group",
        replace(REPLICA_SET, api_version="extensions/v1beta1"),
        [workload(REPLICA_SET, 3)],
        3,
    ),
    ("ReplicaSet of an old group that is gone", replace(REPLICA_SET, api_version="extensions/v1beta1"), [], None),
    ("Deployment itself", DEPLOYMENT, [workload(DEPLOYMENT, 5)], 5),
    (
        "StatefulSet",
        model.Owner("apps/v1", "StatefulSet", "s", "s"),
        [model.Workload("apps/v1", "StatefulSet", "s", "s", 2)],
        2,
    ),
    ("StatefulSet that is gone", model.Owner("apps/v1", "StatefulSet", "s", "s"), [], None),
    (
        "controller of old",
        model.Owner("v1", "ReplicationController", "c", "c"),
        [model.Workload("v1", "ReplicationController", "c", "c", 2)],
        2,
    ),
    ("controller of old that is gone", model.Owner("v1", "ReplicationController", "c", "c"), [], None),
    (
        "Job without scale",
        model.Owner("batch/v1", "Job", "j", "j"),
        [model.Workload("batch/v1", "Job", "j", "j", 2)],
        None,
    ),
    ("unknown kind", model.Owner("x.io/v1", "Thing", "t", "t"), [], None),
    ("bad version", model.Owner("a/b/c", "Thing", "t", "t"), [], None),
]


@pytest.mark.parametrize(
    ("owner", "workloads", "expected"), [row[1:] for row in OWNERS], ids=[row[0] for row in OWNERS]
)
def test_controller_says_how_many_pods_are_expected(
    owner: model.Owner, workloads: list[model.Workload], expected: int | None
) -> None:
    found = budget.sync(pdb(maxUnavailable=0), [pod(owner=owner)], owners.Cluster(workloads), 0)
    if expected is None:
        assert found.events == ("CalculateExpectedPodCountFailed",)
    else:
        assert found.status.expected_pods == expected


def test_failed_pass_only_forbids_disruptions() -> None:
    before = model.BudgetStatus(1, 3, 2, 3, 1)
    guard = replace(pdb(maxUnavailable="half"), status=before)
    after = budget.sync(guard, pods(3), CLUSTER, 0).status
    assert replace(after, condition=None) == replace(before, disruptions_allowed=0)
    assert after.condition is not None
    assert (after.condition.status, after.condition.reason) == ("False", "SyncFailed")


def test_selector_that_cannot_be_read_fails_the_pass() -> None:
    guard = replace(pdb(), selector={"matchExpressions": [{"key": "a", "operator": "Like"}]})
    found = budget.sync(guard, pods(1), CLUSTER, 0)
    assert (found.events, found.written) == (("NoPods",), True)
    assert eviction.evict(pod(), [guard], 0).code == 201


def test_second_pass_without_change_writes_nothing() -> None:
    guard = synced(pdb(minAvailable=2), pods(3))
    assert not budget.sync(guard, pods(3), CLUSTER, 5).written
    assert budget.sync(guard, pods(2), CLUSTER, 5).written


def test_evicted_pod_is_taken_for_gone_until_the_timeout() -> None:
    guard = synced(pdb(minAvailable=1), pods(3))
    answer = eviction.evict(pods(3)[0], [guard], 100)
    assert answer.budget is not None
    assert answer.budget.status.disruptions_allowed == 1
    later = [budget.sync(answer.budget, pods(3), CLUSTER, now).status for now in (219, 220, 221)]
    assert [each.current_healthy for each in later] == [2, 3, 3]
    assert [dict(each.disrupted_pods) for each in later] == [{"p0": 100}, {"p0": 100}, {}]
    assert budget.sync(answer.budget, pods(3), CLUSTER, 221).events == ("NotDeleted",)


def test_evicted_pod_that_terminates_leaves_the_list() -> None:
    guard = replace(pdb(minAvailable=1), status=model.BudgetStatus(disrupted_pods={"p0": 0}))
    assert budget.sync(guard, pods(2, terminating=True), CLUSTER, 1).status.disrupted_pods == {}


def test_last_disruption_turns_the_condition() -> None:
    guard = synced(pdb(minAvailable=2), pods(3))
    after = eviction.evict(pod(), [guard], 0).budget
    assert after is not None
    assert after.status.condition is not None
    assert after.status.condition.reason == "InsufficientPods"
    refused = eviction.evict(pod("p1"), [after], 1)
    assert (refused.code, refused.cause, refused.retry_after_s) == (429, "NotAllowed", 0)


@pytest.mark.parametrize(
    "free", [{"phase": "Pending"}, {"phase": "Succeeded"}, {"phase": "Failed"}, {"terminating": True}]
)
def test_pod_that_serves_nobody_needs_no_budget(free: dict[str, Any]) -> None:
    answer = eviction.evict(pod(**free), [pdb(), pdb()], 0)
    assert (answer.code, answer.deletes) == (201, "terminating" not in free)
    assert answer.only_unchanged == (free.get("phase") == "Pending")


def test_missing_pod_is_not_found_and_unguarded_pod_goes() -> None:
    assert eviction.evict(None, [], 0).code == 404
    assert eviction.evict(pod(), [], 0).deletes


def test_second_budget_is_an_error() -> None:
    assert eviction.evict(pod(), [pdb(), pdb()], 0).code == 500


@pytest.mark.parametrize(
    ("policy", "healthy", "desired", "code"),
    [("AlwaysAllow", 0, 2, 201), (None, 2, 2, 201), ("IfHealthyBudget", 1, 2, 429), (None, 0, 0, 429)],
)
def test_unready_pod_goes_by_policy_or_while_enough_are_healthy(
    policy: str | None, healthy: int, desired: int, code: int
) -> None:
    guard = replace(pdb(unhealthyPodEvictionPolicy=policy), status=model.BudgetStatus(1, healthy, desired))
    answer = eviction.evict(pod(ready="False"), [guard], 0)
    assert (answer.code, answer.only_unchanged) == (code, code == 201)


SYNC_FAILED = model.Condition("False", "SyncFailed", "no controller", 1)


@pytest.mark.parametrize(
    ("status", "code", "cause"),
    [
        (model.BudgetStatus(0), 429, "NotProcessed"),
        (model.BudgetStatus(1, disruptions_allowed=-1), 403, ""),
        (model.BudgetStatus(1, disrupted_pods={str(n): 0 for n in range(2001)}), 403, ""),
        (model.BudgetStatus(1, 5, 2, condition=SYNC_FAILED), 429, "SyncFailed"),
        (model.BudgetStatus(1, 2, 2), 429, "NeedsHealthy"),
        (model.BudgetStatus(1, 3, 2), 429, "NotAllowed"),
    ],
)
def test_refusal_says_why(status: model.BudgetStatus, code: int, cause: str) -> None:
    answer = eviction.evict(pod(), [replace(pdb(), status=status)], 0)
    assert (answer.code, answer.cause, answer.deletes) == (code, cause, False)
    assert answer.retry_after_s == (10 if cause == "NotProcessed" else 0)


def test_dry_run_changes_nothing() -> None:
    guard = synced(pdb(minAvailable=1), pods(3))
    answer = eviction.evict(pod(), [guard], 0, dry_run=True)
    assert (answer.code, answer.deletes, answer.budget) == (201, False, None)
