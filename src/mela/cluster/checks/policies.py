"""NetworkPolicies by themselves: whom they select, which directions they are about, and what is easily misread in them.

Source: https://kubernetes.io/docs/concepts/services-networking/network-policies/ (2026-11-23).
"""

from collections.abc import Iterator

from mela.cluster import labels, reachability, workloads
from mela.cluster.checks import Finding, rule
from mela.cluster.checks.network import SHOP
from mela.cluster.objects import Object, System
from mela.cluster.workloads import maps


@rule(
    id="pods-not-isolated",
    severity="warning",
    about="Every workload is selected by a NetworkPolicy in both directions.",
    good=SHOP,
    bad=SHOP.replace("podSelector: {matchLabels: {app: catalog}}\n      policyTypes: [Ingress, Egress]", "podSelector: {matchLabels: {app: catalog}}\n      policyTypes: [Ingress]"),
)  # fmt: skip
def pods_not_isolated(system: System) -> Iterator[Finding]:
    """A namespace without any policy is told once."""
    network = reachability.of(system)
    bare: set[str] = set()
    for workload in network.pods:
        policies = network.selecting(workload)
        ways = [
            name
            for name, closed in (("in", [p.ingress for p in policies]), ("out", [p.egress for p in policies]))
            if all(each is None for each in closed)
        ]
        is_new = workload.namespace in network.restricted or workload.namespace not in bare
        if ways and is_new and not workload.spec.get("hostNetwork"):
            bare.add(workload.namespace)
            only = workload.namespace in network.restricted
            yield Finding(
                workload.object,
                ("metadata", "name"),
                says=f"No policy restricts what goes {' or '.join(ways)}." if only
                else f"Namespace {workload.namespace} has no NetworkPolicy: its pods reach, and are reached by, everybody.",
                happens="One pod that is taken over can reach every other.",
                mend="Add a policy that selects all pods (`podSelector: {}`) and allows nothing, then one per call that is needed.",
            )  # fmt: skip


@rule(
    id="policy-selects-nothing",
    severity="warning",
    about="A NetworkPolicy selects pods.",
    good=SHOP,
    bad=SHOP.replace("podSelector: {matchLabels: {app: catalog}}\n", "podSelector: {matchLabels: {app: catalogue}}\n"),
)
def policy_selects_nothing(system: System) -> Iterator[Finding]:
    """Pods that others make, such as operators, are not in the files: only a namespace whose pods are is judged."""
    pods = workloads.of(system)
    for thing in system.kind("NetworkPolicy"):
        policy = reachability.parsed(thing)
        known = thing.namespace in pods.whole
        if policy and known and not policy.pods.is_empty and not pods.chosen(thing.namespace, policy.pods):
            yield Finding(
                thing,
                ("spec", "podSelector"),
                says=f"No pods in namespace {thing.namespace} match the policy's podSelector.",
                happens="The policy does nothing: what it should close stays open.",
                mend="Select labels of the pod template.",
            )


@rule(
    id="policy-types-surprise",
    severity="error",
    about="A NetworkPolicy's `policyTypes` names the directions that it has rules for.",
    good=SHOP,
    bad=SHOP.replace("      policyTypes: [Ingress, Egress]\n      egress:", "      egress:"),
)
def policy_types_surprise(system: System) -> Iterator[Finding]:
    """Without policyTypes a policy is always about ingress too; rules of a direction that is not named are ignored."""
    for thing in system.kind("NetworkPolicy"):
        types, spec = thing.get("spec", "policyTypes") or [], thing.get("spec") or {}
        ignored = [way for way in ("Ingress", "Egress") if types and way not in types and spec.get(way.lower())]
        if ignored:
            yield Finding(
                thing,
                ("spec", "policyTypes"),
                says=f"There are {ignored[0].lower()} rules, and policyTypes does not name {ignored[0]}.",
                happens="The rules are ignored: that direction is not restricted by this policy at all.",
                mend=f"Add {ignored[0]} to policyTypes.",
            )
        elif not types and spec.get("egress") and "ingress" not in spec:
            yield Finding(
                thing,
                ("spec",),
                says="There are only egress rules and no policyTypes, which means Ingress and Egress.",
                happens="Nobody can reach the selected pods any more: all ingress is closed.",
                mend="Write `policyTypes: [Egress]`, or both if that is meant.",
            )


@rule(
    id="policy-on-host-network",
    severity="warning",
    about="Pods on the host's network are not what a NetworkPolicy protects.",
    good=SHOP,
    bad=SHOP.replace(
        "          containers: [{name: catalog,", "          hostNetwork: true\n          containers: [{name: catalog,"
    ),
)
def policy_on_host_network(system: System) -> Iterator[Finding]:
    """Source: https://kubernetes.io/docs/concepts/services-networking/network-policies/#networkpolicy-and-hostnetwork-pods (2026-11-23)."""
    network = reachability.of(system)
    for workload in network.pods:
        chosen = [each for each in network.selecting(workload) if not each.pods.is_empty]
        if workload.spec.get("hostNetwork") is True and chosen:
            yield Finding(
                workload.object,
                (*workload.spec_at, "hostNetwork"),
                says=f"Policy {chosen[0].name} selects these pods, and they run on the host's network.",
                happens="With most network plugins the policy has no effect on them.",
                mend="Leave hostNetwork out, or protect the host itself.",
            )


@rule(
    id="peer-split-in-two",
    severity="error",
    about="A peer that means pods of another namespace is one list item with both selectors.",
    good=SHOP,
    bad=SHOP.replace(
        "        - to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector: {matchLabels: {k8s-app: kube-dns}}}]",
        "        - to:\n            - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}\n            - podSelector: {matchLabels: {k8s-app: kube-dns}}",
    ),
)
def peer_split_in_two(system: System) -> Iterator[Finding]:
    """Two items are an OR. Told where a lone podSelector matches no pod of the policy's namespace beside a lone namespaceSelector."""
    for thing in system.kind("NetworkPolicy"):
        for way, side in (("ingress", "from"), ("egress", "to")):
            for index, rule_ in maps(thing.get("spec", way)):
                peers = [peer for _, peer in maps(rule_.get(side))]
                spaces = [peer for peer in peers if set(peer) == {"namespaceSelector"} and peer["namespaceSelector"]]
                lone = [
                    peer
                    for peer in peers
                    if set(peer) == {"podSelector"} and _matches_nobody(system, thing, peer["podSelector"])
                ]
                if spaces and lone:
                    yield Finding(
                        thing,
                        ("spec", way, index, side),
                        says="namespaceSelector and podSelector are two items here, which means either; "
                        f"no pod of namespace {thing.namespace} matches the podSelector alone.",
                        happens="Every pod of the other namespace is let through, not only the one that is meant.",
                        mend="Write both selectors in one item, without a dash before podSelector.",
                    )


def _matches_nobody(system: System, thing: Object, written: object) -> bool:
    pods, selector = workloads.of(system), workloads.selector(written)
    return (
        thing.namespace in pods.whole and selector is not labels.NOTHING and not pods.chosen(thing.namespace, selector)
    )
