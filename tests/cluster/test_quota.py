"""Quotas and LimitRanges: the rules by name."""

from datetime import UTC, datetime
from typing import Any

import pytest

from mela.cluster.admission.quota import charge, limit_range, pods, usage
from mela.cluster.quantity import Quantity, parse

Thing = dict[str, Any]


def pod(*containers: Thing, **spec: Any) -> Thing:
    named = [{"name": f"c{index}", "resources": each} for index, each in enumerate(containers)]
    return {"metadata": {"name": "web"}, "spec": {"containers": named, **spec}}


def quota(hard: Thing, used: Thing, **spec: Any) -> Thing:
    return {"metadata": {"name": "q"}, "spec": spec, "status": {"hard": hard, "used": used}}


def spelled(amounts: dict[str, Quantity]) -> dict[str, str]:
    return {name: str(amount) for name, amount in amounts.items()}


def charged(thing: Thing, now: datetime | None = None) -> dict[str, str]:
    return spelled(usage.usage("pods", pods.with_defaults(thing), now))


def created(thing: Thing, *quotas: Thing, **more: Any) -> charge.Decision:
    return charge.check(charge.Request("pods", "CREATE", pods.with_defaults(thing), **more), quotas)


def limits(**item: Any) -> Thing:
    return {"spec": {"limits": [item]}}


def complaints(thing: Thing, *ranges: Thing) -> tuple[str, ...]:
    filled = limit_range.with_defaults(pods.with_defaults(thing), ranges)
    return limit_range.violations("pods", filled, ranges)


def test_requests_come_from_limits_and_are_rounded_up_to_thousandths() -> None:
    assert charged(pod({"limits": {"cpu": "0.0005"}}))["requests.cpu"] == "1m"


def test_init_containers_count_where_they_need_more_and_sidecars_always() -> None:
    init = [
        {"name": "side", "restartPolicy": "Always", "resources": {"requests": {"cpu": "100m"}}},
        {"name": "once", "resources": {"requests": {"cpu": "1"}}},
    ]
    assert charged(pod({"requests": {"cpu": "500m"}}, initContainers=init))["requests.cpu"] == "1100m"
    assert charged(pod({"requests": {"cpu": "2"}}, initContainers=init))["requests.cpu"] == "2100m"


def test_pod_level_values_replace_sums_and_overhead_comes_on_top() -> None:
    whole = {"requests": {"cpu": "1"}, "limits": {"cpu": "2"}}
    found = charged(pod({"requests": {"cpu": "300m"}}, resources=whole, overhead={"cpu": "50m", "memory": "1Mi"}))
    assert (found["requests.cpu"], found["limits.cpu"], found["requests.memory"]) == ("1050m", "2050m", "1Mi")
    assert "limits.memory" not in found


def test_huge_page_limits_of_containers_become_the_pods() -> None:
    found = charged(pod({"limits": {"hugepages-2Mi": "4Mi", "cpu": "1"}}, resources={"limits": {"cpu": "3"}}))
    assert found["requests.hugepages-2Mi"] == "4Mi"


def test_extended_resources_are_charged_as_requests_only() -> None:
    found = charged(pod({"limits": {"example.com/gpu": "2"}}))
    assert found["requests.example.com/gpu"] == "2"
    assert "example.com/gpu" not in found


@pytest.mark.parametrize("phase", ["Failed", "Succeeded"])
def test_finished_pods_still_count_as_objects(phase: str) -> None:
    assert charged(pod({"requests": {"cpu": "1"}}) | {"status": {"phase": phase}}) == {"count/pods": "1"}


def test_pods_stuck_in_deletion_are_free_after_their_grace() -> None:
    stuck = pod({})
    stuck["metadata"] |= {"deletionTimestamp": "2026-05-04T10:00:00Z", "deletionGracePeriodSeconds": 30}
    assert "pods" in charged(stuck, datetime(2026, 5, 4, 10, 0, 30, tzinfo=UTC))
    assert "pods" not in charged(stuck, datetime(2026, 5, 4, 10, 0, 31, tzinfo=UTC))
    assert "pods" in charged(stuck)


def test_a_resize_is_charged_the_greatest_amount_unless_it_is_infeasible() -> None:
    resized = pod({"requests": {"cpu": "4"}, "limits": {"cpu": "4"}})
    actual = {"requests": {"cpu": "1"}, "limits": {"cpu": "2"}}
    status: Thing = {"containerStatuses": [{"name": "c0", "resources": actual, "allocatedResources": {"cpu": "3"}}]}
    assert charged(resized | {"status": status})["requests.cpu"] == "4"
    status["conditions"] = [{"type": "PodResizePending", "reason": "Infeasible"}]
    assert charged(resized | {"status": status})["requests.cpu"] == "3"
    assert charged(resized | {"status": status})["limits.cpu"] == "2"


def test_load_balancers_pay_for_node_ports_unless_they_do_without() -> None:
    spec: Thing = {"type": "LoadBalancer", "ports": [{"port": 1, "nodePort": 30000}, {"port": 2}]}
    assert spelled(usage.usage("services", {"spec": spec}))["services.nodeports"] == "2"
    spec["allocateLoadBalancerNodePorts"] = False
    assert spelled(usage.usage("services", {"spec": spec}))["services.nodeports"] == "1"


def test_claims_pay_whole_bytes_in_all_and_per_class() -> None:
    claim = {"spec": {"resources": {"requests": {"storage": "1.5"}}, "storageClassName": "gold"}}
    found = spelled(usage.usage("persistentvolumeclaims", claim))
    assert found["requests.storage"] == found["gold.storageclass.storage.k8s.io/requests.storage"] == "2"


def test_a_claim_being_resized_pays_for_what_is_allocated() -> None:
    claim = {
        "spec": {"resources": {"requests": {"storage": "1Gi"}}},
        "status": {"allocatedResources": {"storage": "3Gi"}},
    }
    assert spelled(usage.usage("persistentvolumeclaims", claim))["requests.storage"] == "3Gi"


def test_a_cpu_quota_demands_cpu_of_every_container() -> None:
    decision = created(pod({"requests": {"cpu": "1"}}, {}), quota({"requests.cpu": "9"}, {"requests.cpu": "0"}))
    assert decision.message == 'pods "web" is forbidden: failed quota: q: must specify requests.cpu for: c1'


def test_pod_level_values_satisfy_the_demand() -> None:
    whole = {"requests": {"cpu": "1"}}
    assert created(pod({}, resources=whole), quota({"requests.cpu": "9"}, {"requests.cpu": "0"})).allowed


def test_unknown_usage_refuses() -> None:
    decision = created(pod({}), quota({"pods": "9"}, {}))
    assert decision.message.endswith("status unknown for quota: q, resources: pods")


def test_what_is_full_but_not_asked_for_does_not_refuse() -> None:
    services = {"spec": {"type": "ClusterIP"}}
    full = quota({"services.loadbalancers": "0", "services": "5"}, {"services.loadbalancers": "3", "services": "1"})
    decision = charge.check(charge.Request("services", "CREATE", services), [full])
    assert spelled(dict(decision.used["q"])) == {"services.loadbalancers": "3", "services": "2"}


def test_exceeding_names_all_three_amounts() -> None:
    decision = created(pod({"requests": {"cpu": "1"}}), quota({"requests.cpu": "1.5"}, {"requests.cpu": "1"}))
    expected = "exceeded quota: q, requested: requests.cpu=1, used: requests.cpu=1, limited: requests.cpu=1500m"
    assert (decision.allowed, decision.code) == (False, 403)
    assert decision.message.endswith(expected)


def test_negative_requests_are_refused() -> None:
    assert (
        "quota usage is negative"
        in created(pod({"requests": {"x.io/a": "-1"}}), quota({"pods": "1"}, {"pods": "0"})).message
    )


def test_quotas_of_other_scopes_are_ignored() -> None:
    full = quota({"pods": "0"}, {"pods": "0"}, scopes=["Terminating"])
    assert created(pod({}), full).allowed
    assert not created(pod({}, activeDeadlineSeconds=1), full).allowed


@pytest.mark.parametrize(
    ("scope", "spec", "inside"),
    [
        ({"scopeName": "PriorityClass", "operator": "In", "values": ["high"]}, {"priorityClassName": "high"}, True),
        ({"scopeName": "PriorityClass", "operator": "NotIn", "values": ["high"]}, {}, True),
        ({"scopeName": "PriorityClass", "operator": "Exists"}, {}, False),
        ({"scopeName": "BestEffort", "operator": "Exists"}, {}, True),
        ({"scopeName": "VolumeAttributesClass", "operator": "Exists"}, {}, False),
    ],
)
def test_scope_selectors(scope: Thing, spec: Thing, inside: bool) -> None:
    full = quota({"pods": "0"}, {"pods": "0"}, scopeSelector={"matchExpressions": [scope]})
    assert created(pod({}, **spec), full).allowed is not inside


def test_a_limited_resource_needs_a_covering_quota() -> None:
    limited = [{"resource": "pods", "matchContains": ["pods"]}]
    decision = created(pod({}), limited=limited)
    assert decision.message.endswith("insufficient quota to consume: count/pods,pods")
    both = quota({"count/pods": "1", "pods": "1"}, {"count/pods": "0", "pods": "0"})
    assert created(pod({}), both, limited=limited).allowed


def test_an_uncovered_limited_scope_is_a_plain_error() -> None:
    scope = {"scopeName": "PriorityClass", "operator": "In", "values": ["high", "mid"]}
    decision = created(pod({}, priorityClassName="high"), limited=[{"resource": "pods", "matchScopes": [scope]}])
    assert decision.code == 500
    assert decision.message == "insufficient quota to match these scopes: [{PriorityClass In [high mid]}]"


def test_a_limited_scope_that_cannot_be_read_lets_pass() -> None:
    scope = {"scopeName": "PriorityClass", "operator": "In", "values": []}
    assert created(pod({}), limited=[{"resource": "pods", "matchScopes": [scope]}]).allowed


def test_a_quota_scope_that_cannot_be_read_is_a_plain_error() -> None:
    scope = {"scopeName": "PriorityClass", "operator": "Near", "values": []}
    decision = created(pod({}), quota({"pods": "1"}, {"pods": "0"}, scopeSelector={"matchExpressions": [scope]}))
    assert decision.code == 500


def test_updates_pay_for_growth_only() -> None:
    old = {"metadata": {"resourceVersion": "7"}, "spec": {"type": "NodePort", "ports": [{"port": 1}]}}
    new = {"metadata": {"name": "s"}, "spec": {"type": "NodePort", "ports": [{"port": 1}, {"port": 2}]}}
    held = quota({"services.nodeports": "9", "services": "1"}, {"services.nodeports": "1", "services": "1"})
    decision = charge.check(charge.Request("services", "UPDATE", new, old), [held])
    assert spelled(dict(decision.used["q"])) == {"services.nodeports": "2", "services": "1"}


def test_an_update_that_frees_changes_nothing() -> None:
    old = {"metadata": {"resourceVersion": "7"}, "spec": {"type": "NodePort", "ports": [{"port": 1}]}}
    held = quota({"services.nodeports": "1"}, {"services.nodeports": "1"})
    decision = charge.check(charge.Request("services", "UPDATE", {"spec": {}}, old), [held])
    assert spelled(dict(decision.used["q"])) == {"services.nodeports": "1"}


def test_an_update_of_nothing_known_is_refused() -> None:
    decision = charge.check(charge.Request("services", "UPDATE", {}), [quota({"services": "1"}, {"services": "0"})])
    assert 'services "Unknown" is forbidden: unable to get previous usage' in decision.message


@pytest.mark.parametrize(
    ("kind", "operation", "subresource", "handled"),
    [
        ("pods", "UPDATE", "", False),
        ("pods", "UPDATE", "resize", True),
        ("pods", "CREATE", "binding", False),
        ("services", "UPDATE", "status", False),
        ("persistentvolumeclaims", "UPDATE", "status", True),
        ("secrets", "UPDATE", "", False),
        ("secrets", "CREATE", "", True),
    ],
)
def test_operations_that_can_change_usage(kind: str, operation: str, subresource: str, handled: bool) -> None:
    request = charge.Request(kind, operation, {"spec": {}}, {"spec": {}}, subresource)
    assert charge.handles(request) is handled


def test_defaults_chain_from_max_and_min() -> None:
    ranges = [limits(type="Container", max={"cpu": "2"}, min={"memory": "1Mi"})]
    filled = limit_range.with_defaults(pods.with_defaults(pod({})), ranges)
    found = filled["spec"]["containers"][0]["resources"]
    assert spelled(found["limits"]) == {"cpu": "2"}
    assert spelled(found["requests"]) == {"cpu": "2", "memory": "1Mi"}
    note = filled["metadata"]["annotations"][limit_range.ANNOTATION]
    assert note == "LimitRanger plugin set: cpu, memory request for container c0; cpu limit for container c0"


def test_a_default_request_can_exceed_the_users_limit() -> None:
    ranges = [limits(type="Container", defaultRequest={"cpu": "2"})]
    filled = limit_range.with_defaults(pods.with_defaults(pod({"limits": {"memory": "1Gi"}})), ranges)
    assert filled["spec"]["containers"][0]["resources"]["requests"]["cpu"] == parse("2")


@pytest.mark.parametrize(
    ("item", "asked", "complaint"),
    [
        ({"min": {"cpu": "1"}}, {}, "minimum cpu usage per Pod is 1.  No request is specified"),
        ({"min": {"cpu": "1"}}, {"requests": {"cpu": "500m"}}, "minimum cpu usage per Pod is 1, but request is 500m"),
        ({"max": {"cpu": "1"}}, {"requests": {"cpu": "1"}}, "maximum cpu usage per Pod is 1.  No limit is specified"),
        ({"max": {"cpu": "1"}}, {"limits": {"cpu": "2"}}, "maximum cpu usage per Pod is 1, but limit is 2"),
        (
            {"maxLimitRequestRatio": {"cpu": "2"}},
            {"limits": {"cpu": "3"}, "requests": {"cpu": "1"}},
            "cpu max limit to request ratio per Pod is 2, but provided ratio is 3.000000",
        ),
        (
            {"maxLimitRequestRatio": {"cpu": "2"}},
            {},
            "cpu max limit to request ratio per Pod is 2, but no request is specified or request is 0",
        ),
        (
            {"maxLimitRequestRatio": {"cpu": "2"}},
            {"requests": {"cpu": "1"}},
            "cpu max limit to request ratio per Pod is 2, but no limit is specified or limit is 0",
        ),
    ],
)
def test_bounds(item: Thing, asked: Thing, complaint: str) -> None:
    assert complaints(pod(asked), limits(type="Pod", **item)) == (complaint,)


def test_a_limit_below_the_minimum_is_told_when_the_request_is_not() -> None:
    asked = {"requests": {"cpu": "2"}, "limits": {"cpu": "500m"}}
    assert complaints(pod(asked), limits(type="Pod", min={"cpu": "1"})) == (
        "minimum cpu usage per Pod is 1, but limit is 500m",
    )


def test_amounts_too_large_for_thousandths_are_compared_whole() -> None:
    asked = {"requests": {"memory": "9E"}, "limits": {"memory": "9E"}}
    assert complaints(pod(asked), limits(type="Pod", max={"memory": "9E"})) == ()


def test_claims_have_bounds_of_their_own() -> None:
    claim = {"spec": {"resources": {"requests": {"storage": "1Gi"}}}}
    ranges = [limits(type="PersistentVolumeClaim", min={"storage": "2Gi"}, max={"storage": "512Mi"})]
    assert limit_range.violations("persistentvolumeclaims", claim, ranges) == (
        "maximum storage usage per PersistentVolumeClaim is 512Mi, but request is 1Gi",
        "minimum storage usage per PersistentVolumeClaim is 2Gi, but request is 1Gi",
    )


def test_other_kinds_have_no_limits() -> None:
    assert limit_range.violations("services", {}, [limits(type="Container", min={"cpu": "1"})]) == ()
