"""Objects that make pods: their pod templates, how many pods they make, and which pods a selector chooses.

पॉड सीधे कम ही लिखे जाते हैं; उन्हें Deployment जैसी वस्तुएँ अपने साँचे से बनाती हैं।
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mela.cluster import labels
from mela.cluster.objects import Object, Path, System, dig, is_built_in

TEMPLATES: Mapping[str, Path] = {
    "Pod": (),
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "Rollout.argoproj.io": ("spec", "template"),
}
"""Where each type keeps its pod template."""
SCALED = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "Rollout.argoproj.io")
"""Types with `spec.replicas` and a scale subresource."""
LASTING = (*SCALED, "DaemonSet", "Pod")
"""Types whose pods run until somebody ends them."""
AUTOSCALERS = ("HorizontalPodAutoscaler", "ScaledObject.keda.sh")
ADDED = (
    "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index", "pod-template-hash", "controller-revision-hash",
    "batch.kubernetes.io/job-name", "job-name", "batch.kubernetes.io/controller-uid", "controller-uid",
)  # fmt: skip
"""Labels that controllers put on pods; no template has them. Source: https://kubernetes.io/docs/reference/labels-annotations-taints/ (2026-11-23)."""
NO_PODS = frozenset(
    "ServiceMonitor PodMonitor PrometheusRule Probe ScrapeConfig Certificate Issuer ExternalSecret SecretStore SealedSecret "
    "ScaledObject TriggerAuthentication VirtualService DestinationRule ServiceEntry Sidecar AuthorizationPolicy "
    "PeerAuthentication RequestAuthentication EnvoyFilter Gateway IngressRoute Middleware TLSOption ServersTransport "
    "Application AppProject ApplicationSet AnalysisTemplate Kustomization HelmRepository GitRepository KafkaTopic KafkaUser "
    "CiliumNetworkPolicy NetworkPolicy BackendConfig FrontendConfig ManagedCertificate TargetGroupBinding SecretProviderClass".split()
)
"""Custom kinds after which no controller makes pods; any other might."""
SYSTEM = "kube-system"
"""Its DNS, and on some clusters its control plane, are pods that no file of a user declares."""
DESTINATIONS: Mapping[str, Path] = {
    "Application.argoproj.io": ("spec", "destination", "namespace"),
    "HelmRelease.helm.toolkit.fluxcd.io": ("spec", "targetNamespace"),
    "HelmChart.helm.cattle.io": ("spec", "targetNamespace"),
}
"""Kinds that install what stands elsewhere, and where they name the namespace for it."""
KEDA_MOST = 100
"""maxReplicaCount of a ScaledObject that states none. Source: https://keda.sh/docs/2.17/reference/scaledobject-spec/ (2026-11-23)."""


@dataclass(frozen=True, slots=True, eq=False)
class Container:
    at: Path
    data: Mapping[str, Any]
    is_init: bool = False
    """Runs to its end before the others start; a sidecar does not."""

    @property
    def name(self) -> str:
        return text(self.data.get("name"))


@dataclass(frozen=True, slots=True, eq=False)
class Workload:
    """An object with the template of its pods; `at` is where the template stands, `spec_at` its pod spec."""

    object: Object
    at: Path
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    spec: Mapping[str, Any]
    containers: tuple[Container, ...]

    @property
    def type(self) -> str:
        return self.object.type

    @property
    def namespace(self) -> str:
        return self.object.namespace

    @property
    def title(self) -> str:
        """`shop/web`."""
        return f"{self.namespace}/{self.object.name}"

    @property
    def spec_at(self) -> Path:
        return (*self.at, "spec")

    @property
    def running(self) -> tuple[Container, ...]:
        """Containers and sidecars."""
        return tuple(each for each in self.containers if not each.is_init)

    @property
    def pod(self) -> Mapping[str, Any]:
        """The pod as it would be created, for decisions that look at Pod objects."""
        metadata = {
            "name": self.object.name,
            "namespace": self.namespace,
            "labels": self.labels,
            "annotations": self.annotations,
        }
        return {"metadata": metadata, "spec": self.spec}


@dataclass(frozen=True, slots=True)
class Range:
    """How many replicas a workload may have, and the autoscaler that says so, if one does."""

    least: int
    most: int
    by: Object | None = None


@dataclass(frozen=True)
class Workloads:
    """All workloads of a system, in order, with lookups."""

    all: tuple[Workload, ...]
    by_object: Mapping[Object, Workload]
    by_namespace: Mapping[str, tuple[Workload, ...]]
    by_label: Mapping[tuple[str, str, str], tuple[Workload, ...]]
    autoscalers: Mapping[tuple[str, str, str], tuple[Object, ...]]
    whole: frozenset[str]
    """Namespaces with workloads, all of whose pods come from them as far as can be told: no operator makes others."""

    def chosen(self, namespace: str, selector: labels.Selector) -> tuple[Workload, ...]:
        """Those in the namespace whose pods the selector matches; for labels that controllers add it is taken to."""
        if any(each.key in ADDED for each in selector.requirements):
            selector = labels.Selector(tuple(each for each in selector.requirements if each.key not in ADDED))
        return tuple(each for each in self._candidates(namespace, selector) if selector.matches(each.labels))

    def scaling(self, workload: Workload) -> tuple[Object, ...]:
        """The autoscalers that name the workload."""
        return self.autoscalers.get((workload.type, workload.namespace, workload.object.name), ())

    def replicas(self, workload: Workload) -> Range | None:
        """None where the number depends on something else, such as the nodes."""
        if workload.type == "Pod":
            return Range(1, 1)
        if workload.type not in SCALED:
            return None
        written = number(workload.object.get("spec", "replicas"), 1)
        scalers = self.scaling(workload)
        return _range(scalers[0]) if scalers and written else Range(written, written)

    def _candidates(self, namespace: str, selector: labels.Selector) -> tuple[Workload, ...]:
        """A few of the namespace, by the rarest pair that is asked for, instead of all."""
        pairs = [(each.key, each.values[0]) for each in selector.requirements if _is_pair(each)]
        found = [self.by_label.get((namespace, *pair), ()) for pair in pairs]
        return min(found, key=len) if found else self.by_namespace.get(namespace, ())


@lru_cache(maxsize=2)
def of(system: System) -> Workloads:
    """The workloads of a system; found once for all rules."""
    everything = tuple(found for type_ in TEMPLATES for thing in system.kind(type_) if (found := read(thing)))
    by_namespace, by_label = defaultdict(list), defaultdict(list)
    for workload in everything:
        by_namespace[workload.namespace].append(workload)
        for key, value in workload.labels.items():
            by_label[workload.namespace, key, value].append(workload)
    return Workloads(
        everything,
        {each.object: each for each in everything},
        {key: tuple(each) for key, each in by_namespace.items()},
        {key: tuple(each) for key, each in by_label.items()},
        _autoscalers(system),
        frozenset(by_namespace) - {SYSTEM} - {space for thing in system for space in _may_fill(thing)},
    )


def read(thing: Object) -> Workload | None:
    """The workload that an object is; None for one that makes no pods or has no pod spec."""
    at = TEMPLATES.get(thing.type)
    spec = None if at is None else thing.get(*at, "spec")
    if at is None or not isinstance(spec, Mapping):
        return None
    metadata = thing.get(*at, "metadata")
    return Workload(
        thing,
        at,
        texts(dig(metadata, "labels")),
        texts(dig(metadata, "annotations")),
        spec,
        tuple(_containers((*at, "spec"), spec)),
    )


def target(scaler: Object) -> tuple[str, str, str]:
    """Type, namespace and name of what an autoscaler scales."""
    of_ = scaler.get("spec", "scaleTargetRef")
    api_version = text(dig(of_, "apiVersion")) or "apps/v1"
    return type_of(api_version, text(dig(of_, "kind")) or "Deployment"), scaler.namespace, text(dig(of_, "name"))


def type_of(api_version: str, kind: str) -> str:
    """As `Object.type` has it."""
    return kind if is_built_in(api_version) else f"{kind}.{api_version.rpartition('/')[0]}"


def maps(value: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The maps of a list, with their places; nothing where `value` is no list."""
    for index, each in enumerate(value if isinstance(value, list) else ()):
        if isinstance(each, Mapping):
            yield index, each


def text(value: Any) -> str:
    """A text as it is; empty for anything else."""
    return value if isinstance(value, str) else ""


def texts(value: Any) -> Mapping[str, str]:
    """The entries of a map whose values are text."""
    return {key: each for key, each in value.items() if isinstance(each, str)} if isinstance(value, Mapping) else {}


def number(value: Any, default: int) -> int:
    """A whole number that is not negative; `default` for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else default


def selector(written: Any) -> labels.Selector:
    """The LabelSelector as parsed; one that is missing or invalid matches nothing."""
    try:
        return labels.parse(written if isinstance(written, Mapping) else None)
    except (labels.InvalidSelector, TypeError, AttributeError):
        return labels.NOTHING


def _containers(at: Path, spec: Mapping[str, Any]) -> Iterator[Container]:
    for index, each in maps(spec.get("initContainers")):
        yield Container((*at, "initContainers", index), each, is_init=each.get("restartPolicy") != "Always")
    for index, each in maps(spec.get("containers")):
        yield Container((*at, "containers", index), each)


def _may_fill(thing: Object) -> Iterator[str]:
    """The namespaces in which a controller may make pods for it."""
    if thing.type in DESTINATIONS:
        yield text(thing.get(*DESTINATIONS[thing.type]))
    if _may_make_pods(thing):
        yield thing.namespace


def _may_make_pods(thing: Object) -> bool:
    return not is_built_in(thing.api_version) and thing.type not in TEMPLATES and thing.kind not in NO_PODS


def _autoscalers(system: System) -> Mapping[tuple[str, str, str], tuple[Object, ...]]:
    found: dict[tuple[str, str, str], tuple[Object, ...]] = {}
    for scaler in system.kind(*AUTOSCALERS):
        found[target(scaler)] = (*found.get(target(scaler), ()), scaler)
    return found


def _range(scaler: Object) -> Range:
    if scaler.kind == "ScaledObject":
        least = number(scaler.get("spec", "minReplicaCount"), 0)
        return Range(least, max(least, number(scaler.get("spec", "maxReplicaCount"), KEDA_MOST)), scaler)
    least = number(scaler.get("spec", "minReplicas"), 1)
    return Range(least, max(least, number(scaler.get("spec", "maxReplicas"), least)), scaler)


def _is_pair(requirement: labels.Requirement) -> bool:
    return requirement.operator == "In" and len(requirement.values) == 1
