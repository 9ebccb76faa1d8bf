"""Selectors match the pods that they should, and no others; ports that are named exist.

Says nothing of a namespace whose pods are not in the system.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mela.cluster import labels, services, workloads
from mela.cluster.checks import Finding, rule
from mela.cluster.objects import Path, System, dig
from mela.cluster.reachability import behind
from mela.cluster.workloads import Container, Workload, maps, text

_WEB = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, namespace: shop}
    spec:
      replicas: 3
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec:
          containers:
            - name: web
              image: example.org/web:1.4.2
              ports: [{name: http, containerPort: 8080}]
              readinessProbe: {httpGet: {path: /ready, port: http}}
    """
_SERVICE = """---
    apiVersion: v1
    kind: Service
    metadata: {name: web, namespace: shop}
    spec:
      selector: {app: web}
      ports: [{port: 80, targetPort: http}]
    """
_MIGRATION = """---
    apiVersion: batch/v1
    kind: Job
    metadata: {name: migrate, namespace: shop}
    spec:
      template:
        metadata: {labels: {app: migrate}}
        spec:
          restartPolicy: Never
          containers: [{name: migrate, image: "example.org/web:1.4.2"}]
    """
_BUDGET = """---
    apiVersion: policy/v1
    kind: PodDisruptionBudget
    metadata: {name: web, namespace: shop}
    spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
    """


def _near(wanted: Mapping[str, str], pods: Sequence[Workload]) -> str:
    """The workload that shares most pairs with a selector that matches none, and where it differs."""
    score, best = max(((sum(each.labels.get(k) == v for k, v in wanted.items()), i) for i, each in enumerate(pods)))
    if not score and len(pods) > 1:
        return ""
    thing = pods[best]
    wrong = ", ".join(
        f"{key}={thing.labels.get(key, '(none)')}" for key, value in wanted.items() if thing.labels.get(key) != value
    )
    return f" The pods of {thing.object.title} have {wrong}."


@rule(
    id="service-selects-nothing",
    severity="error",
    about="A Service with a selector selects pods.",
    good=_WEB + _SERVICE,
    bad=_WEB + _SERVICE.replace("selector: {app: web}", "selector: {app: website}"),
)
def service_selects_nothing(system: System) -> Iterator[Finding]:
    for service in system.kind("Service"):
        wanted = workloads.texts(service.get("spec", "selector"))
        pods = workloads.of(system).by_namespace.get(service.namespace, ())
        if (
            wanted
            and service.namespace in workloads.of(system).whole
            and service.get("spec", "type") != "ExternalName"
            and not behind(system, service)
        ):
            yield Finding(
                service,
                ("spec", "selector"),
                says=f"No pods in namespace {service.namespace} have all of {_pairs(wanted)}.{_near(wanted, pods)}",
                happens="The Service has no endpoints: connections to it are refused.",
                mend="Select labels of the pod template, `spec.template.metadata.labels`.",
            )


def _pairs(wanted: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in wanted.items())


@rule(
    id="service-port-unserved",
    severity="error",
    about="A Service's named target port is the name of a container port, and a numbered one is among those declared.",
    good=_WEB + _SERVICE,
    bad=_WEB + _SERVICE.replace("targetPort: http", "targetPort: web"),
)
def service_port_unserved(system: System) -> Iterator[Finding]:
    """A number that no container declares may still be listened on, so it is only a warning."""
    for service in system.kind("Service"):
        pods = behind(system, service)
        for index, port in maps(service.get("spec", "ports")) if pods else ():
            declared = [each for pod in pods for each in _declared(pod)]
            target = port.get("targetPort", port.get("port"))
            if declared and not any(target in (each.get("name"), each.get("containerPort")) for each in declared):
                offered = ", ".join(
                    f"{each.get('containerPort')} {text(each.get('name'))}".strip() for each in declared
                )
                yield Finding(
                    service,
                    ("spec", "ports", index, "targetPort"),
                    says=f"The Service sends to port {target}; the containers declare {offered}.",
                    happens="The port has no endpoints: connections are refused."
                    if isinstance(target, str)
                    else "Unless the program listens there all the same, connections are refused.",
                    mend="Name one of the container's ports.",
                    severity="error" if isinstance(target, str) else "warning",
                )
            elif not declared and isinstance(target, str):
                yield Finding(
                    service,
                    ("spec", "ports", index, "targetPort"),
                    says=f"The Service sends to the port called {target}; the containers declare no ports.",
                    happens="The port has no endpoints: connections are refused.",
                    mend=f"Add `ports: [{{name: {target}, containerPort: …}}]` to the container.",
                )


def _declared(pod: Workload) -> Iterator[Mapping[str, Any]]:
    for container in pod.running:
        yield from (port for _, port in maps(container.data.get("ports")))


@rule(
    id="service-selects-strangers",
    severity="warning",
    about="All pods behind a Service serve its ports; those of Jobs and helpers have labels of their own.",
    good=_WEB + _SERVICE + _MIGRATION,
    bad=_WEB + _SERVICE + _MIGRATION.replace("app: migrate", "app: web"),
)
def service_selects_strangers(system: System) -> Iterator[Finding]:
    """Only where one workload declares the port and another does not."""
    for service in system.kind("Service"):
        pods = behind(system, service)
        parsed = services.parse(service.data) if len(pods) > 1 else None
        for port in parsed.ports if parsed else ():
            serves = [
                any(port.target in (each.get("name"), each.get("containerPort")) for each in _declared(pod))
                for pod in pods
            ]
            if any(serves) and not all(serves):
                stranger = pods[serves.index(False)]
                yield Finding(
                    service,
                    ("spec", "selector"),
                    says=f"The Service also selects the pods of {stranger.object.title}, which declare no port {port.target}.",
                    happens="While those pods run and are ready, a share of the connections goes to them and fails."
                    if isinstance(port.target, int)
                    else "Those pods are listed without the port; a mistake in one label decides who gets traffic.",
                    mend="Give them labels of their own, or narrow the selector.",
                )
                break


@rule(
    id="controllers-share-pods",
    severity="error",
    about="No two controllers select the same pods.",
    good=_WEB + "---" + _WEB.replace("name: web, n", "name: api, n").replace("app: web", "app: api"),
    bad=_WEB + "---" + _WEB.replace("name: web, n", "name: api, n"),
)
def controllers_share_pods(system: System) -> Iterator[Finding]:
    """Source: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#selector (2026-11-23)."""
    pods = workloads.of(system)
    for workload in pods.all:
        if workload.type not in (*workloads.SCALED, "DaemonSet"):
            continue
        chosen = pods.chosen(workload.namespace, _own_selector(workload))
        other = next((each for each in chosen if each is not workload and each.type in workloads.LASTING), None)
        if other:
            yield Finding(
                workload.object,
                ("spec", "selector"),
                says=f"The selector also matches the pods of {other.object.title}.",
                happens="Whoever counts pods by it counts both: an autoscaler's average is of strangers too, a budget "
                "adds them up, and an orphaned pod is adopted by the wrong one.",
                mend="Add a label that only these pods have, to selector and template. The selector cannot be changed "
                "later: the object has to be made anew.",
            )


def _own_selector(workload: Workload) -> labels.Selector:
    written = workload.object.get("spec", "selector")
    if workload.type == "ReplicationController":
        return labels.of_map(workloads.texts(written) or workload.labels)
    return workloads.selector(written)


@rule(
    id="budget-selects-nothing",
    severity="error",
    about="A disruption budget selects pods.",
    good=_WEB + _BUDGET,
    bad=_WEB + _BUDGET.replace("app: web", "app: website"),
)
def budget_selects_nothing(system: System) -> Iterator[Finding]:
    for budget in system.kind("PodDisruptionBudget"):
        pods = workloads.of(system)
        wanted = workloads.selector(budget.get("spec", "selector"))
        if budget.namespace in pods.whole and not pods.chosen(budget.namespace, wanted):
            yield Finding(
                budget,
                ("spec", "selector"),
                says=f"No pods in namespace {budget.namespace} match the budget's selector.",
                happens="The budget protects nothing: a drain may take every pod at once.",
                mend="Select labels of the pod template.",
            )


@rule(
    id="probe-port-unknown",
    severity="error",
    about="A probe or hook that names a port names one of its container's.",
    good=_WEB,
    bad=_WEB.replace("port: http}", "port: web}"),
)
def probe_port_unknown(system: System) -> Iterator[Finding]:
    for workload in workloads.of(system).all:
        for container in workload.containers:
            names = {port.get("name") for _, port in maps(container.data.get("ports"))}
            for path, port in _named_ports(container):
                if port not in names:
                    yield Finding(
                        workload.object,
                        path,
                        says=f"The container has no port called {port}.",
                        happens="The probe fails each time: the pod never gets ready, or is restarted again and again.",
                        mend="Name the port in `ports`, or write its number.",
                    )


def _named_ports(container: Container) -> Iterator[tuple[Path, str]]:
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        for handler in ("httpGet", "tcpSocket"):
            port = dig(container.data, probe, handler, "port")
            if isinstance(port, str) and not port.isdigit():
                yield (*container.at, probe, handler, "port"), port


@rule(
    id="spread-counts-others",
    severity="warning",
    about="A topology spread constraint or anti-affinity that should part a workload's pods selects these pods.",
    good=_WEB.replace(
        "          containers:",
        "          topologySpreadConstraints:\n"
        "            - {maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule,\n"
        "               labelSelector: {matchLabels: {app: web}}}\n          containers:",
    ),
    bad=_WEB.replace(
        "          containers:",
        "          topologySpreadConstraints:\n"
        "            - {maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule,\n"
        "               labelSelector: {matchLabels: {app: website}}}\n          containers:",
    ),
)
def spread_counts_others(system: System) -> Iterator[Finding]:
    """A constraint without a selector counts nothing at all.

    Source: https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/ (2026-11-23)."""
    for workload in workloads.of(system).all:
        for index, constraint in maps(workload.spec.get("topologySpreadConstraints")):
            written = constraint.get("labelSelector")
            if not workloads.selector(written).matches(workload.labels):
                yield Finding(
                    workload.object,
                    (*workload.spec_at, "topologySpreadConstraints", index, "labelSelector"),
                    says="The constraint does not count the workload's own pods.",
                    happens="They are not parted: all of them may land in one zone or on one node, and fail with it.",
                    mend="Use the labels of the pod template as labelSelector.",
                )
