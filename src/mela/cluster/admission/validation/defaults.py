"""What the API server fills in before it validates, as far as validation can see it.

`ABSENT` fills fields that are missing, `EMPTY` also those that are empty or zero; `STRUCTS` and `KINDS` hold what needs
more than a value. Fields of features that are off in 1.36 are dropped, as the API server does.
Source: pkg/apis/*/v1/defaults.go, pkg/api/pod/util.go and pkg/registry/*/strategy.go, Kubernetes v1.36.3 (read
2026-11-23).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mela.cluster.admission.pod_security.rules import APP_ARMOR_ANNOTATION
from mela.cluster.admission.quota import pods
from mela.cluster.admission.quota.resources import rounded_up

Thing = dict[str, Any]

LONGEST_PROFILE = 4095
UNKNOWN_UID = "made-by-the-api-server"

ABSENT: Mapping[str, Mapping[str, Any]] = {
    "AzureDiskVolumeSource": {"kind": "Shared", "cachingMode": "ReadWrite"},
    "HorizontalPodAutoscalerSpec": {"minReplicas": 1},
    "NetworkPolicyPort": {"protocol": "TCP"},
    "PodSpec": {"terminationGracePeriodSeconds": 30},
    "PriorityClass": {"preemptionPolicy": "PreemptLowerPriority"},
    "ServiceAccountTokenProjection": {"expirationSeconds": 3600},
}
EMPTY: Mapping[str, Mapping[str, Any]] = {
    "Container": {"imagePullPolicy": "IfNotPresent", "terminationMessagePolicy": "File"},
    "ContainerPort": {"protocol": "TCP"},
    "CronJobSpec": {"concurrencyPolicy": "Allow"},
    "EphemeralContainer": {"imagePullPolicy": "IfNotPresent", "terminationMessagePolicy": "File"},
    "HTTPGetAction": {"path": "/", "scheme": "HTTP"},
    "ImageVolumeSource": {"pullPolicy": "IfNotPresent"},
    "ObjectFieldSelector": {"apiVersion": "v1"},
    "PodFailurePolicyOnPodConditionsPattern": {"status": "True"},
    "PodSpec": {"restartPolicy": "Always", "dnsPolicy": "ClusterFirst"},
    "Probe": {"successThreshold": 1},
    "Secret": {"type": "Opaque"},
    "ServicePort": {"protocol": "TCP"},
    "StatefulSetPersistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
}
QUANTITIES: Mapping[str, tuple[str, ...]] = {
    "LimitRangeItem": ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio"),
    "PodSpec": ("overhead",),
    "ResourceQuotaSpec": ("hard",),
    "ResourceRequirements": ("limits", "requests"),
    "VolumeResourceRequirements": ("limits", "requests"),
}
"""Resource lists, which are rounded up to thousandths."""
OFF: Mapping[str, tuple[str, ...]] = {
    "PodSpec": ("schedulingGroup",),
    "RollingUpdateStatefulSetStrategy": ("maxUnavailable",),
    "VolumeProjection": ("clusterTrustBundle", "podCertificate"),
}
"""Fields whose feature gates are off by default in 1.36."""
DATA_SOURCES = {("PersistentVolumeClaim", ""), ("VolumeSnapshot", "snapshot.storage.k8s.io")}
SCALE_UP = [{"type": "Pods", "value": 4, "periodSeconds": 15}, {"type": "Percent", "value": 100, "periodSeconds": 15}]
SCALE_DOWN = [{"type": "Percent", "value": 100, "periodSeconds": 15}]


def fill(type_: str, thing: Thing) -> None:
    """Complete a decoded struct in place; its children are complete already."""
    for name in OFF.get(type_, ()):
        thing.pop(name, None)
    for name, value in ABSENT.get(type_, {}).items():
        thing.setdefault(name, value)
    for name, value in EMPTY.get(type_, {}).items():
        thing[name] = thing.get(name) or value
    for name in QUANTITIES.get(type_, ()):
        if name in thing:
            thing[name] = {resource: rounded_up(amount) for resource, amount in thing[name].items()}
    if type_ in STRUCTS:
        STRUCTS[type_](thing)


def prepare(kind: str, thing: Thing) -> None:
    """Complete a whole object in place, after its name is known; nested objects of the kind are not treated so."""
    if kind in KINDS:
        KINDS[kind](thing)


def _pod(pod: Thing) -> None:
    """Requests come from limits, host ports of host network pods from container ports; grace is never negative."""
    pod["spec"] = spec = pods.with_defaults(pod)["spec"]
    if spec["terminationGracePeriodSeconds"] < 0:
        spec["terminationGracePeriodSeconds"] = 1
    if spec.get("hostNetwork"):
        for container in (*spec["containers"], *spec["initContainers"]):
            for port in container.get("ports") or ():
                port["hostPort"] = port.get("hostPort") or port.get("containerPort") or 0
    _sync_label_keys(pod)
    if (spec.get("os") or {}).get("name") != "windows":
        _sync_app_armor(pod)


def _sync_app_armor(pod: Thing) -> None:
    """A sound annotation of old becomes the container's field, unless the pod says the same."""
    annotations = pod["metadata"].get("annotations") or {}
    whole = (pod["spec"].get("securityContext") or {}).get("appArmorProfile")
    for key in ("initContainers", "containers", "ephemeralContainers"):
        for container in pod["spec"].get(key) or ():
            profile = _app_armor_profile(annotations.get(APP_ARMOR_ANNOTATION + container.get("name", "")))
            own = (container.get("securityContext") or {}).get("appArmorProfile")
            if profile and own is None and profile != whole:
                container["securityContext"] = {**(container.get("securityContext") or {}), "appArmorProfile": profile}


def _app_armor_profile(annotation: str | None) -> Thing | None:
    if annotation in ("unconfined", "runtime/default"):
        return {"type": "Unconfined" if annotation == "unconfined" else "RuntimeDefault"}
    name = (annotation or "").removeprefix("localhost/")
    sound = annotation != name and name and name == name.strip() and len(name.encode()) <= LONGEST_PROFILE
    return {"type": "Localhost", "localhostProfile": name} if sound else None


def _sync_label_keys(pod: Thing) -> None:
    """The pod's own labels join the selectors that name their keys."""
    own = (pod.get("metadata") or {}).get("labels") or {}
    for term in (*_affinity_terms(pod["spec"]), *(pod["spec"].get("topologySpreadConstraints") or ())):
        selector = term.get("labelSelector")
        if selector is None:
            continue
        for keys, operator in (("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn")):
            added = [
                {"key": key, "operator": operator, "values": [own[key]]} for key in term.get(keys) or () if key in own
            ]
            if added:
                selector["matchExpressions"] = [*(selector.get("matchExpressions") or ()), *added]


def _affinity_terms(spec: Thing) -> Iterator[Thing]:
    affinity = spec.get("affinity") or {}
    for side in ("podAffinity", "podAntiAffinity"):
        rules = affinity.get(side) or {}
        yield from rules.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
        for weighted in rules.get("preferredDuringSchedulingIgnoredDuringExecution") or ():
            yield weighted["podAffinityTerm"]


def _pod_spec(spec: Thing) -> None:
    if not spec.get("serviceAccountName"):
        spec["serviceAccountName"] = spec.get("serviceAccount") or ""


def _container(container: Thing) -> None:
    """The stop signal's feature is off; a lifecycle that held nothing else is gone with it."""
    lifecycle = container.get("lifecycle")
    if lifecycle is not None and lifecycle.pop("stopSignal", None) is not None and not lifecycle:
        del container["lifecycle"]


def _volume(volume: Thing) -> None:
    if not set(volume) - {"name"}:
        volume["emptyDir"] = {}


def _service(service: Thing) -> None:
    spec = service["spec"]
    spec["type"] = spec.get("type") or "ClusterIP"
    spec["sessionAffinity"] = spec.get("sessionAffinity") or "None"
    _session_affinity(spec)
    external = spec["type"] in ("LoadBalancer", "NodePort") or (
        spec["type"] == "ClusterIP" and bool(spec.get("externalIPs"))
    )
    if external and not spec.get("externalTrafficPolicy"):
        spec["externalTrafficPolicy"] = "Cluster"
    if spec["type"] in ("ClusterIP", "NodePort", "LoadBalancer"):
        spec.setdefault("internalTrafficPolicy", "Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)


def _session_affinity(spec: Thing) -> None:
    if spec["sessionAffinity"] == "None":
        spec.pop("sessionAffinityConfig", None)
    if spec["sessionAffinity"] == "ClientIP":
        timeout = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
        if "timeoutSeconds" not in timeout:
            spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": 10800}}


def _service_port(port: Thing) -> None:
    if port.get("targetPort") in (None, 0, ""):
        port["targetPort"] = port.get("port", 0)


def _claim(claim: Thing) -> None:
    """`dataSource` and `dataSourceRef` are copied onto each other; a data source of another kind is dropped."""
    spec = claim["spec"]
    if (spec.get("dataSourceRef") or {}).get("namespace"):
        del spec["dataSourceRef"]
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if source is not None and reference is None:
        if (source.get("kind"), source.get("apiGroup") or "") in DATA_SOURCES:
            spec["dataSourceRef"] = dict(source)
        else:
            del spec["dataSource"]
    elif reference is not None and source is None:
        spec["dataSource"] = {key: reference[key] for key in ("apiGroup", "kind", "name") if key in reference}


def _deployment(deployment: Thing) -> None:
    spec = deployment["spec"]
    strategy = spec["strategy"]
    strategy["type"] = strategy.get("type") or "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
    spec.setdefault("progressDeadlineSeconds", 600)


def _daemon_set(daemon_set: Thing) -> None:
    strategy = daemon_set["spec"]["updateStrategy"]
    strategy["type"] = strategy.get("type") or "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", 1)
        rolling.setdefault("maxSurge", 0)


def _stateful_set(stateful_set: Thing) -> None:
    spec = stateful_set["spec"]
    spec["podManagementPolicy"] = spec.get("podManagementPolicy") or "OrderedReady"
    strategy = spec["updateStrategy"]
    strategy["type"] = strategy.get("type") or "RollingUpdate"


def _job(job: Thing) -> None:
    """Counts, then the generated selector and the labels that it looks for."""
    spec = job["spec"]
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("podReplacementPolicy", "Failed" if "podFailurePolicy" in spec else "TerminatingOrFailed")
    metadata, template = job["metadata"], spec["template"]["metadata"]
    if template.get("labels") and not metadata.get("labels"):
        metadata["labels"] = dict(template["labels"])
    if not spec.get("manualSelector"):
        _generate_selector(spec, template, metadata.get("name") or "")


def _generate_selector(spec: Thing, template: Thing, name: str) -> None:
    template["labels"] = {
        "job-name": name,
        "batch.kubernetes.io/job-name": name,
        "controller-uid": UNKNOWN_UID,
        "batch.kubernetes.io/controller-uid": UNKNOWN_UID,
        **(template.get("labels") or {}),
    }
    selector = spec.setdefault("selector", {})
    selector["matchLabels"] = {
        "batch.kubernetes.io/controller-uid": UNKNOWN_UID,
        **(selector.get("matchLabels") or {}),
    }


def _autoscaler(autoscaler: Thing) -> None:
    spec = autoscaler["spec"]
    behavior = spec.get("behavior")
    if behavior is not None:
        for direction, policies in (("scaleUp", SCALE_UP), ("scaleDown", SCALE_DOWN)):
            behavior[direction] = {"policies": policies, **behavior.get(direction, {})}


def _network_policy(policy: Thing) -> None:
    spec = policy["spec"]
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress"]


def _role_binding(binding: Thing) -> None:
    reference = binding["roleRef"]
    reference["apiGroup"] = reference.get("apiGroup") or "rbac.authorization.k8s.io"


def _subject(subject: Thing) -> None:
    if not subject.get("apiGroup") and subject.get("kind") in ("User", "Group"):
        subject["apiGroup"] = "rbac.authorization.k8s.io"


def _limit_range(limit_range: Thing) -> None:
    metadata = limit_range["metadata"]
    metadata["name"] = metadata.get("name") or "a-name-that-the-api-server-makes"


def _limit_range_item(item: Thing) -> None:
    if item.get("type") == "Container":
        item["default"] = (item.get("max") or {}) | (item.get("default") or {})
        item["defaultRequest"] = (item.get("min") or {}) | item["default"] | (item.get("defaultRequest") or {})


STRUCTS: Mapping[str, Callable[[Thing], None]] = {
    "Container": _container,
    "EphemeralContainer": _container,
    "LimitRangeItem": _limit_range_item,
    "PodSpec": _pod_spec,
    "ServicePort": _service_port,
    "Subject": _subject,
    "Volume": _volume,
}
KINDS: Mapping[str, Callable[[Thing], None]] = {
    "DaemonSet": _daemon_set,
    "Deployment": _deployment,
    "HorizontalPodAutoscaler": _autoscaler,
    "Job": _job,
    "LimitRange": _limit_range,
    "NetworkPolicy": _network_policy,
    "PersistentVolumeClaim": _claim,
    "Pod": _pod,
    "RoleBinding": _role_binding,
    "Service": _service,
    "StatefulSet": _stateful_set,
}
