"""NetworkPolicies against the calls that are made: what is needed and closed, what is open and not needed.

Probes need no rule: a node always reaches the pods that it runs. Says nothing of where DNS, scrapers or ingress
controllers run when a rule leaves it open.
Source: https://kubernetes.io/docs/concepts/services-networking/network-policies/ (2026-11-23).
"""

from collections.abc import Iterator, Sequence

from mela.cluster import reachability, references, workloads
from mela.cluster.checks import Finding, rule
from mela.cluster.networkpolicy import Peer, Pod, Policy, PortRange, Rule, Side
from mela.cluster.objects import Object, Path, System
from mela.cluster.reachability import Call, behind
from mela.cluster.workloads import Workload, maps, number, text

DNS = Pod("kube-system", "dns", {"k8s-app": "kube-dns"})
"""Where every distribution that follows upstream has the cluster's DNS. Source: CoreDNS addon of Kubernetes v1.36."""
NODE_LOCAL_DNS = "169.254.20.10"
"""Source: https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/ (2026-11-23)."""
DNS_PORTS = (53, 5353)
MOST_PAIRS = 100_000
"""Pairs of workloads that are compared for what is open and not needed."""

SHOP = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, namespace: shop, annotations: {mela.dev/calls: "catalog:80"}}
    spec:
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec:
          containers: [{name: web, image: "example.org/web:1.4.2", ports: [{containerPort: 8080}]}]
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: catalog, namespace: shop, annotations: {mela.dev/calls: ""}}
    spec:
      selector: {matchLabels: {app: catalog}}
      template:
        metadata: {labels: {app: catalog}}
        spec:
          containers: [{name: catalog, image: "example.org/catalog:1.4.2", ports: [{containerPort: 8080}]}]
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: catalog, namespace: shop}
    spec: {selector: {app: catalog}, ports: [{port: 80, targetPort: 8080}]}
    ---
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: web, namespace: shop}
    spec:
      podSelector: {matchLabels: {app: web}}
      policyTypes: [Ingress, Egress]
      egress:
        - to: [{podSelector: {matchLabels: {app: catalog}}}]
          ports: [{port: 8080}]
        - to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector: {matchLabels: {k8s-app: kube-dns}}}]
          ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
    ---
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: catalog, namespace: shop}
    spec:
      podSelector: {matchLabels: {app: catalog}}
      policyTypes: [Ingress, Egress]
      ingress:
        - from: [{podSelector: {matchLabels: {app: web}}}]
          ports: [{port: 8080}]
    """


@rule(
    id="call-blocked",
    severity="error",
    about="Every call that a workload makes is allowed by its own policies and by those of the pods that it calls.",
    good=SHOP,
    bad=SHOP.replace("from: [{podSelector: {matchLabels: {app: web}}}]", "from: [{podSelector: {matchLabels: {app: website}}}]"),
)  # fmt: skip
def call_blocked(system: System) -> Iterator[Finding]:
    told: set[tuple[Workload, str]] = set()
    for call in reachability.of(system).calls:
        sides = _closed(system, call)
        if sides and (call.source, call.written) not in told:
            told.add((call.source, call.written))
            yield Finding(
                call.object,
                call.path,
                says=f"{call.source.object.title} calls {call.written}, and {' and '.join(sides)}.",
                happens="Where the network plugin enforces policies, the connection is dropped and the caller waits for its time-out.",
                mend=f"Allow {_port(call)} in egress of the caller and in ingress of the called; a policy's port is the pod's, "
                "not the Service's.",
            )


def _closed(system: System, call: Call) -> list[str]:
    """The closed sides of a call, in words; none if some pod that it may mean is reached."""
    network = reachability.of(system)
    if not call.to and not call.ip:
        return [] if _leads_outside(network.selecting(call.source), call.port, call.protocol) else [_egress(call)]
    if not call.to:
        side = network.to_outside(call.source, call.ip, call.port, call.protocol).egress
        return [] if side.allowed else [_side(side, call.source, "leave", call)]
    verdicts = [(to, network.verdict(call.source, to, call.port, call.protocol)) for to in call.to]
    closed = [(to, verdict) for to, verdict in verdicts if not verdict.allowed]
    if len(closed) < len(verdicts):
        return []
    to, verdict = closed[0]
    leaving = [] if verdict.egress.allowed else [_side(verdict.egress, call.source, "leave", call)]
    return leaving + ([] if verdict.ingress.allowed else [_side(verdict.ingress, to, "enter", call)])


def _side(side: Side, workload: Workload, way: str, call: Call) -> str:
    names = ", ".join(each.rpartition("/")[2] for each in side.policies)
    return f"no rule of {names} lets it {way} {workload.object.name} on {_port(call)}"


def _egress(call: Call) -> str:
    return f"no egress rule of {call.source.object.name} leads out of the cluster on {_port(call)}"


def _port(call: Call) -> str:
    return f"{call.protocol} {call.port}"


def _leads_outside(policies: Sequence[Policy], port: int, protocol: str) -> bool:
    """Some host outside can be reached: nothing is closed, or a rule has a block of addresses or no peers at all."""
    closing = [each.egress for each in policies if each.egress is not None]
    return not closing or any(_opens(rule_, port, protocol) for rules in closing for rule_ in rules)


def _opens(rule_: Rule, port: int, protocol: str) -> bool:
    """For somebody who is no pod of the policy's own namespace."""
    foreign = not rule_.peers or any(peer.block or peer.namespaces is not None for peer in rule_.peers)
    return foreign and _has_port(rule_, port, protocol)


def _has_port(rule_: Rule, port: int, protocol: str) -> bool:
    return not rule_.ports or any(_covers(each, port, protocol) for each in rule_.ports)


def _covers(range_: PortRange, port: int, protocol: str) -> bool:
    """A named port may be this one."""
    if range_.protocol != protocol:
        return False
    return bool(range_.name) or range_.first is None or range_.first <= port <= (range_.last or range_.first)


@rule(
    id="calls-unreadable",
    severity="error",
    about="Each word of the annotation `mela.dev/calls` names a Service's port, addresses or `internet`: `catalog:80`.",
    good=SHOP,
    bad=SHOP.replace('"catalog:80"', '"catalogue:80"'),
)
def calls_unreadable(system: System) -> Iterator[Finding]:
    for workload, word in reachability.of(system).unread:
        yield Finding(
            workload.object,
            ("metadata", "annotations", reachability.CALLS),
            says=f"`{word}` names no Service of these files with that port.",
            happens="The call is not checked.",
            mend="Write `service:port`, `service.namespace:port`, `10.0.0.0/8:5432` or `internet:443`; UDP as `…:53/UDP`.",
        )


@rule(
    id="call-not-needed",
    severity="warning",
    about="Policies let a workload that declares its calls reach nothing else.",
    good=SHOP,
    bad=SHOP.replace('"catalog:80"', '""'),
)
def call_not_needed(system: System) -> Iterator[Finding]:
    """Only where both ends are closed by policies: what nobody closed is `pods-not-isolated`."""
    network = reachability.of(system)
    needed = {(call.source, to, call.port, call.protocol) for call in network.calls for to in call.to}
    sources = [each for each in network.pods if reachability.declares(each)]
    if len(sources) * len(network.pods) > MOST_PAIRS:
        return
    for source in sources:
        extra = [
            (to, port.number, port.protocol)
            for to, pod in network.pods.items()
            for port in pod.ports
            if to is not source and (source, to, port.number, port.protocol) not in needed
            and _is_opened(network, source, to, port.number, port.protocol)
        ]  # fmt: skip
        if extra:
            told = ", ".join(f"{to.namespace}/{to.object.name}:{port}" for to, port, _ in extra[:4])
            yield Finding(
                source.object,
                ("metadata", "annotations", reachability.CALLS),
                says=f"Policies let it reach {told}{' …' if len(extra) > 4 else ''}, which it does not declare to call.",
                happens="Whoever takes over one of these pods gets further than the application ever needs to.",
                mend="Narrow the policies, or declare the call.",
            )


def _is_opened(network: reachability.Network, source: Workload, to: Workload, port: int, protocol: str) -> bool:
    verdict = network.verdict(source, to, port, protocol)
    return verdict.allowed and bool(verdict.egress.allowed_by) and bool(verdict.ingress.allowed_by)


@rule(
    id="dns-blocked",
    severity="error",
    about="A workload that calls others by name may ask the cluster's DNS, over UDP.",
    good=SHOP,
    bad=SHOP.replace("{port: 53, protocol: UDP}, {port: 53, protocol: TCP}", "{port: 53}"),
)
def dns_blocked(system: System) -> Iterator[Finding]:
    """A rule that opens the port to others than kube-dns is taken for a cluster that has its DNS elsewhere."""
    network = reachability.of(system)
    for workload in dict.fromkeys(call.source for call in network.calls if not call.ip):
        closing = [(policy, policy.egress) for policy in network.selecting(workload) if policy.egress is not None]
        open_ = [
            rule_ for _, rules in closing for rule_ in rules if any(_has_port(rule_, each, "UDP") for each in DNS_PORTS)
        ]
        elsewhere = [rule_ for rule_ in open_ if any(_is_foreign(peer) for peer in rule_.peers)]
        asks = network.to_pod(workload, DNS, 53, "UDP").egress.allowed
        if (
            closing
            and not asks
            and not elsewhere
            and not network.to_outside(workload, NODE_LOCAL_DNS, 53, "UDP").egress.allowed
        ):
            tcp = network.to_pod(workload, DNS, 53, "TCP").egress.allowed
            yield Finding(
                system.find("NetworkPolicy", closing[0][0].namespace, closing[0][0].name) or workload.object,
                ("spec", "egress"),
                says=f"{workload.object.title} calls others by name, and no egress rule lets it ask the DNS"
                + (" over UDP: a port without protocol is TCP." if tcp else "."),
                happens="Every name fails to resolve after some seconds; each call fails although its own rule is right.",
                mend="Allow UDP and TCP 53 to pods `k8s-app: kube-dns` in namespace kube-system.",
            )


def _is_foreign(peer: Peer) -> bool:
    return peer.block is not None or peer.namespaces is not None


@rule(
    id="dns-over-tcp-blocked",
    severity="info",
    about="Who may ask the DNS over UDP may over TCP too: long answers come that way.",
    good=SHOP,
    bad=SHOP.replace("{port: 53, protocol: UDP}, {port: 53, protocol: TCP}", "{port: 53, protocol: UDP}"),
)
def dns_over_tcp_blocked(system: System) -> Iterator[Finding]:
    network = reachability.of(system)
    told: set[str] = set()
    for workload in network.pods:
        udp = network.to_pod(workload, DNS, 53, "UDP").egress if network.selecting(workload) else None
        if udp and udp.allowed_by and not network.to_pod(workload, DNS, 53, "TCP").egress.allowed:
            namespace, _, name = udp.allowed_by[0].partition("/")
            thing = system.find("NetworkPolicy", namespace, name)
            if thing and thing.title not in told:
                told.add(thing.title)
                yield Finding(
                    thing,
                    ("spec", "egress"),
                    says="DNS is open over UDP and closed over TCP.",
                    happens="Names with long answers, such as headless Services of many pods, fail to resolve now and then.",
                    mend="Add `{port: 53, protocol: TCP}` to the rule.",
                )


@rule(
    id="entry-blocked",
    severity="error",
    about="Pods behind an Ingress, a route, a LoadBalancer or a NodePort let somebody from outside their namespace in.",
    good=SHOP,
    bad=SHOP + """---
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: {name: shop, namespace: shop}
    spec: {defaultBackend: {service: {name: catalog, port: {number: 80}}}}
    """,
)  # fmt: skip
def entry_blocked(system: System) -> Iterator[Finding]:
    network = reachability.of(system)
    for thing, path, service in _entries(system):
        for workload in behind(system, service):
            closing = [each.ingress for each in network.selecting(workload) if each.ingress is not None]
            ports = _ports(service, workload)
            opened = [
                rule_ for rules in closing for rule_ in rules if any(_opens(rule_, port, "TCP") for port in ports)
            ]
            near = any(_near_controller(network, rule_, workload) for rules in closing for rule_ in rules)
            if closing and ports and not opened and not near:
                yield Finding(
                    thing,
                    path,
                    says=f"Requests for {service.title} come from outside namespace {workload.namespace}, "
                    f"and no ingress rule of {workload.object.name} lets anybody from there in.",
                    happens="Where policies are enforced, every request from outside ends in a time-out (504).",
                    mend="Add an ingress rule for the controller's namespace, or for the load balancer's addresses.",
                )


def _entries(system: System) -> Iterator[tuple[Object, tuple[str | int, ...], Object]]:
    for found in references.of(system):
        is_entry = found.object.type in ("Ingress", "HTTPRoute", "GRPCRoute") and found.type == "Service"
        if is_entry and (service := system.find(*found.identity)):
            yield found.object, found.path, service
    for service in system.kind("Service"):
        if service.get("spec", "type") in ("LoadBalancer", "NodePort"):
            yield service, ("spec", "type"), service


def _ports(service: Object, workload: Workload) -> list[int]:
    targets = [port.get("targetPort", port.get("port")) for _, port in maps(service.get("spec", "ports"))]
    numbers = (_named(workload, each) if isinstance(each, str) else number(each, 0) for each in targets)
    return [each for each in numbers if each]


def _near_controller(network: reachability.Network, rule_: Rule, workload: Workload) -> bool:
    """A rule for pods of the own namespace that are not in the system, or read as an ingress controller: perhaps it is there."""
    own = [each for each in network.pods if each.namespace == workload.namespace]
    for peer in rule_.peers:
        if peer.block is None and peer.namespaces is None:
            matched = [each for each in own if peer.pods.matches(each.labels)]
            if not matched or any("ingress" in each.object.name or "gateway" in each.object.name for each in matched):
                return True
    return False


@rule(
    id="scrape-blocked",
    severity="error",
    about="Pods that ask to be scraped let somebody in on that port.",
    good=SHOP,
    bad=SHOP.replace("metadata: {labels: {app: catalog}}", "metadata: {labels: {app: catalog}, annotations: {prometheus.io/scrape: 'true', prometheus.io/port: '9090'}}"),
)  # fmt: skip
def scrape_blocked(system: System) -> Iterator[Finding]:
    """By annotation on the pods, or by a ServiceMonitor or PodMonitor of the Prometheus operator."""
    network = reachability.of(system)
    for thing, path, workload, port in _scraped(system):
        closing = [each.ingress for each in network.selecting(workload) if each.ingress is not None]
        if closing and port and not any(_has_port(each, port, "TCP") for rules in closing for each in rules):
            yield Finding(
                thing,
                path,
                says=f"{workload.object.name} is to be scraped on port {port}, and no ingress rule opens it to anybody.",
                happens="The target is down in Prometheus; dashboards and alerts of this workload are empty.",
                mend="Add an ingress rule for the monitoring namespace on that port.",
            )


def _scraped(system: System) -> Iterator[tuple[Object, Path, Workload, int]]:
    for workload in workloads.of(system).all:
        written = workload.annotations.get("prometheus.io/port", "")
        if workload.annotations.get("prometheus.io/scrape") == "true" and written.isdecimal():
            path = (*workload.at, "metadata", "annotations", "prometheus.io/scrape")
            yield workload.object, path, workload, int(written)
    for monitor in system.kind("ServiceMonitor.monitoring.coreos.com"):
        for service in _monitored(system, monitor):
            for index, endpoint in maps(monitor.get("spec", "endpoints")):
                for workload, port in _behind_port(system, service, text(endpoint.get("port"))):
                    yield monitor, ("spec", "endpoints", index), workload, port
    for monitor in system.kind("PodMonitor.monitoring.coreos.com"):
        chosen = workloads.of(system).chosen(monitor.namespace, workloads.selector(monitor.get("spec", "selector")))
        for index, endpoint in maps(monitor.get("spec", "podMetricsEndpoints")):
            for workload in chosen if monitor.get("spec", "namespaceSelector") is None else ():
                yield (
                    monitor,
                    ("spec", "podMetricsEndpoints", index),
                    workload,
                    _named(workload, text(endpoint.get("port"))),
                )


def _monitored(system: System, monitor: Object) -> Iterator[Object]:
    """Services that a ServiceMonitor selects: of its own namespace, or of those that it names."""
    names = monitor.get("spec", "namespaceSelector", "matchNames")
    spaces = names if isinstance(names, list) else [monitor.namespace]
    selector = workloads.selector(monitor.get("spec", "selector"))
    return (each for each in system.kind("Service") if each.namespace in spaces and selector.matches(each.labels))


def _behind_port(system: System, service: Object, name: str) -> Iterator[tuple[Workload, int]]:
    """The pods behind the Service's port of that name, with their own port."""
    for _, port in maps(service.get("spec", "ports")):
        target = port.get("targetPort", port.get("port"))
        for workload in behind(system, service) if name and port.get("name") == name else ():
            yield workload, _named(workload, target) if isinstance(target, str) else number(target, 0)


def _named(workload: Workload, name: str) -> int:
    """The number of a container port; 0 if there is none of that name."""
    ports = (port for each in workload.running for _, port in maps(each.data.get("ports")))
    return next((number(port.get("containerPort"), 0) for port in ports if name and port.get("name") == name), 0)
