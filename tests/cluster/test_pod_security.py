"""Pod Security: levels, versions and the rules that no upstream case reaches."""

from typing import Any

import pytest

from mela.cluster.admission import pod_security
from mela.cluster.wording import quote


def pod(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    named = [{"name": f"c{index}", **each} for index, each in enumerate(containers)]
    return {"metadata": {"name": "web"}, "spec": {"containers": named, **spec}}


def hardened(**more: Any) -> dict[str, Any]:
    return {"securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, **more}}


STRICT = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


def failed(pod: dict[str, Any], level: pod_security.Level, version: str = "latest") -> list[str]:
    return [each.check for each in pod_security.evaluate(pod, level, version).failed]


def test_privileged_level_allows_everything() -> None:
    assert pod_security.evaluate(pod({"securityContext": {"privileged": True}}, hostPID=True), "privileged").allowed


def test_hardened_pod_passes_restricted() -> None:
    assert pod_security.evaluate(pod(hardened(), securityContext=STRICT), "restricted").allowed


def test_pod_without_spec_passes_baseline() -> None:
    assert failed({}, "baseline") == failed({}, "restricted") == []


def test_restricted_check_replaces_the_baseline_one() -> None:
    bad = pod(hardened(capabilities={"add": ["SYS_ADMIN"], "drop": ["ALL"]}), securityContext=STRICT)
    assert failed(bad, "baseline") == ["capabilities_baseline"]
    assert failed(bad, "restricted") == ["capabilities_restricted"]


def test_drop_all_is_case_sensitive() -> None:
    assert failed(pod(hardened(capabilities={"drop": ["all"]}), securityContext=STRICT), "restricted") == [
        "capabilities_restricted"
    ]


def test_own_user_namespace_relaxes_users_only_from_1_35() -> None:
    root = pod(hardened(runAsUser=0, runAsNonRoot=False), securityContext=STRICT, hostUsers=False)
    assert failed(root, "restricted", "v1.34") == ["runAsNonRoot", "runAsUser"]
    assert failed(root, "restricted", "v1.35") == []


def test_unmasked_proc_stays_restricted_in_a_user_namespace() -> None:
    unmasked = pod(hardened(procMount="Unmasked"), securityContext=STRICT, hostUsers=False)
    assert failed(unmasked, "baseline", "v1.34") == ["procMount"]
    assert failed(unmasked, "baseline", "v1.35") == []
    assert failed(unmasked, "restricted", "v1.35") == ["procMount_restricted"]


def test_windows_pod_is_spared_linux_rules_but_not_run_as_non_root() -> None:
    assert failed(pod({}, os={"name": "windows"}), "restricted") == ["runAsNonRoot"]
    assert "capabilities_restricted" in failed(pod({}, os={"name": "windows"}), "restricted", "v1.24")


@pytest.mark.parametrize(
    ("sysctl", "since"), [("net.ipv4.ip_local_reserved_ports", 27), ("net.ipv4.tcp_rmem", 32), ("kernel.msgmax", 99)]
)
def test_sysctls_are_allowed_from_their_version_on(sysctl: str, since: int) -> None:
    tuned = pod({}, securityContext={"sysctls": [{"name": sysctl, "value": "1"}]})
    refused = [minor for minor in range(25, 36) if failed(tuned, "baseline", f"v1.{minor}")]
    assert refused == [minor for minor in range(25, 36) if minor < since]


def test_probe_hosts_are_checked_from_1_34() -> None:
    probing = pod({"livenessProbe": {"tcpSocket": {"host": "10.0.0.1", "port": 1}}})
    assert failed(probing, "baseline", "v1.33") == []
    assert failed(probing, "baseline", "v1.34") == ["hostProbesAndHostLifecycle"]


def test_seccomp_annotations_count_before_1_19_and_only_for_containers_that_exist() -> None:
    prefix = "container.seccomp.security.alpha.kubernetes.io/"
    old = pod({}) | {"metadata": {"annotations": {prefix + "c0": "unconfined", prefix + "gone": "unconfined"}}}
    verdict = pod_security.evaluate(old, "baseline", "v1.18")
    assert verdict.message == f'seccompProfile (forbidden annotation {prefix}c0="unconfined")'
    assert failed(old, "baseline", "v1.19") == []


def test_volume_without_a_known_source_is_unknown() -> None:
    odd = pod(hardened(), securityContext=STRICT, volumes=[{"name": "v", "emptyDisk": {}}, {"name": "w", "nfs": {}}])
    detail = pod_security.evaluate(odd, "restricted").failed[0].detail
    assert detail == 'volumes "v", "w" use restricted volume types "nfs", "unknown"'


def test_host_ports_are_listed_as_text() -> None:
    listening = pod({"ports": [{"hostPort": 9}, {"hostPort": 80}, {"hostPort": 0}]})
    assert pod_security.evaluate(listening, "baseline").failed[0].detail == 'container "c0" uses hostPorts 80, 9'


def test_versions_after_the_newest_policy_mean_the_newest() -> None:
    bare = pod({})
    assert pod_security.evaluate(bare, "restricted", "v1.99") == pod_security.evaluate(bare, "restricted")


@pytest.mark.parametrize("version", ["1", "v2.1", "newest", "v1.x", "v1.²"])
def test_other_versions_are_refused(version: str) -> None:
    with pytest.raises(ValueError, match="policy version"):
        pod_security.evaluate(pod({}), "baseline", version)


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ('a"b\\', r'"a\"b\\"'),
        ("\t\x01", r'"\t\x01"'),
        ("दाम", '"दाम"'),
        ("\u200b", r'"\u200b"'),
        ("\U000e0001", r'"\U000e0001"'),
    ],
)
def test_text_is_quoted_as_go_does(text: str, quoted: str) -> None:
    assert quote(text) == quoted
