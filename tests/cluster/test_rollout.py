"""Deployment rollouts, rule by rule."""

from dataclasses import replace
from typing import Any

import pytest

from mela.cluster.admission.rollout import bounds, model, scaling, sets, sync


def web(**more: Any) -> model.Deployment:
    settled: dict[str, Any] = {
        "name": "web",
        "generation": 1,
        "replicas": 4,
        "template": "v2",
        "max_surge": 1,
        "max_unavailable": 1,
    }
    return model.Deployment(**(settled | more))


def rs(name: str, replicas: int, available: int | None = None, **more: Any) -> model.ReplicaSet:
    up = replicas if available is None else available
    usual: dict[str, Any] = {
        "template": name,
        "created_s": int(name[1:]),
        "revision": name[1:],
        "desired": "4",
        "maximum": "5",
        "counts": model.Counts(replicas, up, up, 0),
        "pods": replicas,
    }
    return model.ReplicaSet(name=name, replicas=replicas, **(usual | more))


def step(deployment: model.Deployment, *replica_sets: model.ReplicaSet, now_s: int = 100) -> sync.Decision:
    return sync.sync(deployment, replica_sets, "v-new", now_s)


def sizes(decision: sync.Decision) -> dict[str, int]:
    return {each.name: each.replicas for each in decision.written}


def progress(decision: sync.Decision) -> str:
    condition = decision.deployment.status.condition("Progressing")
    return condition.reason if condition else ""


def test_first_pass_creates_by_surge_and_shrinks_by_unavailability() -> None:
    decision = step(web(revision="1"), rs("v1", 4))
    assert decision.created is not None
    assert (decision.created.replicas, decision.created.revision, decision.created.maximum) == (1, "2", "5")
    assert sizes(decision) == {"v1": 3}
    assert (decision.deployment.revision, progress(decision)) == ("2", "ReplicaSetUpdated")


def test_pass_that_grows_does_not_shrink() -> None:
    assert sizes(step(web(), rs("v1", 3), rs("v2", 0))) == {"v2": 2}


def test_new_replica_set_above_the_count_is_cut() -> None:
    assert sizes(step(web(replicas=2), rs("v2", 4, desired=None), rs("v1", 0))) == {"v2": 2}


def test_unavailable_old_pods_go_first() -> None:
    decision = step(web(max_unavailable=2), rs("v0", 2, 1), rs("v1", 2), rs("v2", 1))
    assert sizes(decision) == {"v0": 0, "v1": 1}
    assert [(each.name, each.before, each.after) for each in decision.events] == [
        ("v0", 2, 1),
        ("v0", 1, 0),
        ("v1", 2, 1),
    ]


def test_unavailable_new_pods_hold_old_ones_back() -> None:
    assert sizes(step(web(), rs("v1", 4), rs("v2", 1, 0))) == {"v1": 3}
    assert sizes(step(web(), rs("v1", 3), rs("v2", 2, 0))) == {}


def test_old_replica_set_with_more_available_than_wanted_stops_the_pass() -> None:
    assert sizes(step(web(max_unavailable=3), rs("v1", 2, 3), rs("v2", 3))) == {}


def test_both_bounds_zero_let_one_pod_be_missing() -> None:
    stuck = web(max_surge=0, max_unavailable="10%")
    assert (bounds.max_surge(stuck), bounds.max_unavailable(stuck)) == (0, 1)
    assert bounds.max_unavailable(web(replicas=0, max_surge=0, max_unavailable=0)) == 0
    assert bounds.max_unavailable(web(max_unavailable="300%")) == 4


def test_changed_count_spreads_over_all_active_sets_in_proportion() -> None:
    decision = step(web(replicas=8, max_surge=2), rs("v1", 3), rs("v2", 2))
    assert sizes(decision) == {"v1": 6, "v2": 4}
    assert {each.desired for each in decision.written} == {"8"}


@pytest.mark.parametrize(
    ("replicas", "expected"), [(0, {"v1": 0, "v2": 0}), (2, {"v1": 2, "v2": 1}), (4, {"v1": 3, "v2": 2})]
)
def test_proportional_sizes_fit_the_limit(replicas: int, expected: dict[str, int]) -> None:
    decided = scaling.proportional(web(replicas=replicas), [rs("v1", 3), rs("v2", 2)])
    assert {each.name: size for each, size in decided} == expected


def test_what_rounding_leaves_goes_to_the_largest() -> None:
    decided = scaling.proportional(web(replicas=5, max_surge=0), [rs("v1", 1), rs("v2", 1), rs("v3", 1)])
    assert {each.name: size for each, size in decided} == {"v3": 3, "v2": 1, "v1": 1}


def test_largest_set_never_falls_below_zero() -> None:
    tampered = [rs("v1", 1, maximum="1000"), rs("v2", 1, maximum="1000")]
    assert min(size for _, size in scaling.proportional(web(replicas=1, max_surge=0), tampered)) >= 0


def test_missing_annotation_falls_back_to_the_status() -> None:
    bare = [rs("v1", 2, maximum=None), rs("v2", 2, maximum="-3")]
    known = web(replicas=7, status=model.Status(replicas=4))
    assert {each.name: size for each, size in scaling.proportional(known, bare)} == {"v2": 4, "v1": 4}
    unknown = web(replicas=7, status=model.Status())
    assert {each.name: size for each, size in scaling.proportional(unknown, bare)} == {"v2": 6, "v1": 2}


def test_only_active_set_takes_a_changed_count() -> None:
    assert sizes(step(web(replicas=6), rs("v2", 4))) == {"v2": 6}
    assert sizes(step(web(replicas=6, paused=True), rs("v1", 0), rs("v2", 0, template="v9"))) == {"v2": 6}
    assert sizes(step(web(replicas=4, paused=True), rs("v1", 4))) == {}
    assert sizes(step(web(paused=True))) == {}


def test_saturated_new_set_sends_old_ones_to_zero() -> None:
    assert sizes(step(web(paused=True), rs("v1", 1), rs("v2", 4))) == {"v1": 0}


def test_count_of_recreate_is_not_spread() -> None:
    assert sizes(step(web(strategy="Recreate", replicas=6), rs("v1", 3), rs("v2", 2))) == {}


def test_pause_and_resumption_are_noted_with_a_deadline_only() -> None:
    paused = step(web(paused=True), rs("v2", 4))
    assert progress(paused) == "DeploymentPaused"
    resumed = replace(paused.deployment, paused=False)
    again = step(resumed, rs("v1", 2), rs("v2", 3), now_s=200).deployment.status.condition("Progressing")
    assert again is not None
    assert again.updated_s == 200
    assert progress(step(web(paused=True, progress_deadline_s=None), rs("v2", 4))) == ""


def condition(reason: str, value: str = "True", at_s: int = 0) -> model.Status:
    return model.Status(1, 5, 1, 4, 4, 1, 0, (model.Condition("Progressing", value, reason, "", at_s, at_s),))


def test_rollout_without_progress_times_out_after_the_deadline() -> None:
    stuck = web(status=condition("ReplicaSetUpdated"), progress_deadline_s=60, revision="2")
    blocked = (rs("v1", 3), rs("v2", 2, 0))
    same = replace(stuck, status=replace(stuck.status, updated=2, ready=3, available=3))
    assert progress(step(same, *blocked, now_s=60)) == "ReplicaSetUpdated"
    late = step(same, *blocked, now_s=61)
    assert progress(late) == "ProgressDeadlineExceeded"
    assert progress(step(late.deployment, *blocked, now_s=200)) == "ProgressDeadlineExceeded"
    paused = replace(late.deployment, paused=True)
    assert progress(step(paused, *blocked, now_s=300)) == "ProgressDeadlineExceeded"


def test_finished_rollout_has_no_deadline() -> None:
    done = web(status=condition("NewReplicaSetAvailable"), revision="2", replicas=6)
    assert progress(step(done, rs("v2", 4, desired="6"), now_s=10_000)) == "NewReplicaSetAvailable"


def test_complete_rollout_is_reported_and_history_is_cut() -> None:
    begun = web(status=condition("ReplicaSetUpdated"), revision="3", template="v3", revision_history_limit=1)
    olds = [rs("v1", 0), rs("v2", 0)]
    first = step(begun, *olds, rs("v3", 4))
    assert (progress(first), first.deleted) == ("NewReplicaSetAvailable", ())
    second = step(first.deployment, *olds, rs("v3", 4))
    assert (second.deleted, second.status_written) == (("v1",), False)


@pytest.mark.parametrize("limit", [None, 2**31 - 1, 5])
def test_history_within_the_limit_stays(limit: int | None) -> None:
    quiet = web(paused=True, template="v3", revision_history_limit=limit)
    assert step(quiet, rs("v1", 0), rs("v2", 0), rs("v3", 4)).deleted == ()


def test_history_that_may_have_pods_is_passed_over() -> None:
    full = web(paused=True, template="v4", revision_history_limit=0)
    olds = [rs("v1", 0, observed=False), rs("v2", 0, counts=model.Counts(1)), rs("v3", 0, revision="many")]
    assert step(full, *olds, rs("v4", 4)).deleted == ("v3",)


def test_rollback_raises_the_revision_of_the_old_set_and_then_of_the_deployment() -> None:
    back = web(template="v1", revision="2")
    first = step(back, rs("v1", 0), rs("v2", 4))
    assert {each.name: each.revision for each in first.written}["v1"] == "3"
    assert first.deployment.revision == "2"
    second = step(first.deployment, rs("v1", 1, 0, revision="3"), rs("v2", 4))
    assert second.deployment.revision == "3"


def test_revision_that_is_no_number_stays() -> None:
    assert sizes(step(web(), rs("v2", 4, revision="two"))) == {}
    assert sets.revision(rs("v2", 4, revision="two")) is None
    assert sets.revision(rs("v2", 4, revision=None)) == 0


def test_changed_min_ready_seconds_are_written_to_the_new_set() -> None:
    assert [each.min_ready_s for each in step(web(min_ready_s=9), rs("v2", 4)).written] == [9]


def test_new_set_that_was_there_before_starts_the_clock() -> None:
    found = step(web(revision="2"), rs("v2", 4, 0, counts=model.Counts()))
    assert progress(found) == "FoundNewReplicaSet"


def test_recreate_waits_for_every_old_pod() -> None:
    fresh = web(strategy="Recreate", revision="1")
    assert sizes(step(fresh, rs("v1", 4))) == {"v1": 0}
    assert step(fresh, rs("v1", 0, counts=model.Counts(1))).created is None
    assert step(fresh, rs("v1", 0, counts=model.Counts(), pods=1)).created is None
    gone = step(fresh, rs("v1", 0))
    assert gone.created is not None
    assert gone.created.replicas == 4
    assert sizes(step(fresh, rs("v1", 0), rs("v2", 0))) == {"v2": 4}


def test_deployment_without_deadline_shows_no_progress() -> None:
    old = web(progress_deadline_s=2**31 - 1, status=condition("ReplicaSetUpdated"))
    assert progress(step(old, rs("v1", 4))) == ""


def test_failure_of_a_replica_set_is_shown_and_goes_away() -> None:
    failure = model.Condition("ReplicaFailure", "True", "FailedCreate", "quota", 0, 0)
    failing = step(web(revision="2"), rs("v1", 4), rs("v2", 1, 0, failure=failure))
    assert failing.deployment.status.condition("ReplicaFailure") == failure
    assert step(failing.deployment, rs("v1", 3), rs("v2", 1)).deployment.status.condition("ReplicaFailure") is None


def test_terminating_pods_are_unknown_when_one_set_does_not_report_them() -> None:
    silent = rs("v2", 4, counts=model.Counts(4, 4, 4, None))
    going = rs("v1", 0, counts=model.Counts(0, 0, 0, 2))
    assert step(web(), silent, going).deployment.status.terminating is None
    assert step(web(), rs("v2", 4), going).deployment.status.terminating == 2


def test_too_few_available_pods_are_reported() -> None:
    status = step(web(), rs("v2", 4, 2)).deployment.status
    available = status.condition("Available")
    assert available is not None
    assert (available.status, status.unavailable) == ("False", 2)


def test_oldest_of_two_sets_with_the_template_is_the_new_one() -> None:
    new, olds = sets.split(web(), [rs("v5", 1, template="v2"), rs("v2", 1)])
    assert new is not None
    assert (new.name, [each.name for each in olds]) == ("v2", ["v5"])


def test_unknown_strategy_is_refused() -> None:
    with pytest.raises(ValueError, match="no strategy 'Canary'"):
        step(web(strategy="Canary"))
