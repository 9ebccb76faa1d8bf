"""A batch of pods against quotas is what pod after pod would be."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mela.cluster.admission.quota import charge, pods
from mela.rehearsal.engine.admission import Namespace
from tests.rehearsal import kit


def quota(name: str, hard: dict[str, str], **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": {"hard": hard, **spec}}


def one_by_one(stated: list[dict[str, Any]], pod: dict[str, Any], count: int) -> int:
    """How many of `count` pods the API server lets in, asked one after the other."""
    held = [
        {**each, "status": {"hard": each["spec"]["hard"], "used": dict.fromkeys(each["spec"]["hard"], "0")}}
        for each in stated
    ]
    for number in range(count):
        said = charge.check(charge.Request("pods", "CREATE", pods.with_defaults(pod)), held)
        if not said.allowed:
            return number
        for each in held:
            each["status"]["used"] = said.used[each["metadata"]["name"]]
    return count


@settings(max_examples=60, deadline=None)
@given(
    cpu=st.sampled_from(["0", "499m", "500m", "2", "3750m", "11"]),
    number=st.integers(0, 12),
    memory=st.sampled_from(["100Mi", "1Gi", "2049Mi", "64Gi"]),
    count=st.integers(0, 15),
    scope=st.sampled_from([None, "BestEffort", "NotBestEffort"]),
)
def test_a_batch_gets_in_as_its_pods_do_one_by_one(
    cpu: str, number: int, memory: str, count: int, scope: str | None
) -> None:
    scoped = {"scopes": [scope]} if scope else {}
    bounds = {"pods": str(number)} if scope == "BestEffort" else {"pods": str(number), "requests.cpu": cpu}
    stated = [quota("first", bounds, **scoped), quota("second", {"limits.memory": memory})]
    system = kit.web(extra=stated)
    workload = system.workloads["shop/web"]
    admitted, refusal = Namespace(system, "shop").admit(workload, count)
    assert admitted == one_by_one(stated, dict(workload.raw), count)
    assert (refusal is None) == (admitted == count)


def test_what_is_given_back_can_be_taken_again() -> None:
    system = kit.web(extra=[quota("some", {"requests.cpu": "2"})])
    space, workload = Namespace(system, "shop"), system.workloads["shop/web"]
    assert space.admit(workload, 10)[0] == 4
    space.release(workload, 3)
    assert space.admit(workload, 10)[0] == 3


def test_a_refusal_names_the_bound_that_decided() -> None:
    system = kit.web(extra=[quota("wide", {"pods": "99"}), quota("tight", {"limits.cpu": "3"})])
    _, refusal = Namespace(system, "shop").admit(system.workloads["shop/web"], 10)
    assert refusal is not None
    assert refusal.field is not None
    assert refusal.field.thing.name == "tight"
    assert refusal.field.path == ("spec", "hard", "limits.cpu")


def test_a_limit_range_can_refuse_all() -> None:
    bounds = {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": {"name": "small", "namespace": "shop"},
        "spec": {"limits": [{"type": "Container", "max": {"cpu": "250m"}}]},
    }
    system = kit.web(extra=[bounds])
    admitted, refusal = Namespace(system, "shop").admit(system.workloads["shop/web"], 3)
    assert admitted == 0
    assert refusal is not None
    assert "cpu" in refusal.text
