"""Validation: the largest that passes, and one more.

Kubernetes v1.36.3 decides each of them in the same way.
"""

from typing import Any

import pytest

from tests.cluster.manifests import below, findings, manifest

INDEXED = {"completionMode": "Indexed", "completions": 10**5}
MANY_INDEXES = ",".join(map(str, range(10_000, 31_844, 2)))
"""10,922 of them in 65,531 bytes."""


def restarts(count: int, codes: int) -> dict[str, Any]:
    rule = {"action": "Restart", "exitCodes": {"operator": "In", "values": list(range(codes))}}
    return {"restartPolicy": "Never", "restartPolicyRules": [rule] * count}


def codes(count: int) -> dict[str, Any]:
    return {"action": "FailJob", "onExitCodes": {"operator": "In", "values": list(range(1, count + 1))}}


def patterns(count: int) -> dict[str, Any]:
    return {"action": "Ignore", "onPodConditions": [{"type": "A", "status": "True"}] * count}


def succeeds(*rules: dict[str, Any]) -> dict[str, Any]:
    return {**INDEXED, "successPolicy": {"rules": list(rules)}}


def annotation(size: int) -> dict[str, str]:
    return {"a": "x" * (size - 1)}


CONTEXT = "spec.containers[0].securityContext"
WINDOWS = "spec.securityContext.windowsOptions"
FAILURES = "spec.podFailurePolicy.rules"
LIMITS: dict[str, tuple[str, str, Any, Any, str]] = {
    "texts of a map": (
        "ConfigMap",
        "",
        {"data": {"a": "x" * 2**20}},
        {"data": {"a": "x" * 2**20, "b": "x"}},
        "TooLong []",
    ),
    "texts and bytes": (
        "ConfigMap",
        "",
        {"data": {"a": "x" * (2**20 - 1)}, "binaryData": {"b": "eA=="}},
        {"data": {"a": "x" * (2**20 - 1)}, "binaryData": {"b": "eHk="}},
        "TooLong []",
    ),
    "a secret": ("Secret", "stringData", {"a": "x" * 2**20}, {"a": "x" * 2**20, "b": "x"}, "TooLong data"),
    "annotations": ("Pod", "metadata.annotations", annotation(2**18), annotation(2**18 + 1), "TooLong"),
    "a label": ("Pod", "metadata.labels", {"a": "x" * 63}, {"a": "x" * 64}, "Invalid"),
    "a label's key": ("Pod", "metadata.labels", {"x" * 63: "a"}, {"x" * 64: "a"}, "Invalid"),
    "a name": ("ConfigMap", "metadata.name", "x" * 253, "x" * 254, "Invalid"),
    "a service's name": ("Service", "metadata.name", "x" * 63, "x" * 64, "Invalid"),
    "a CronJob's name": ("CronJob", "metadata.name", "x" * 52, "x" * 53, "Invalid"),
    "a manager": (
        "Pod",
        "metadata.managedFields",
        [{"operation": "Apply", "manager": "x" * 128}],
        [{"operation": "Apply", "manager": "x" * 129}],
        "TooLong [0].manager",
    ),
    "a subresource": (
        "Pod",
        "metadata.managedFields",
        [{"operation": "Apply", "subresource": "x" * 256}],
        [{"operation": "Apply", "subresource": "x" * 257}],
        "TooLong [0].subresource",
    ),
    "search paths": ("Pod", "spec.dnsConfig.searches", ["a"] * 32, ["a"] * 33, "Invalid"),
    "bytes of search paths": (
        "Pod",
        "spec.dnsConfig.searches",
        [f"{'x' * 63}.{'y' * 63}"] * 16,
        [f"{'x' * 63}.{'y' * 63}"] * 17,
        "Invalid",
    ),
    "dns servers": ("Pod", "spec.dnsConfig.nameservers", ["::1"] * 3, ["::1"] * 4, "Invalid"),
    "another host name": ("Pod", "spec.hostnameOverride", f"{'x' * 31}.{'y' * 32}", "x" * 65, "TooLong"),
    "an AppArmor profile": (
        "Pod",
        f"{CONTEXT}.appArmorProfile",
        {"type": "Localhost", "localhostProfile": "x" * 4095},
        {"type": "Localhost", "localhostProfile": "x" * 4096},
        "TooLong .localhostProfile",
    ),
    "a credential specification": (
        "Pod",
        WINDOWS,
        {"gmsaCredentialSpec": "x" * 2**16},
        {"gmsaCredentialSpec": "x" * (2**16 + 1)},
        "Invalid .gmsaCredentialSpec",
    ),
    "a Windows user": (
        "Pod",
        WINDOWS,
        {"runAsUserName": "x" * 104},
        {"runAsUserName": "x" * 105},
        "Invalid .runAsUserName",
    ),
    "a Windows domain": (
        "Pod",
        WINDOWS,
        {"runAsUserName": f"{'.'.join(['x' * 63] * 3)}.{'y' * 63}\\a"},
        {"runAsUserName": f"{'.'.join(['x' * 62] * 4)}.yyyy\\a"},
        "Invalid .runAsUserName",
    ),
    "restart rules": ("Pod", "spec.containers[0]", restarts(20, 1), restarts(21, 1), "TooMany .restartPolicyRules"),
    "exit codes of a restart rule": (
        "Pod",
        "spec.containers[0]",
        restarts(1, 255),
        restarts(1, 256),
        "TooMany .restartPolicyRules[0].exitCodes.values",
    ),
    "failure rules": ("Job", FAILURES, [codes(1)] * 20, [codes(1)] * 21, "TooMany"),
    "exit codes of a failure rule": ("Job", FAILURES, [codes(255)], [codes(256)], "TooMany [0].onExitCodes.values"),
    "conditions of a failure rule": ("Job", FAILURES, [patterns(20)], [patterns(21)], "TooMany [0].onPodConditions"),
    "rules of success": (
        "Job",
        "spec",
        succeeds(*[{"succeededCount": 1}] * 20),
        succeeds(*[{"succeededCount": 1}] * 21),
        "TooMany .successPolicy.rules",
    ),
    "indexes of success": (
        "Job",
        "spec",
        succeeds({"succeededIndexes": f"1234,{MANY_INDEXES}"}),
        succeeds({"succeededIndexes": f"1,234,{MANY_INDEXES}"}),
        "TooLong .successPolicy.rules[0].succeededIndexes",
    ),
    "a priority": ("PriorityClass", "value", 10**9, 10**9 + 1, "Forbidden"),
    "the replicas' window": (
        "HorizontalPodAutoscaler",
        "spec.behavior.scaleDown.stabilizationWindowSeconds",
        3600,
        3601,
        "Invalid",
    ),
    "a mode": (
        "Pod",
        "spec.volumes",
        [{"name": "a", "secret": {"secretName": "a", "defaultMode": 511}}],
        [{"name": "a", "secret": {"secretName": "a", "defaultMode": 512}}],
        "Invalid [0].secret.defaultMode",
    ),
}


@pytest.mark.parametrize(("kind", "place", "largest", "larger", "error"), LIMITS.values(), ids=LIMITS)
def test_the_largest_passes_and_one_more_does_not(kind: str, place: str, largest: Any, larger: Any, error: str) -> None:
    assert findings(kind, manifest(kind, place, largest)) == []
    assert findings(kind, manifest(kind, place, larger)) == below(place, [error])
