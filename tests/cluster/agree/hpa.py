"""HorizontalPodAutoscaler: replicas, conditions, events, current metrics and proposals of every tick of an episode."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mela.cluster import arithmetic, labels
from mela.cluster.hpa import metrics, normalize, observed, pods, requests, selector, spec, status, sync

SIZE = re.compile(r"New size: (-?\d+); reason: (.*?)(?:; error: .*)?$", re.DOTALL)
CAUSES = {
    "Current number of replicas above Spec.MaxReplicas": sync.ABOVE_MAX,
    "Current number of replicas below Spec.MinReplicas": sync.BELOW_MIN,
    "All metrics below target": sync.BELOW_TARGET,
}


def differences(case: dict[str, Any]) -> list[str]:
    """Where our controller departs from upstream's, by tick; the first tick that differs ends the comparison."""
    for tick, (expected, wanted, decision) in enumerate(_ticks(case)):
        found = [f"tick {tick}: {line}" for line in _compare(expected, wanted, decision)]
        if found:
            return found
    return _defaulting(case)


def _ticks(case: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Mapping[str, Any], sync.Decision]]:
    flags, asked = _flags(case), [requests.read(_pod_spec(template)) for template in case["tpls"]]
    before, memory, stored = status.Status(), normalize.Memory(), case["stored"]
    autoscaler = spec.read(stored)
    for index, tick in enumerate(case["ticks"]):
        if "stored" in tick:
            stored = tick["stored"]
            autoscaler = spec.read(stored)
        if tick.get("restart"):
            memory = normalize.Memory()
        seen = _observed(case, index, stored, asked)
        decision = sync.sync(autoscaler, before, memory, seen, flags, _ms(tick["t"]))
        before, memory = decision.status, decision.memory
        yield tick["out"], stored, decision


def _compare(expected: dict[str, Any], stored: Mapping[str, Any], decision: sync.Decision) -> list[str]:
    after = decision.status
    ours: dict[str, Any] = {}
    ours["w"] = decision.written
    ours["cur"], ours["des"] = after.current_replicas, after.desired_replicas
    ours["last"] = _seconds(after.last_scale_ms)
    ours["conds"] = [[each.type, each.status, each.reason, _seconds(each.since_ms)] for each in after.conditions]
    ours["metrics"], metrics_there = _metrics(after.current_metrics, expected.get("metrics", []))
    ours["prop"] = decision.proposal
    ours["by"] = None if decision.winner is None else _upstream_name(stored["metrics"][decision.winner])
    ours["events"] = [[each.type, each.reason] for each in decision.events]
    ours["err"] = decision.error is not None
    size = next((SIZE.match(message) for _, _, message in expected.get("events", []) if SIZE.match(message)), None)
    if size:
        ours["cause"] = decision.cause
    theirs = expected | {
        "conds": [[type_, value, reason, since] for type_, value, reason, _, since in expected.get("conds", [])],
        "metrics": metrics_there,
        "events": [[type_, reason] for type_, reason, _ in expected.get("events", [])],
        "err": "err" in expected,
        "cause": _cause(size[2]) if size else None,
    }
    return [f"{key}: ours {ours[key]}, upstream {theirs.get(key)}" for key in ours if ours[key] != theirs.get(key)]


def _defaulting(case: dict[str, Any]) -> list[str]:
    """The HPA as written must read like the one that the API server stored."""
    pairs = [(each["hpa"]["spec"], each["stored"]) for each in (case, *case["ticks"]) if "hpa" in each]
    return [
        f"defaults of {written}: ours {spec.read(written)}, upstream {spec.read(stored)}"
        for written, stored in pairs
        if spec.read(written) != spec.read(stored)
    ]


def _cause(text: str) -> str:
    return sync.ABOVE_TARGET if text.endswith(" above target") else CAUSES.get(text, "")


def _metrics(
    ours: tuple[metrics.Current | None, ...], theirs: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Both lists in upstream's words, without the averages that the platform made up."""
    made_up = [
        bool(theirs[index].get("plat")) or (each is not None and each.undefined)
        for index, each in enumerate(ours)
        if index < len(theirs)
    ]
    given = [{key: value for key, value in each.items() if key != "plat"} for each in theirs]
    shown = [_metric(each) for each in ours]
    for both in zip(shown, given, made_up, strict=False):
        if both[2]:
            both[0].pop("avg", None)
            both[1].pop("avg", None)
    return shown, given


def _metric(current: metrics.Current | None) -> dict[str, Any]:
    if current is None:
        return {}
    shown = {
        "type": current.source,
        "util": current.utilization,
        "avg": current.average_value_m,
        "val": current.value_m,
    }
    return {key: value for key, value in shown.items() if value is not None}


def _flags(case: dict[str, Any]) -> metrics.Flags:
    settings, gates = case["settings"], case["gates"]
    return metrics.Flags(
        tolerance=settings["tolerance"],
        downscale_stabilization_ms=_ms(settings["downscaleStabilization"]),
        readiness=pods.Readiness(_ms(settings["cpuInitializationPeriod"]), _ms(settings["initialReadinessDelay"])),
        configurable_tolerance=gates["HPAConfigurableTolerance"],
        pod_level_resources=gates["PodLevelResources"],
        scale_to_zero=gates["HPAScaleToZero"],
    )


def _observed(
    case: dict[str, Any], index: int, stored: Mapping[str, Any], asked: list[requests.PodRequests]
) -> observed.Observed:
    tick = case["ticks"][index]
    rival = tick.get("otherHPA")
    return observed.Observed(
        scale=_scale(tick, stored["scaleTargetRef"]),
        pods=[
            _pod(pod, index, asked)
            for pod in (case["pods"] if _selected(tick.get("selector", "app=web")) else [])
            if pod["from"] <= index < pod.get("to", index + 1)
        ],
        answers=[_answer(case, tick, metric) for metric in stored["metrics"]],
        rivals=[rival] if rival else [],
        write_error=tick.get("updateScaleError"),
    )


def _scale(tick: dict[str, Any], target: Mapping[str, Any]) -> observed.Scale | observed.Unavailable:
    """The cluster knows one scalable kind, apps/v1 Deployment, and one object of it, web."""
    group, _, version = target.get("apiVersion", "").partition("/")
    if (group, "/" in version, target["kind"]) != ("apps", False, "Deployment"):
        return observed.Unavailable(f"no kind {target['kind']} in {target.get('apiVersion')}")
    if target["name"] != "web" or "getScaleError" in tick:
        return observed.Unavailable(tick.get("getScaleError", f"there is no {target['name']}"))
    replicas, status_replicas = tick["scale"]
    return observed.Scale(replicas, status_replicas, tick.get("selector", "app=web"))


def _selected(text: str) -> bool:
    """Every pod has the label app=web; with a selector that cannot be parsed nobody looks at pods."""
    try:
        return selector.parse(text).matches({"app": "web"})
    except labels.InvalidSelector:
        return False


def _pod(pod: dict[str, Any], index: int, asked: list[requests.PodRequests]) -> observed.Pod:
    _, phase, started, ready, since, deleted = [state for state in pod["st"] if state[0] <= index][-1]
    return observed.Pod(
        name=pod["n"],
        phase=phase,
        requests=asked[pod["tpl"]],
        terminating=deleted is not None,
        started_ms=None if started is None else _ms(started),
        ready=ready,
        ready_since_ms=_ms(since or 0),
    )


def _answer(case: dict[str, Any], tick: dict[str, Any], metric: Mapping[str, Any]) -> observed.Answer:
    source = metric["type"]
    body = metric[spec.SOURCES[source]]
    if source in ("Resource", "ContainerResource"):
        given = tick.get("rm", [])
        return _failed(given) or observed.Samples([_sample(case, row) for row in given])
    given = tick.get({"Pods": "pm", "Object": "om", "External": "xm"}[source], {}).get(
        body["metric"]["name"], {"error": "not given"}
    )
    if failed := _failed(given):
        return failed
    if source == "Pods":
        return observed.PodValues({case["pods"][row[0]]["n"]: row[3] for row in given})
    return observed.ObjectValue(given) if source == "Object" else observed.Series(given)


def _failed(given: Any) -> observed.Unavailable | None:
    return observed.Unavailable(given["error"]) if isinstance(given, dict) and "error" in given else None


def _sample(case: dict[str, Any], row: list[Any]) -> observed.PodSample:
    pod = case["pods"][row[0]]
    template = case["tpls"][pod["tpl"]]
    sidecars = [each for each in template.get("init", []) if each.get("sidecar")]
    usage: dict[str, dict[str, int]] = {}
    for resource, column in zip(case["cols"], row[3:], strict=True):
        for container, value in zip([*template["containers"], *sidecars], column, strict=True):
            if value != "absent":
                of_container = usage.setdefault(container["n"], {})
                if value is not None:
                    of_container[resource] = _milli(resource, value, case["cpuUnit"])
    return observed.PodSample(pod["n"], _ms(row[1]), _ms(row[2]), usage)


def _milli(resource: str, value: int, cpu_unit: str) -> int:
    """A sample's quantity in milli-units: rounded up; beyond 64 bits it wraps as upstream's does."""
    if resource == "cpu":
        return -(-value // 1_000_000) if cpu_unit == "n" else value
    return arithmetic.int64(value * 1000)


def _pod_spec(template: dict[str, Any]) -> dict[str, Any]:
    init = [
        _container(each) | ({"restartPolicy": "Always"} if each.get("sidecar") else {})
        for each in template.get("init", [])
    ]
    return {
        "containers": [_container(each) for each in template["containers"]],
        "initContainers": init,
        "resources": {"requests": _quantities(template.get("pod", {}))},
        "overhead": _quantities(template.get("overhead", {})),
    }


def _container(container: dict[str, Any]) -> dict[str, Any]:
    return {"name": container["n"], "resources": {"requests": _quantities(container)}}


def _quantities(given: Mapping[str, Any]) -> dict[str, str]:
    written = {"cpu": "cpu" in given and f"{given['cpu']}m", "memory": "mem" in given and str(given["mem"])}
    return {resource: text for resource, text in written.items() if text}


def _upstream_name(metric: Mapping[str, Any]) -> str:
    source = metric["type"]
    body = metric[spec.SOURCES[source]]
    if source in ("Resource", "ContainerResource"):
        if "averageValue" in body["target"]:
            return f"{body['name']} resource"
        container = " container" if source == "ContainerResource" else ""
        return f"{body['name']}{container} resource utilization (percentage of request)"
    name = body["metric"]["name"]
    if source == "Pods":
        return f"pods metric {name}"
    if source == "Object" and body["target"]["type"] == "Value":
        return f"{body['describedObject']['kind']} metric {name}"
    return f"external metric {name}({_go_text(body['metric'].get('selector'))})"


def _go_text(selector: Mapping[str, Any] | None) -> str:
    """A label selector as Go prints it."""
    if selector is None:
        return "nil"
    labels = "".join(f"{key}: {value}," for key, value in sorted((selector.get("matchLabels") or {}).items()))
    expressions = "".join(
        f"LabelSelectorRequirement{{Key:{each['key']},Operator:{each['operator']},"
        f"Values:[{' '.join(each.get('values') or [])}],}},"
        for each in selector.get("matchExpressions") or []
    )
    return (
        f"&LabelSelector{{MatchLabels:map[string]string{{{labels}}},"
        f"MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}"
    )


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _seconds(ms: int | None) -> int | None:
    return None if ms is None else ms // 1000
