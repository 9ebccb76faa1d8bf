"""Who can reach whom in a system, and who needs to: NetworkPolicies against the calls that workloads make.

A call is declared by annotation on the workload or its pod template, a word each,

    mela.dev/calls: "catalog:80 payments.bank:8443 dns-cache.edge:53/UDP 10.20.0.0/16:5432 internet:443"

with a Service of its own namespace or `service.namespace`, a block of addresses, or `internet` for hosts outside; and it
is inferred where an environment variable, an argument or a ConfigMap that the pod reads names a Service by its DNS name.

जो पहुँच खुली है पर चाहिए नहीं, वह ख़तरा है; जो चाहिए पर बंद है, वह रुकावट।
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from mela.cluster import labels, networkpolicy, references, services, workloads
from mela.cluster.networkpolicy import NAMESPACE_NAME_LABEL, ContainerPort, Flow, Outside, Pod, Policy, Verdict
from mela.cluster.objects import Object, Path, System
from mela.cluster.workloads import Workload, maps, number, text

CALLS = "mela.dev/calls"
INTERNET = "internet"
SOME_HOST = "203.0.113.1"
"""Stands for any host outside: an address that documentation may use (RFC 5737)."""
_CALL = re.compile(r"(?P<host>[A-Za-z0-9.:/\[\]-]+?):(?P<port>\d{1,5})(?:/(?P<protocol>TCP|UDP|SCTP))?")
_HOST = re.compile(
    r"\b([a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]+)*)\.svc(?:\.cluster\.local)?\.?(?::(\d{1,5}))?(?![\w.-])"
)
"""A Service's DNS name. Source: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/ (2026-11-23)."""

_SHORT = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://(?:[^@/\s]*@)?)?(?P<name>[a-z0-9-]+)(?:\.(?P<namespace>[a-z0-9-]+))?:(?P<port>\d{2,5})(?:[/?].*)?"
)
"""A whole value that is an address with a port. It is a Service's only if there is one of that name."""


@dataclass(frozen=True, slots=True)
class Host:
    """A Service's DNS name in a text of `object`; `port` is None where none is written."""

    object: Object
    path: Path
    namespace: str
    name: str
    port: int | None


@dataclass(frozen=True, slots=True)
class Call:
    """One call that a workload makes, to pods of `to` or, without any, to an address outside; `ip` empty if unknown."""

    source: Workload
    object: Object
    path: Path
    written: str
    port: int
    protocol: str = "TCP"
    to: tuple[Workload, ...] = ()
    ip: str = ""
    is_declared: bool = False


@dataclass(frozen=True)
class Network:
    """The pods, policies and calls of a system. One pod stands for all of a workload."""

    pods: Mapping[Workload, Pod]
    policies: Mapping[Workload, tuple[Policy, ...]]
    """Those that select the workload's pods."""
    restricted: frozenset[str]
    """Namespaces with policies."""
    namespaces: Mapping[str, Mapping[str, str]]
    calls: tuple[Call, ...]
    unread: tuple[tuple[Workload, str], ...]
    """Words of the annotation that name nothing."""

    def verdict(self, source: Workload, destination: Workload, port: int, protocol: str = "TCP") -> Verdict:
        """Between two pods, also of one workload."""
        flow = Flow(self.pods[source], _another(self.pods[destination]), port, protocol)
        return networkpolicy.decide(flow, self._deciding(source, destination), self.namespaces)

    def to_outside(self, source: Workload, ip: str, port: int, protocol: str = "TCP") -> Verdict:
        flow = Flow(self.pods[source], Outside(ip), port, protocol)
        return networkpolicy.decide(flow, self.selecting(source), self.namespaces)

    def to_pod(self, source: Workload, pod: Pod, port: int, protocol: str = "TCP") -> Verdict:
        """To a pod that is not one of the system's, such as the cluster's DNS."""
        flow = Flow(self.pods[source], pod, port, protocol)
        return networkpolicy.decide(flow, self.selecting(source), self.namespaces)

    def selecting(self, workload: Workload) -> tuple[Policy, ...]:
        """The policies that select its pods."""
        return self.policies.get(workload, ())

    def _deciding(self, source: Workload, destination: Workload) -> tuple[Policy, ...]:
        """Others have no say; one that selects both counts once."""
        return tuple({each.id: each for end in (source, destination) for each in self.selecting(end)}.values())


@lru_cache(maxsize=2)
def of(system: System) -> Network:
    """The network of a system; found once for all rules."""
    pods = workloads.of(system)
    policies = [policy for thing in system.kind("NetworkPolicy") if (policy := parsed(thing))]
    selecting: dict[Workload, tuple[Policy, ...]] = {}
    for policy in policies:
        for workload in pods.chosen(policy.namespace, policy.pods):
            selecting[workload] = (*selecting.get(workload, ()), policy)
    declared = [each for workload in pods.all for each in _declared(system, workload)]
    return Network(
        pods={each: _pod(each) for each in pods.all},
        policies=selecting,
        restricted=frozenset(policy.namespace for policy in policies),
        namespaces={each.name: {NAMESPACE_NAME_LABEL: each.name, **each.labels} for each in system.kind("Namespace")},
        calls=(*(each for each in declared if isinstance(each, Call)), *_inferred(system)),
        unread=tuple(each for each in declared if not isinstance(each, Call)),
    )


@dataclass(frozen=True, slots=True)
class Link:
    """One line of the table of reachability. `target` is a title, an address, or `anybody`; `port` 0 is every port."""

    source: str
    target: str
    port: int
    protocol: str
    need: str
    """`declared`, `named` in a text that the pod reads, or empty: nobody says that it is needed."""
    is_open: bool
    policies: tuple[str, ...] = ()
    """Those that let it through or, where it is closed, those of which none does."""


ANYBODY = "anybody"


def links(system: System) -> tuple[Link, ...]:
    """Every call with what the policies say, then what they open and nobody needs, then ends that nothing closes.

    Quadratic in the number of workloads: for people to look at, not for rules.
    """
    network = of(system)
    needed = [_needed(network, call, to) for call in network.calls for to in call.to or (None,)]
    told: dict[tuple[str, str, int, str], Link] = {}
    for each in (*needed, *_opened(network)):
        told.setdefault((each.source, each.target, each.port, each.protocol), each)
    return (*told.values(), *_unclosed(network))


def _needed(network: Network, call: Call, to: Workload | None) -> Link:
    need = "declared" if call.is_declared else "named"
    if to is None:
        side = network.to_outside(call.source, call.ip or SOME_HOST, call.port, call.protocol).egress
        policies = side.allowed_by if side.allowed else side.policies
        return Link(
            call.source.title, call.written.rpartition(":")[0], call.port, call.protocol, need, side.allowed, policies
        )
    verdict = network.verdict(call.source, to, call.port, call.protocol)
    return Link(call.source.title, to.title, call.port, call.protocol, need, verdict.allowed, _deciding(verdict))


def _opened(network: Network) -> Iterator[Link]:
    """What policies of both ends open."""
    for source in network.pods:
        for to, pod in network.pods.items():
            for port in pod.ports if to is not source else ():
                verdict = network.verdict(source, to, port.number, port.protocol)
                if verdict.allowed and verdict.egress.allowed_by and verdict.ingress.allowed_by:
                    yield Link(source.title, to.title, port.number, port.protocol, "", True, _deciding(verdict))


def _unclosed(network: Network) -> Iterator[Link]:
    for workload in network.pods:
        policies = network.selecting(workload)
        if all(each.egress is None for each in policies):
            yield Link(workload.title, ANYBODY, 0, "", "", True)
        if all(each.ingress is None for each in policies):
            yield Link(ANYBODY, workload.title, 0, "", "", True)


def _deciding(verdict: Verdict) -> tuple[str, ...]:
    """Of an open connection the policies that let it through, of a closed one those of the closed sides."""
    sides = [side for side in (verdict.egress, verdict.ingress) if side.allowed == verdict.allowed]
    return tuple(
        dict.fromkeys(name for side in sides for name in (side.allowed_by if verdict.allowed else side.policies))
    )


def parsed(thing: Object) -> Policy | None:
    """The policy of an object; None where the API server would refuse it."""
    try:
        return networkpolicy.parse(thing.data)
    except (labels.InvalidSelector, ValueError, KeyError, TypeError, AttributeError):
        return None


def hosts(system: System) -> Iterator[Host]:
    """Service hosts in texts: environments, commands, arguments and ConfigMaps."""
    for thing, path, written in _texts(system):
        for match in _HOST.finditer(written) if ".svc" in written else ():
            names = match[1].split(".")
            if len(names) > 1:
                yield Host(thing, path, names[-1], names[-2], int(match[2]) if match[2] else None)
        if short := _SHORT.fullmatch(written):
            namespace = short["namespace"] or thing.namespace
            if system.find("Service", namespace, short["name"]):
                yield Host(thing, path, namespace, short["name"], int(short["port"]))


def behind(system: System, service: Object) -> tuple[Workload, ...]:
    """The workloads whose pods a Service selects."""
    wanted = workloads.texts(service.get("spec", "selector"))
    if not wanted or service.get("spec", "type") == "ExternalName":
        return ()
    return workloads.of(system).chosen(service.namespace, labels.of_map(wanted))


def declares(workload: Workload) -> bool:
    """It says which calls it makes: what is not among them is not needed."""
    return CALLS in workload.object.annotations or CALLS in workload.annotations


def _declared(system: System, workload: Workload) -> Iterator[Call | tuple[Workload, str]]:
    written = workload.object.annotations.get(CALLS) or workload.annotations.get(CALLS, "")
    path: Path = ("metadata", "annotations", CALLS)
    for word in written.replace(",", " ").split():
        match = _CALL.fullmatch(word)
        found = tuple(_calls(system, workload, path, word, match)) if match else ()
        yield from found
        if not found and not (match and _is_elsewhere(system, workload, match["host"])):
            yield workload, word


def _is_elsewhere(system: System, workload: Workload, host: str) -> bool:
    """A Service that stands in no file of the system, and of which an annotation says who provides it."""
    name, _, namespace = host.partition(".")
    identity = "Service", namespace or workload.namespace, name
    return system.find(*identity) is None and identity in references.provided(system)


def _calls(system: System, workload: Workload, path: Path, word: str, match: re.Match[str]) -> Iterator[Call]:
    host, port, protocol = match["host"], int(match["port"]), match["protocol"] or "TCP"
    if host == INTERNET:
        yield Call(workload, workload.object, path, word, port, protocol, is_declared=True)
    elif ip := _first_address(host):
        yield Call(workload, workload.object, path, word, port, protocol, ip=ip, is_declared=True)
    else:
        name, _, namespace = host.partition(".")
        service = system.find("Service", namespace or workload.namespace, name)
        for to, number_ in _served(system, service, port, protocol) if service else ():
            yield Call(workload, workload.object, path, word, number_, protocol, (to,), is_declared=True)


def _inferred(system: System) -> Iterator[Call]:
    """From DNS names in what the pods are given. Without a port the Service's only one is meant."""
    readers = _readers(system)
    for host in hosts(system):
        service = system.find("Service", host.namespace, host.name)
        ports = [each for _, each in maps(service.get("spec", "ports"))] if service else []
        port = host.port or (number(ports[0].get("port"), 0) if len(ports) == 1 else 0)
        for source in readers.get(host.object, ()) if service and port else ():
            for to, number_ in _served(system, service, port, "TCP") if service else ():
                if to is not source:
                    written = f"{host.name}.{host.namespace}:{port}"
                    yield Call(source, host.object, host.path, written, number_, "TCP", (to,))


def _served(system: System, service: Object, port: int, protocol: str) -> Iterator[tuple[Workload, int]]:
    """The workloads behind a Service's port, with their own port. Headless ones are reached on it directly."""
    read = services.parse(service.data)
    for to in behind(system, service):
        numbers = {each.number: each.pod_number for each in services.served(read, to.spec) if each.protocol == protocol}
        if port in numbers or read.is_headless:
            yield to, port if read.is_headless else numbers[port]


def _readers(system: System) -> Mapping[Object, tuple[Workload, ...]]:
    """Who reads a text: a workload its own, and the ConfigMaps that its pods name."""
    pods = workloads.of(system)
    found: dict[Object, tuple[Workload, ...]] = {each.object: (each,) for each in pods.all}
    for reference in references.of(system):
        workload = pods.by_object.get(reference.object)
        thing = system.find(*reference.identity) if reference.type == "ConfigMap" and workload else None
        if thing and workload and workload not in found.get(thing, ()):
            found[thing] = (*found.get(thing, ()), workload)
    return found


def _texts(system: System) -> Iterator[tuple[Object, Path, str]]:
    for workload in workloads.of(system).all:
        for container in workload.containers:
            for index, variable in maps(container.data.get("env")):
                yield workload.object, (*container.at, "env", index, "value"), text(variable.get("value"))
            for part in ("command", "args"):
                words = container.data.get(part)
                for index, word in enumerate(words if isinstance(words, list) else ()):
                    yield workload.object, (*container.at, part, index), text(word)
    for thing in system.kind("ConfigMap"):
        for key, value in workloads.texts(thing.get("data")).items():
            yield thing, ("data", key), value


def _pod(workload: Workload) -> Pod:
    ports = tuple(
        ContainerPort(number(port.get("containerPort"), 0), text(port.get("protocol")) or "TCP", text(port.get("name")))
        for container in workload.running
        for _, port in maps(container.data.get("ports"))
    )
    return Pod(workload.namespace, workload.object.name, workload.labels, ports)


def _another(pod: Pod) -> Pod:
    """Another pod of the same workload: a pod always reaches itself."""
    return Pod(pod.namespace, f"{pod.name}-other", pod.labels, pod.ports)


def _first_address(host: str) -> str:
    try:
        return str(ipaddress.ip_network(host.strip("[]"), strict=False).network_address)
    except ValueError:
        return ""
