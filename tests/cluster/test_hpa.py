"""The autoscaler's rules, one by one; whole episodes are in the agreement with upstream."""

from dataclasses import replace
from typing import Any

import pytest

from mela.cluster.hpa import metrics, normalize, observed, requests, spec, status, sync

NOW_MS = 1_000_000
CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}


def hpa(*wanted: dict[str, Any], lowest: int = 1, highest: int = 10, **more: Any) -> spec.Autoscaler:
    return spec.read(
        {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "minReplicas": lowest,
            "maxReplicas": highest,
            "metrics": list(wanted) or [CPU],
            **more,
        }
    )


def metric(source: str, **target: str) -> dict[str, Any]:
    kind = next(iter(target))
    body = {
        "metric": {"name": "load"},
        "target": {"type": kind[0].upper() + kind[1:], **target},
        "describedObject": {"kind": "Ingress", "name": "main"},
    }
    return {"type": source, spec.SOURCES[source]: body}


def pod(name: str, cpu_m: int | None = 100, **more: Any) -> observed.Pod:
    asked = requests.PodRequests((requests.Container("app", {} if cpu_m is None else {"cpu": cpu_m}),))
    old: dict[str, Any] = {"phase": "Running", "started_ms": 0, "ready": "True", "ready_since_ms": 5000}
    return observed.Pod(name=name, requests=asked, **(old | more))


def sample(name: str, cpu_m: int) -> observed.PodSample:
    return observed.PodSample(name, NOW_MS - 5000, 15_000, {"app": {"cpu": cpu_m}})


def seen(
    replicas: int, *answers: observed.Answer, pods: list[observed.Pod] | None = None, **more: Any
) -> observed.Observed:
    running = [pod(f"web-{n}") for n in range(replicas)] if pods is None else pods
    return observed.Observed(observed.Scale(replicas, replicas, "app=web"), running, answers, **more)


def usage(*cpu_m: int) -> observed.Samples:
    return observed.Samples([sample(f"web-{n}", each) for n, each in enumerate(cpu_m)])


def decide(
    autoscaler: spec.Autoscaler,
    view: observed.Observed,
    *,
    before: status.Status | None = None,
    memory: normalize.Memory | None = None,
    now_ms: int = NOW_MS,
    **flags: Any,
) -> sync.Decision:
    return sync.sync(
        autoscaler, before or status.Status(), memory or normalize.Memory(), view, metrics.Flags(**flags), now_ms
    )


def reason(decision: sync.Decision, type_: str) -> str:
    return next(each.reason for each in decision.status.conditions if each.type == type_)


def test_twice_the_target_doubles_the_pods() -> None:
    decision = decide(hpa(), seen(2, usage(100, 100)))
    assert (decision.written, decision.cause) == (4, sync.ABOVE_TARGET)
    assert reason(decision, "ScalingActive") == "ValidMetricFound"


def test_ten_percent_more_is_within_tolerance() -> None:
    assert decide(hpa(), seen(2, usage(55, 55))).written is None
    assert decide(hpa(), seen(2, usage(56, 56))).proposal == 3


def test_tolerance_of_the_behavior_replaces_the_flag_only_with_the_gate() -> None:
    exact = hpa(behavior={"scaleUp": {"tolerance": "0"}})
    assert decide(exact, seen(2, usage(51, 51))).proposal == 3
    assert decide(exact, seen(2, usage(51, 51)), configurable_tolerance=False).proposal == 2


def test_shrinking_waits_for_the_window() -> None:
    decision = decide(hpa(), seen(4, usage(1, 1, 1, 1)))
    assert decision.written is None
    assert reason(decision, "AbleToScale") == "ScaleDownStabilized"
    later = decide(hpa(), seen(4, usage(1, 1, 1, 1)), memory=decision.memory, now_ms=NOW_MS + 300_001)
    assert later.written == 1


def test_growing_is_limited_to_twice_the_pods_and_then_to_the_maximum() -> None:
    fast = decide(hpa(highest=100), seen(5, usage(*[1000] * 5)))
    assert (fast.written, reason(fast, "ScalingLimited")) == (10, "ScaleUpLimit")
    full = decide(hpa(highest=8), seen(5, usage(*[1000] * 5)))
    assert (full.written, reason(full, "ScalingLimited")) == (8, "TooManyReplicas")


def test_fewer_than_the_minimum_is_too_few() -> None:
    shrunk = decide(hpa(lowest=2), seen(3, usage(0, 0, 0)), downscale_stabilization_ms=-1)
    assert (shrunk.written, reason(shrunk, "ScalingLimited")) == (2, "TooFewReplicas")


@pytest.mark.parametrize(("current", "written", "cause"), [(11, 10, sync.ABOVE_MAX), (1, 2, sync.BELOW_MIN)])
def test_out_of_range_goes_to_the_limit_without_metrics(current: int, written: int, cause: str) -> None:
    decision = decide(hpa(lowest=2), seen(current, observed.Unavailable("down")))
    assert (decision.written, decision.cause, decision.proposal) == (written, cause, None)


def test_target_without_replicas_is_left_alone() -> None:
    decision = decide(hpa(), seen(0, usage()))
    assert decision.written is None
    assert reason(decision, "ScalingActive") == "ScalingDisabled"


def test_first_failing_metric_names_the_reason_and_desired_stays() -> None:
    before = status.Status(desired_replicas=7)
    both = hpa(metric("Pods", averageValue="1"), CPU)
    decision = decide(both, seen(3, observed.Unavailable("down"), observed.Samples([])), before=before)
    assert decision.status.desired_replicas == 7
    assert decision.status.current_metrics == (None, None)
    assert reason(decision, "ScalingActive") == "FailedGetPodsMetric"
    assert [each.reason for each in decision.events] == [
        "FailedGetPodsMetric",
        "FailedGetResourceMetric",
        "FailedComputeMetricsReplicas",
    ]


def test_failing_metric_forbids_shrinking_but_not_growing() -> None:
    both = hpa(metric("External", value="1"), CPU)
    down = observed.Unavailable("down")
    assert decide(both, seen(2, down, usage(1, 1))).proposal is None
    grown = decide(both, seen(2, down, usage(100, 100)))
    assert (grown.written, grown.winner) == (4, 1)
    assert grown.error is not None


def test_largest_proposal_wins_and_the_earlier_of_equals() -> None:
    both = hpa(CPU, metric("Pods", averageValue="1"))
    pods_answer = observed.PodValues({"web-0": 2000, "web-1": 2000})
    assert decide(both, seen(2, usage(100, 100), pods_answer)).winner == 0
    assert decide(both, seen(2, usage(75, 75), pods_answer)).winner == 1


def test_unready_pod_counts_as_idle_when_growing() -> None:
    young = [pod("web-0"), pod("web-1", ready="False", ready_since_ms=NOW_MS, started_ms=NOW_MS - 1000)]
    assert decide(hpa(), seen(2, usage(150, 500), pods=young)).proposal == 3
    assert decide(hpa(), seen(2, usage(100, 500), pods=young)).proposal == 2


@pytest.mark.parametrize("odd", [{"ready": None}, {"started_ms": None}, {"phase": "Pending"}])
def test_pod_that_never_reported_counts_as_unready(odd: dict[str, Any]) -> None:
    two = [pod("web-0"), pod("web-1", **odd)]
    assert decide(hpa(), seen(2, usage(20, 500), pods=two)).proposal == 1


def test_ready_unknown_is_not_unready() -> None:
    two = [pod("web-0"), pod("web-1", ready="Unknown")]
    assert decide(hpa(), seen(2, usage(100, 100), pods=two)).proposal == 4


def test_pod_that_was_ready_once_counts_although_it_is_not_ready_now() -> None:
    assert decide(hpa(), seen(1, usage(100), pods=[pod("web-0", ready="False", ready_since_ms=60_000)])).proposal == 2
    never = pod("web-0", ready="False", ready_since_ms=1000)
    assert decide(hpa(), seen(1, usage(100), pods=[never])).proposal is None


def test_missing_sample_counts_as_full_request_when_shrinking_and_as_nothing_when_growing() -> None:
    shrinking = decide(hpa(), seen(2, usage(10)))
    assert shrinking.proposal == 2
    growing = decide(hpa(), seen(2, usage(160)))
    assert growing.proposal == 4
    assert decide(hpa(), seen(2, usage(90))).proposal == 2


def test_missing_sample_changes_nothing_at_exactly_the_target() -> None:
    assert decide(hpa(), seen(2, usage(50))).proposal == 2


def test_terminating_and_failed_pods_are_ignored() -> None:
    three = [pod("web-0"), pod("web-1", terminating=True), pod("web-2", phase="Failed")]
    assert decide(hpa(), seen(1, usage(100, 900, 900), pods=three)).proposal == 2


def test_one_pod_without_request_makes_utilization_unusable() -> None:
    two = [pod("web-0"), pod("web-1", cpu_m=None, phase="Failed")]
    assert reason(decide(hpa(), seen(1, usage(100), pods=two)), "ScalingActive") == "FailedGetResourceMetric"
    assert decide(hpa(), seen(1, usage(100), pods=[pod("web-0", cpu_m=0)])).proposal is None


def test_average_value_needs_no_request() -> None:
    plain = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "AverageValue", "averageValue": "50m"}}}
    decision = decide(hpa(plain), seen(1, usage(100), pods=[pod("web-0", cpu_m=None)]))
    assert decision.proposal == 2
    assert decision.status.current_metrics == (metrics.Current("Resource", average_value_m=100),)
    assert decide(hpa(plain), seen(2, usage(10))).proposal == 2


def test_named_container_counts_alone() -> None:
    body = {"name": "cpu", "container": "app", "target": {"type": "Utilization", "averageUtilization": 50}}
    row = observed.PodSample("web-0", NOW_MS, 15_000, {"app": {"cpu": 100}, "proxy": {"memory": 1}})
    of_app = hpa({"type": "ContainerResource", "containerResource": body})
    assert decide(of_app, seen(1, observed.Samples([row]))).proposal == 2
    assert decide(hpa(), seen(1, observed.Samples([row]))).proposal is None


def test_value_target_multiplies_running_and_ready_pods() -> None:
    wanted = hpa(metric("Object", value="10"))
    some = [pod("web-0"), pod("web-1", terminating=True), pod("web-2", ready="False"), pod("web-3", phase="Pending")]
    decision = decide(wanted, seen(4, observed.ObjectValue(20_000), pods=some))
    assert decision.proposal == 4
    assert decision.status.current_metrics == (metrics.Current("Object", value_m=20_000),)
    assert decide(wanted, seen(4, observed.ObjectValue(20_000), pods=[])).proposal is None


def test_average_value_of_an_object_divides_by_reported_replicas() -> None:
    wanted = hpa(metric("Object", averageValue="10"))
    view = replace(seen(3, observed.ObjectValue(40_000)), scale=observed.Scale(3, 2, "app=web"))
    decision = decide(wanted, view)
    assert (decision.proposal, decision.status.current_metrics[0]) == (
        4,
        metrics.Current("Object", average_value_m=20_000),
    )
    none = decide(wanted, replace(view, scale=observed.Scale(3, 0, "app=web")))
    assert none.status.current_metrics[0] == metrics.Current("Object", average_value_m=-(2**63), undefined=True)


def test_type_of_an_object_target_must_fit_its_field() -> None:
    odd = {"type": "Object", "object": {"metric": {"name": "x"}, "target": {"type": "Value", "averageValue": "1"}}}
    assert reason(decide(hpa(odd), seen(1, observed.ObjectValue(1))), "ScalingActive") == "FailedGetObjectMetric"


@pytest.mark.parametrize(
    ("target", "values_m", "proposal"),
    [
        ({"value": "10"}, [10_000, 30_000], 8),
        ({"value": "10"}, [2**63 - 1, 1], 2**31 - 1),
        ({"value": "10"}, [-(10**15)], -(2**31)),
        ({"averageValue": "10"}, [10_000, 30_000], 4),
        ({"averageValue": "10"}, [-1, 5000], 2**31 - 1),
        ({"averageValue": "10"}, [19_000], 2),
    ],
)
def test_external_metric_adds_up_its_series(target: dict[str, str], values_m: list[int], proposal: int) -> None:
    assert decide(hpa(metric("External", **target)), seen(2, observed.Series(values_m))).proposal == proposal


def test_external_metric_without_series_or_target_is_unusable() -> None:
    assert decide(hpa(metric("External", value="1")), seen(1, observed.Series([]))).proposal is None
    assert decide(hpa(metric("External", utilization="1")), seen(1, observed.Series([1]))).proposal is None


@pytest.mark.parametrize(
    ("wanted", "answer", "why"),
    [
        (metric("Pods", value="1"), observed.PodValues({"web-0": 1}), "FailedGetPodsMetric"),
        ({"type": "Resource", "resource": {"name": "cpu", "target": {}}}, usage(1), "FailedGetResourceMetric"),
        ({"type": "Moon"}, observed.ObjectValue(1), "InvalidMetricSourceType"),
        (CPU, observed.ObjectValue(1), "FailedGetResourceMetric"),
    ],
)
def test_metric_that_cannot_be_read_names_its_source(wanted: dict[str, Any], answer: observed.Answer, why: str) -> None:
    assert reason(decide(hpa(wanted), seen(1, answer)), "ScalingActive") == why


def test_metric_selector_with_an_unknown_operator_is_unusable() -> None:
    wanted = metric("External", value="1")
    wanted["external"]["metric"]["selector"] = {"matchExpressions": [{"key": "a", "operator": "Like", "values": ["b"]}]}
    decision = decide(hpa(wanted), seen(1, observed.Series([1])))
    assert reason(decision, "ScalingActive") == "FailedGetExternalMetric"


@pytest.mark.parametrize(
    ("text", "rivals", "event", "why"),
    [
        ("", (), "SelectorRequired", "InvalidSelector"),
        ("app in (", (), "InvalidSelector", "InvalidSelector"),
        ("app=web", ("other",), "AmbiguousSelector", "AmbiguousSelector"),
    ],
)
def test_selector_must_be_there_readable_and_alone(text: str, rivals: tuple[str, ...], event: str, why: str) -> None:
    view = replace(seen(2, usage(100, 100), rivals=rivals), scale=observed.Scale(2, 2, text))
    decision = decide(hpa(), view, before=status.Status(current_metrics=(None,)))
    assert (decision.events[0].reason, reason(decision, "ScalingActive")) == (event, why)
    assert decision.status.current_metrics == ()


def test_scale_that_cannot_be_read_leaves_the_rest_of_the_status() -> None:
    before = status.Status(3, 4, 0, (None,))
    decision = decide(hpa(), observed.Observed(observed.Unavailable("gone")), before=before)
    assert replace(decision.status, conditions=()) == before
    assert reason(decision, "AbleToScale") == "FailedGetScale"


def test_failed_write_remembers_the_recommendation_but_not_the_change() -> None:
    quick = hpa(behavior={})
    decision = decide(quick, seen(2, usage(100, 100), write_error="quota"))
    assert (decision.written, reason(decision, "AbleToScale")) == (None, "FailedUpdateScale")
    assert [each.replicas for each in decision.memory.recommendations] == [2, 4]
    assert decision.memory.ups == ()


def test_condition_keeps_its_time_until_its_status_changes() -> None:
    first = decide(hpa(), seen(2, usage(50, 50)), now_ms=1500)
    second = decide(hpa(), seen(2, usage(100, 100)), before=first.status, memory=first.memory, now_ms=16_500)
    times = {each.type: each.since_ms for each in second.status.conditions}
    assert times == {"AbleToScale": 1000, "ScalingActive": 1000, "ScalingLimited": 1000}
    assert second.status.last_scale_ms == 16_000


def test_behavior_without_content_allows_four_pods_or_double() -> None:
    empty = hpa(highest=100, behavior={})
    assert decide(empty, seen(1, usage(1000))).written == 5
    assert decide(empty, seen(10, usage(*[1000] * 10))).written == 20


def test_policies_count_what_was_already_added_in_the_period() -> None:
    slow = hpa(behavior={"scaleUp": {"policies": [{"type": "Pods", "value": 2, "periodSeconds": 60}]}})
    first = decide(slow, seen(2, usage(100, 100)))
    assert first.written == 4
    after: dict[str, Any] = {"before": first.status, "memory": first.memory}
    blocked = decide(slow, seen(4, usage(*[100] * 4)), now_ms=NOW_MS + 59_000, **after)
    assert (blocked.written, reason(blocked, "ScalingLimited")) == (None, "ScaleUpLimit")
    assert decide(slow, seen(4, usage(*[100] * 4)), now_ms=NOW_MS + 60_000, **after).written == 6


def test_percent_up_rounds_up_and_percent_down_truncates_what_remains() -> None:
    tenth = {"policies": [{"type": "Percent", "value": 10, "periodSeconds": 60}], "stabilizationWindowSeconds": 0}
    gentle = hpa(highest=100, behavior={"scaleUp": tenth, "scaleDown": tenth})
    assert decide(gentle, seen(5, usage(*[1000] * 5))).written == 6
    shrunk = decide(gentle, seen(5, usage(*[1] * 5)))
    assert (shrunk.written, reason(shrunk, "ScalingLimited")) == (4, "ScaleDownLimit")


@pytest.mark.parametrize(("select", "up", "down"), [("Max", 9, 1), ("Min", 6, 4), ("Disabled", None, None)])
def test_select_policy_chooses_among_the_limits(select: str, up: int | None, down: int | None) -> None:
    policies = [{"type": "Pods", "value": n, "periodSeconds": 60} for n in (1, 4)]
    rules = {"selectPolicy": select, "policies": policies, "stabilizationWindowSeconds": 0}
    chosen = hpa(highest=100, behavior={"scaleUp": rules, "scaleDown": rules})
    assert decide(chosen, seen(5, usage(*[1000] * 5))).written == up
    assert decide(chosen, seen(5, usage(*[1] * 5))).written == down


def test_scale_down_window_falls_back_to_the_flag() -> None:
    decision = decide(hpa(behavior={}), seen(4, usage(1, 1, 1, 1)))
    assert (decision.written, reason(decision, "AbleToScale")) == (None, "ScaleDownStabilized")
    view = seen(4, usage(1, 1, 1, 1))
    assert decide(hpa(behavior={}), view, memory=decision.memory, now_ms=NOW_MS + 300_000).written == 1


def test_scale_up_window_takes_the_lowest_recommendation() -> None:
    careful = hpa(behavior={"scaleUp": {"stabilizationWindowSeconds": 60}})
    first = decide(careful, seen(2, usage(50, 50)))
    held = decide(careful, seen(2, usage(100, 100)), memory=first.memory, now_ms=NOW_MS + 15_000)
    assert (held.written, reason(held, "AbleToScale")) == (None, "ScaleUpStabilized")


def test_outdated_change_gives_its_place_to_the_next_one() -> None:
    quick = {"stabilizationWindowSeconds": 0}
    both = hpa(behavior={"scaleUp": quick, "scaleDown": quick})
    memory = decide(both, seen(2, usage(100, 100))).memory
    memory = decide(both, seen(4, usage(*[25] * 4)), memory=memory, now_ms=NOW_MS + 20_000).memory
    memory = decide(both, seen(2, usage(100, 100)), memory=memory, now_ms=NOW_MS + 40_000).memory
    assert [(each.change, each.at_ms) for each in memory.ups] == [(2, NOW_MS + 40_000)]
    assert [each.change for each in memory.downs] == [2]


def test_target_is_put_to_sleep_and_woken_by_its_external_metric() -> None:
    sleepy = hpa(metric("External", value="1"), lowest=0, behavior={"scaleDown": {"stabilizationWindowSeconds": 0}})
    asleep = decide(sleepy, seen(1, observed.Series([0])), scale_to_zero=True)
    assert (asleep.written, reason(asleep, "ScaledToZero")) == (0, "ScaledToZero")
    awake = decide(sleepy, seen(0, observed.Series([3000])), before=asleep.status, scale_to_zero=True)
    assert (awake.written, reason(awake, "ScaledToZero")) == (3, "NotScaledToZero")
    off = decide(sleepy, seen(0, observed.Series([3000])), before=asleep.status)
    assert off.written is None
    assert "ScaledToZero" not in [each.type for each in off.status.conditions]


def test_raised_minimum_wakes_a_sleeping_target_without_load() -> None:
    asleep = status.Status(conditions=(status.Condition("ScaledToZero", "True", "ScaledToZero", "", 0),))
    raised = hpa(metric("External", value="1"), lowest=2)
    memory = normalize.Memory()
    woken = decide(raised, seen(0, observed.Series([0])), before=asleep, memory=memory, scale_to_zero=True)
    assert woken.written == 2


def test_person_who_set_zero_replicas_is_obeyed_with_the_gate_too() -> None:
    decision = decide(
        hpa(metric("External", value="1"), lowest=0), seen(0, observed.Series([9000])), scale_to_zero=True
    )
    assert decision.written is None


def test_api_fills_in_metrics_minimum_and_rules() -> None:
    bare = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "maxReplicas": 3, "behavior": {"scaleUp": {}}}
    read = spec.read(bare)
    assert (read.min_replicas, read.metrics[0].target.utilization) == (1, 80)
    assert read.behavior is not None
    assert [(each.type, each.value) for each in read.behavior.up.policies] == [("Pods", 4), ("Percent", 100)]
    assert (read.behavior.up.window_s, read.behavior.down.window_s) == (0, None)


@pytest.mark.parametrize(
    ("written", "expected"), [("0.35", 350 * 0.001), ("5", 5.0), ("50m", 0.05), ("1k", 1000.0), (0.1, 0.1)]
)
def test_tolerance_is_the_stored_digits_times_a_power_of_ten(written: str | float, expected: float) -> None:
    read = hpa(behavior={"scaleUp": {"tolerance": written}})
    assert read.behavior is not None
    assert read.behavior.up.tolerance == expected
