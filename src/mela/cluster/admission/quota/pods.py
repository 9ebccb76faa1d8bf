"""What a pod asks for: the API's defaults for requests, and the sums over its containers.

Init containers run one after the other, so each needs its own amount plus that of the sidecars (init containers with
`restartPolicy: Always`) that started before it; the pod needs the greatest of these and of everything that runs at the
end. Values at pod level replace the sums. Overhead comes on top.
Source: https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers,
component-helpers v0.36.3 resource/helpers.go and pkg/apis/core/v1/defaults.go v1.36.3 (read 2026-11-23).
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from mela.cluster import in_use
from mela.cluster.admission.quota import resources
from mela.cluster.admission.quota.resources import HUGE_PAGES, Resources

Side = Literal["requests", "limits"]
Pod = Mapping[str, Any]
Container = Mapping[str, Any]

POD_LEVEL = ("cpu", "memory")


def with_defaults(pod: Pod) -> dict[str, Any]:
    """The pod as the API stores it: requests filled from limits, amounts rounded up to thousandths.

    The result's resource lists hold quantities. Container statuses are rounded too.
    """
    spec = dict(pod.get("spec") or {})
    for key in ("containers", "initContainers"):
        spec[key] = [{**each, "resources": _container_defaults(each)} for each in spec.get(key) or ()]
    if spec.get("resources") is not None:
        spec["resources"] = _pod_level_defaults(spec)
    for key in ("containers", "initContainers"):
        spec[key] = [{**each, "resources": _rounded(each["resources"])} for each in spec[key]]
    if spec.get("resources") is not None:
        spec["resources"] = _rounded(spec["resources"])
    if spec.get("overhead") is not None:
        spec["overhead"] = _rounded_list(spec["overhead"])
    return {**pod, "spec": spec, "status": _status(pod.get("status") or {})}


def requests(pod: Pod) -> Resources:
    """Requests as quotas count them, of a pod with defaults; while a resize is under way the greater amounts count."""
    total = _over(_total(pod, _effective_requests(pod)), pod, "requests", _is_pod_level)
    return in_use.add(total, pod["spec"].get("overhead") or {})


def limits(pod: Pod) -> Resources:
    """Limits as quotas count them; overhead adds only to limits that exist."""
    total = _over(_total(pod, _effective_limits(pod)), pod, "limits", _is_pod_level)
    overhead = resources.only(pod["spec"].get("overhead") or {}, resources.without_zeros(total))
    return in_use.add(total, overhead)


def written(pod: Pod, side: Side) -> Resources:
    """The sums as LimitRanges see them: from the spec alone, without overhead, huge pages not at pod level."""
    total = _total(pod, lambda container: container["resources"].get(side) or {})
    return _over(total, pod, side, lambda name: name in POD_LEVEL)


def summed(spec: Mapping[str, Any], side: Side) -> Resources:
    """The sums over the containers of a pod spec, as if it had no values at pod level."""
    return _total({"spec": spec}, lambda container: container["resources"].get(side) or {})


def is_sized_as_whole(pod: Pod) -> bool:
    """The pod has requests or limits at pod level."""
    whole = pod["spec"].get("resources") or {}
    return any(_is_pod_level(name) for side in ("requests", "limits") for name in whole.get(side) or {})


def _is_pod_level(name: str) -> bool:
    return name in POD_LEVEL or name.startswith(HUGE_PAGES)


def _total(pod: Pod, amounts: Callable[[Container], Resources]) -> Resources:
    spec = pod["spec"]
    init = ((amounts(each), _is_sidecar(each)) for each in spec.get("initContainers") or ())
    return in_use.at_most(map(amounts, spec.get("containers") or ()), init)


def _over(total: Resources, pod: Pod, side: Side, counts: Callable[[str], bool]) -> Resources:
    whole = (pod["spec"].get("resources") or {}).get(side) or {}
    return total | {name: amount for name, amount in whole.items() if counts(name)}


def _is_sidecar(container: Container) -> bool:
    return container.get("restartPolicy") == "Always"


def _effective_requests(pod: Pod) -> Callable[[Container], Resources]:
    def amounts(container: Container) -> Resources:
        spec = container["resources"].get("requests") or {}
        status = _running(pod, container)
        if status is None:
            return spec
        actual = status["resources"].get("requests") or {}
        allocated = status.get("allocatedResources") or {}
        asked = [] if _resize_is_infeasible(pod) else [spec]
        return in_use.largest(*asked, actual, allocated)

    return amounts


def _effective_limits(pod: Pod) -> Callable[[Container], Resources]:
    def amounts(container: Container) -> Resources:
        spec = container["resources"].get("limits") or {}
        status = _running(pod, container)
        if status is None:
            return spec
        asked = [] if _resize_is_infeasible(pod) else [spec]
        return in_use.largest(*asked, status["resources"].get("limits") or {})

    return amounts


def _running(pod: Pod, container: Container) -> Container | None:
    """The status whose resources count for the container; ordinary init containers have none."""
    init = any(container is each for each in pod["spec"]["initContainers"])
    if init and not _is_sidecar(container):
        return None
    statuses = (*pod["status"].get("containerStatuses", ()), *pod["status"].get("initContainerStatuses", ()))
    by_name = {status.get("name"): status for status in statuses}
    status = by_name.get(container.get("name"))
    return status if status and status.get("resources") is not None else None


def _resize_is_infeasible(pod: Pod) -> bool:
    pending = [each for each in pod["status"].get("conditions") or () if each.get("type") == "PodResizePending"]
    return bool(pending) and pending[0].get("reason") == "Infeasible"


def _container_defaults(container: Container) -> dict[str, Resources]:
    whole = container.get("resources") or {}
    limits_ = resources.read(whole.get("limits"))
    return {**whole, "limits": limits_, "requests": limits_ | resources.read(whole.get("requests"))}


def _pod_level_defaults(spec: Mapping[str, Any]) -> dict[str, Any]:
    sides = {side: resources.read(spec["resources"].get(side)) for side in ("requests", "limits")}
    whole = {**spec["resources"], **sides}
    if not whole["requests"] and not whole["limits"]:
        return whole
    limits_ = {
        name: amount
        for name, amount in summed(spec, "limits").items()
        if name.startswith(HUGE_PAGES) and name not in whole["requests"]
    } | whole["limits"]
    if not limits_:
        return whole
    from_limits = {name: amount for name, amount in limits_.items() if _is_pod_level(name)}
    computed = resources.only(summed(spec, "requests"), POD_LEVEL)
    return {**whole, "limits": limits_, "requests": from_limits | computed | whole["requests"]}


def _rounded(whole: Mapping[str, Any]) -> dict[str, Any]:
    return {**whole, **{side: _rounded_list(whole.get(side)) for side in ("requests", "limits")}}


def _rounded_list(written: Mapping[str, Any] | None) -> Resources:
    return {name: resources.rounded_up(amount) for name, amount in resources.read(written).items()}


def _status(status: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(status)
    for key in ("containerStatuses", "initContainerStatuses"):
        result[key] = [_container_status(each) for each in status.get(key) or ()]
    return result


def _container_status(status: Mapping[str, Any]) -> dict[str, Any]:
    result = {**status, "allocatedResources": _rounded_list(status.get("allocatedResources"))}
    if status.get("resources") is not None:
        result["resources"] = _rounded(status["resources"])
    return result
