"""Which connections NetworkPolicies allow, and which policies decided.

Policies only ever add: a side that no policy selects is open, a selected one is closed except for what some policy's
rule allows. A connection needs the source's egress and the destination's ingress. Only new connections are judged;
replies always pass. Policies are read as written, before the API server's defaulting.

नीतियाँ केवल अनुमति जोड़ती हैं: जिस पॉड को कोई नीति नहीं चुनती, वह खुला रहता है।

Source: NetworkPolicy v1 API types, https://pkg.go.dev/k8s.io/api@v0.36.3/networking/v1 and
https://kubernetes.io/docs/concepts/services-networking/network-policies/ (read 2026-11-23).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mela.cluster import labels

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

DEFAULT_PROTOCOL = "TCP"
NAMESPACE_NAME_LABEL = "kubernetes.io/metadata.name"
"""Every namespace carries this label with its own name."""


@dataclass(frozen=True, slots=True)
class ContainerPort:
    number: int
    protocol: str = DEFAULT_PROTOCOL
    name: str = ""


@dataclass(frozen=True, slots=True)
class Pod:
    """One end of a connection inside the cluster. `ip` is empty where it is not known: then no ipBlock matches it."""

    namespace: str
    name: str
    labels: Mapping[str, str]
    ports: tuple[ContainerPort, ...] = ()
    ip: str = ""
    node_ip: str = ""
    """The address of the node it runs on, whose own traffic always reaches the pod."""


@dataclass(frozen=True, slots=True)
class Outside:
    """One end of a connection that is not a pod: an address outside the cluster, or a node's."""

    ip: str


End = Pod | Outside


@dataclass(frozen=True, slots=True)
class Flow:
    """A new connection. It carries a port number only; names are the policies' business."""

    source: End
    destination: End
    port: int
    protocol: str = DEFAULT_PROTOCOL


@dataclass(frozen=True, slots=True)
class Side:
    """What one end's policies say. Policies are sorted `namespace/name`."""

    allowed: bool
    policies: tuple[str, ...] = ()
    """Those that select the pod in this direction."""
    allowed_by: tuple[str, ...] = ()
    """Those of them with a rule that matches the connection."""


@dataclass(frozen=True, slots=True)
class Verdict:
    egress: Side
    ingress: Side

    @property
    def allowed(self) -> bool:
        return self.egress.allowed and self.ingress.allowed


@dataclass(frozen=True, slots=True)
class Peer:
    """Either an address block or selectors; a missing pod selector means all pods, a missing namespace selector means
    the policy's own namespace."""

    block: Network | None = None
    excluded: tuple[Network, ...] = ()
    pods: labels.Selector = labels.NOTHING
    namespaces: labels.Selector | None = None


@dataclass(frozen=True, slots=True)
class PortRange:
    """`first` to `last` inclusive, or the destination's ports called `name`, or with neither every port."""

    protocol: str
    first: int | None = None
    last: int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """Some peer and some port must match; no peers or no ports given means any."""

    peers: tuple[Peer, ...]
    ports: tuple[PortRange, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy in effect; `None` for a direction that it does not touch."""

    namespace: str
    name: str
    pods: labels.Selector
    ingress: tuple[Rule, ...] | None
    egress: tuple[Rule, ...] | None

    @property
    def id(self) -> str:
        return f"{self.namespace}/{self.name}"


def parse(policy: Mapping[str, Any]) -> Policy:
    """The policy of a NetworkPolicy object.

    Without `policyTypes` it is about ingress, and about egress only if it has an egress rule.

    Raises: labels.InvalidSelector, ValueError for a bad CIDR.
    """
    metadata, spec = policy.get("metadata") or {}, policy.get("spec") or {}
    types = spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    return Policy(
        namespace=metadata.get("namespace") or "default",
        name=metadata.get("name") or "",
        pods=labels.parse(spec.get("podSelector") or {}),
        ingress=_rules(spec.get("ingress"), "from") if "Ingress" in types else None,
        egress=_rules(spec.get("egress"), "to") if "Egress" in types else None,
    )


def decide(flow: Flow, policies: Iterable[Policy], namespaces: Mapping[str, Mapping[str, str]]) -> Verdict:
    """Do the policies allow the connection? `namespaces` maps names to labels.

    A pod always reaches itself, and a node the pods it runs, whatever the policies say.
    """
    policies = tuple(policies)
    source, destination = flow.source, flow.destination
    itself = isinstance(source, Pod) and isinstance(destination, Pod) and _same(source, destination)
    own_node = isinstance(destination, Pod) and isinstance(source, Outside) and _is_node_of(source, destination)
    return Verdict(
        egress=_side(source, destination, flow, [(each, each.egress) for each in policies], namespaces, itself),
        ingress=_side(
            destination, source, flow, [(each, each.ingress) for each in policies], namespaces, itself or own_node
        ),
    )


def _side(
    end: End,
    other: End,
    flow: Flow,
    policies: Sequence[tuple[Policy, tuple[Rule, ...] | None]],
    namespaces: Mapping[str, Mapping[str, str]],
    always: bool,
) -> Side:
    if isinstance(end, Outside):
        return Side(allowed=True)
    chosen = {each.id: (each, rules) for each, rules in policies if rules is not None and _selects(each, end)}
    allowing = tuple(
        name
        for name, (policy, rules) in sorted(chosen.items())
        if any(_rule_matches(rule, policy.namespace, other, flow, namespaces) for rule in rules)
    )
    return Side(always or not chosen or bool(allowing), tuple(sorted(chosen)), allowing)


def _selects(policy: Policy, pod: Pod) -> bool:
    return policy.namespace == pod.namespace and policy.pods.matches(pod.labels)


def _rule_matches(
    rule: Rule, namespace: str, other: End, flow: Flow, namespaces: Mapping[str, Mapping[str, str]]
) -> bool:
    return (not rule.ports or any(_port_matches(port, flow) for port in rule.ports)) and (
        not rule.peers or any(_peer_matches(peer, namespace, other, namespaces) for peer in rule.peers)
    )


def _peer_matches(peer: Peer, namespace: str, other: End, namespaces: Mapping[str, Mapping[str, str]]) -> bool:
    if peer.block is not None:
        return _in_block(other.ip, peer.block) and not any(_in_block(other.ip, block) for block in peer.excluded)
    if isinstance(other, Outside) or not peer.pods.matches(other.labels):
        return False
    if peer.namespaces is None:
        return other.namespace == namespace
    return peer.namespaces.matches(namespaces.get(other.namespace, {NAMESPACE_NAME_LABEL: other.namespace}))


def _port_matches(port: PortRange, flow: Flow) -> bool:
    """A name is looked up on the destination pod, for egress too, with the rule's protocol."""
    if port.protocol != flow.protocol:
        return False
    if port.name:
        return isinstance(flow.destination, Pod) and any(
            (each.name, each.protocol, each.number) == (port.name, port.protocol, flow.port)
            for each in flow.destination.ports
        )
    return port.first is None or port.last is None or port.first <= flow.port <= port.last


def _in_block(ip: str, block: Network) -> bool:
    """IPv4 addresses are in no IPv6 block and the other way round."""
    return bool(ip) and ipaddress.ip_address(ip) in block


def _same(source: Pod, destination: Pod) -> bool:
    return (source.namespace, source.name) == (destination.namespace, destination.name)


def _is_node_of(source: Outside, pod: Pod) -> bool:
    return bool(pod.node_ip) and ipaddress.ip_address(source.ip) == ipaddress.ip_address(pod.node_ip)


def _rules(rules: Sequence[Mapping[str, Any]] | None, peers_key: str) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            peers=tuple(_peer(peer) for peer in rule.get(peers_key) or []),
            ports=tuple(_port_range(port) for port in rule.get("ports") or []),
        )
        for rule in rules or []
    )


def _peer(peer: Mapping[str, Any]) -> Peer:
    """A peer with nothing in it, which the API server refuses, matches nothing."""
    if (block := peer.get("ipBlock")) is not None:
        excluded = tuple(ipaddress.ip_network(each, strict=False) for each in block.get("except") or [])
        return Peer(ipaddress.ip_network(block["cidr"], strict=False), excluded)
    pods, namespaces = peer.get("podSelector"), peer.get("namespaceSelector")
    if pods is None and namespaces is None:
        return Peer()
    return Peer(pods=labels.parse(pods or {}), namespaces=None if namespaces is None else labels.parse(namespaces))


def _port_range(port: Mapping[str, Any]) -> PortRange:
    protocol, number = port.get("protocol") or DEFAULT_PROTOCOL, port.get("port")
    if isinstance(number, str):
        return PortRange(protocol, name=number)
    return PortRange(protocol, number, port.get("endPort") or number)
