"""NetworkPolicy verdicts per flow: both sides, and which policies decided."""

from __future__ import annotations

from typing import Any

from mela.cluster import networkpolicy
from tests.cluster.agree import Case


def differences(case: Case) -> list[str]:
    """Verdicts, the resolved port and the four lists of policies of every flow."""
    nodes = {node["name"]: node["ip"] for node in case.get("nodes") or []}
    pods = {f"{each['namespace']}/{each['name']}": _pod(each, nodes) for each in case["pods"]}
    policies = [networkpolicy.parse(policy) for policy in case["policies"]]
    namespaces = {each["name"]: each.get("labels") or {} for each in case["namespaces"]}
    found = []
    for index, flow in enumerate(case["flows"]):
        ours = _answer(flow, pods, policies, namespaces)
        found += [
            f"flows[{index}].{key}: ours {value}, upstream {flow[key]}"
            for key, value in ours.items()
            if value != flow[key]
        ]
    return found


def _pod(pod: dict[str, Any], nodes: dict[str, str]) -> networkpolicy.Pod:
    ports = [
        networkpolicy.ContainerPort(each["number"], each["protocol"], each.get("name", "")) for each in pod["ports"]
    ]
    return networkpolicy.Pod(
        pod["namespace"],
        pod["name"],
        pod.get("labels") or {},
        tuple(ports),
        pod["ip"],
        nodes.get(pod.get("node", ""), ""),
    )


def _answer(
    flow: dict[str, Any],
    pods: dict[str, networkpolicy.Pod],
    policies: list[networkpolicy.Policy],
    namespaces: dict[str, dict[str, str]],
) -> dict[str, Any]:
    source, destination = (pods.get(flow[end]) or networkpolicy.Outside(flow[end]) for end in ("from", "to"))
    port = _number(flow["port"], flow["protocol"], destination)
    verdict = networkpolicy.decide(
        networkpolicy.Flow(source, destination, port, flow["protocol"]), policies, namespaces
    )
    return {
        "resolvedPort": port,
        "allowed": verdict.allowed,
        "egressAllowed": verdict.egress.allowed,
        "egressPolicies": list(verdict.egress.policies),
        "egressAllowedBy": list(verdict.egress.allowed_by),
        "ingressAllowed": verdict.ingress.allowed,
        "ingressPolicies": list(verdict.ingress.policies),
        "ingressAllowedBy": list(verdict.ingress.allowed_by),
    }


def _number(port: int | str, protocol: str, destination: networkpolicy.End) -> int:
    if isinstance(port, int):
        return port
    assert isinstance(destination, networkpolicy.Pod)
    return next(each.number for each in destination.ports if (each.name, each.protocol) == (port, protocol))
