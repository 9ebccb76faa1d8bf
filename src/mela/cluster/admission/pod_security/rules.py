"""The rules of the Pod Security Standards: each takes a pod and says why it fails, or None.

Containers count in the order init, ordinary, ephemeral. A failure is `(reason, detail)`.
Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/ and pod-security-admission v0.36.3,
package policy, files check_*.go (2026-11).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from mela.cluster.wording import join_quoted, plural, quote

Pod = Mapping[str, Any]
Failure = tuple[str, str]
Rule = Callable[[Pod], Failure | None]

APP_ARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
SECCOMP_ANNOTATION = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_CONTAINER_ANNOTATION = "container.seccomp.security.alpha.kubernetes.io/"
SAFE_PROFILES = {"RuntimeDefault", "Localhost"}
DEFAULT_CAPABILITIES = frozenset(
    [
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    ]
)
SAFE_SYSCTLS = {
    "kernel.shm_rmid_forced": 0,
    "net.ipv4.ip_local_port_range": 0,
    "net.ipv4.tcp_syncookies": 0,
    "net.ipv4.ping_group_range": 0,
    "net.ipv4.ip_unprivileged_port_start": 0,
    "net.ipv4.ip_local_reserved_ports": 27,
    "net.ipv4.tcp_keepalive_time": 29,
    "net.ipv4.tcp_fin_timeout": 29,
    "net.ipv4.tcp_keepalive_intvl": 29,
    "net.ipv4.tcp_keepalive_probes": 29,
    "net.ipv4.tcp_rmem": 32,
    "net.ipv4.tcp_wmem": 32,
}
SAFE_SELINUX_TYPES = {"": 0, "container_t": 0, "container_init_t": 0, "container_kvm_t": 0, "container_engine_t": 31}
SAFE_VOLUMES = (
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
)
OTHER_VOLUMES = (
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "nfs",
    "iscsi",
    "glusterfs",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "fc",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
)


def unless_windows(rule: Rule) -> Rule:
    """`rule`, but pods that declare Windows pass."""
    return lambda pod: None if _get(pod, "spec", "os", "name") == "windows" else rule(pod)


def unless_user_namespace(rule: Rule) -> Rule:
    """`rule`, but pods with a user namespace of their own (`hostUsers: false`) pass."""
    return lambda pod: None if _get(pod, "spec", "hostUsers") is False else rule(pod)


def app_armor(pod: Pod) -> Failure | None:
    """AppArmor may be left alone, RuntimeDefault or Localhost, in fields and in the old annotations."""
    setters, values = _profiles(pod, "appArmorProfile")
    annotations = sorted(
        f"{key}={quote(value)}"
        for key, value in _annotations(pod).items()
        if key.startswith(APP_ARMOR_ANNOTATION) and not _safe_annotation(value, "runtime/default", "")
    )
    if annotations:
        setters.append(plural("annotation", len(annotations)))
    if not setters:
        return None
    values += annotations
    detail = f"{' and '.join(setters)} must not set AppArmor profile type to {join_quoted(values)}"
    return plural("forbidden AppArmor profile", len(values)), detail


def default_capabilities(pod: Pod) -> Failure | None:
    """No capability may be added beyond those a container runtime gives by default."""
    names, added = _offenders(
        pod, lambda each: [c for c in _capabilities(each, "add") if c not in DEFAULT_CAPABILITIES]
    )
    if not names:
        return None
    detail = f"{_containers(names)} must not include {join_quoted(added)} in securityContext.capabilities.add"
    return "non-default capabilities", detail


def dropped_capabilities(pod: Pod) -> Failure | None:
    """Every container drops ALL (in capitals) and adds nothing but NET_BIND_SERVICE."""
    keeping = [_name(each) for each in _all_containers(pod) if "ALL" not in _capabilities(each, "drop")]
    names, added = _offenders(pod, lambda each: [c for c in _capabilities(each, "add") if c != "NET_BIND_SERVICE"])
    details = []
    if keeping:
        details.append(f'{_containers(keeping)} must set securityContext.capabilities.drop=["ALL"]')
    if names:
        details.append(
            f"{_containers(names)} must not include {join_quoted(added)} in securityContext.capabilities.add"
        )
    return ("unrestricted capabilities", "; ".join(details)) if details else None


def host_namespaces(pod: Pod) -> Failure | None:
    """The host's network, process and IPC namespaces stay closed."""
    shared = [f"{key}=true" for key in ("hostNetwork", "hostPID", "hostIPC") if _get(pod, "spec", key)]
    return ("host namespaces", ", ".join(shared)) if shared else None


def host_path_volumes(pod: Pod) -> Failure | None:
    """No volume comes from the node's file system."""
    names = [_name(volume) for volume in _volumes(pod) if volume.get("hostPath") is not None]
    return ("hostPath volumes", f"{plural('volume', len(names))} {join_quoted(names)}") if names else None


def host_ports(pod: Pod) -> Failure | None:
    """No container listens on a port of the node. Ports are listed in the order of their digits as text."""
    names, ports = _offenders(
        pod, lambda each: [str(p["hostPort"]) for p in each.get("ports") or () if p.get("hostPort")]
    )
    if not names:
        return None
    verb = plural("uses", len(names), "use")
    return "hostPort", f"{_containers(names)} {verb} {plural('hostPort', len(ports))} {', '.join(ports)}"


def handler_hosts(pod: Pod) -> Failure | None:
    """Probes and lifecycle handlers reach the pod itself, never a host of the author's choice."""
    names, hosts = _offenders(pod, lambda each: list(_handler_hosts(each)))
    if not names:
        return None
    names = sorted(set(names))
    what = plural("probe or lifecycle host", len(hosts))
    verb = plural("uses", len(names), "use")
    return "probe or lifecycle host", f"{_containers(names)} {verb} {what} {join_quoted(hosts)}"


def privileged(pod: Pod) -> Failure | None:
    """No container is privileged."""
    names = [_name(each) for each in _all_containers(pod) if _get(each, "securityContext", "privileged")]
    return ("privileged", f"{_containers(names)} must not set securityContext.privileged=true") if names else None


def proc_mount(pod: Pod) -> Failure | None:
    """/proc keeps its masks."""
    names, types = _offenders(pod, _unusual_proc_mount)
    if not names:
        return None
    return "procMount", f"{_containers(names)} must not set securityContext.procMount to {join_quoted(types)}"


def selinux_options(minor: int) -> Rule:
    """SELinux: only container types known at this version, no user, no role."""

    def rule(pod: Pod) -> Failure | None:
        setters = _setters(pod, lambda options: bool(_selinux_faults(options, minor)), "seLinuxOptions")
        if not setters:
            return None
        faults = [fault for options in _contexts(pod, "seLinuxOptions") for fault in _selinux_faults(options, minor)]
        types = sorted({value for kind, value in faults if kind == "type"})
        data = [f"{plural('type', len(types))} {join_quoted(types)}"] if types else []
        data += [f"{kind} may not be set" for kind in ("user", "role") if any(kind == fault[0] for fault in faults)]
        detail = f"{' and '.join(setters)} set forbidden securityContext.seLinuxOptions: {'; '.join(data)}"
        return "seLinuxOptions", detail

    return rule


def seccomp_annotations(pod: Pod) -> Failure | None:
    """Before 1.19: seccomp in annotations, for the pod and for containers that exist."""
    keys = {SECCOMP_ANNOTATION, *(SECCOMP_CONTAINER_ANNOTATION + _name(each) for each in _all_containers(pod))}
    forbidden = sorted(
        f"{key}={quote(value)}"
        for key, value in _annotations(pod).items()
        if key in keys and not _safe_annotation(value, "runtime/default", "docker/default")
    )
    if not forbidden:
        return None
    return "seccompProfile", f"forbidden {plural('annotation', len(forbidden))} {', '.join(forbidden)}"


def seccomp_forbidden(pod: Pod) -> Failure | None:
    """A seccomp profile that is set is RuntimeDefault or Localhost."""
    setters, values = _profiles(pod, "seccompProfile")
    if not setters:
        return None
    detail = f"{' and '.join(setters)} must not set securityContext.seccompProfile.type to {join_quoted(values)}"
    return "seccompProfile", detail


def seccomp_required(pod: Pod) -> Failure | None:
    """Each container has a safe seccomp profile of its own or the pod's."""
    if (failure := seccomp_forbidden(pod)) or _context(pod.get("spec") or {}, "seccompProfile") is not None:
        return failure
    bare = [_name(each) for each in _all_containers(pod) if _context(each, "seccompProfile") is None]
    if not bare:
        return None
    what = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
    return "seccompProfile", f"pod or {_containers(bare)} {what}"


def sysctls(minor: int) -> Rule:
    """Only kernel parameters that are safe at this version: they touch no other pod of the node."""

    def rule(pod: Pod) -> Failure | None:
        names = [_name(each) for each in _context(pod.get("spec") or {}, "sysctls") or ()]
        forbidden = [name for name in names if SAFE_SYSCTLS.get(name, minor + 1) > minor]
        return ("forbidden sysctls", ", ".join(forbidden)) if forbidden else None

    return rule


def windows_host_process(pod: Pod) -> Failure | None:
    """No Windows container runs as a process of the host."""
    setters = _setters(pod, lambda options: bool(options.get("hostProcess")), "windowsOptions")
    if not setters:
        return None
    return "hostProcess", f"{' and '.join(setters)} must not set securityContext.windowsOptions.hostProcess=true"


def privilege_escalation(pod: Pod) -> Failure | None:
    """Every container says allowPrivilegeEscalation: false."""
    names = [_name(each) for each in _all_containers(pod) if _context(each, "allowPrivilegeEscalation") is not False]
    if not names:
        return None
    detail = f"{_containers(names)} must set securityContext.allowPrivilegeEscalation=false"
    return "allowPrivilegeEscalation != false", detail


def volume_types(pod: Pod) -> Failure | None:
    """Only volumes that belong to the pod or to the cluster's storage; one without a known source is unknown."""
    bad = [volume for volume in _volumes(pod) if _source(volume, SAFE_VOLUMES) is None]
    if not bad:
        return None
    types = sorted({_source(volume, OTHER_VOLUMES) or "unknown" for volume in bad})
    verb = plural("uses", len(bad), "use")
    who = f"{plural('volume', len(bad))} {join_quoted(map(_name, bad))}"
    return (
        "restricted volume types",
        f"{who} {verb} {plural('restricted volume type', len(types))} {join_quoted(types)}",
    )


def run_as_non_root(pod: Pod) -> Failure | None:
    """Each container says runAsNonRoot: true, or the pod does and the container does not deny it."""
    setters = _setters(pod, lambda value: value is False, "runAsNonRoot")
    if setters:
        return "runAsNonRoot != true", f"{' and '.join(setters)} must not set securityContext.runAsNonRoot=false"
    if _context(pod.get("spec") or {}, "runAsNonRoot"):
        return None
    silent = [_name(each) for each in _all_containers(pod) if _context(each, "runAsNonRoot") is None]
    if not silent:
        return None
    return "runAsNonRoot != true", f"pod or {_containers(silent)} must set securityContext.runAsNonRoot=true"


def run_as_root(pod: Pod) -> Failure | None:
    """Neither pod nor container asks for user 0."""
    setters = _setters(pod, lambda value: value == 0, "runAsUser")
    return ("runAsUser=0", f"{' and '.join(setters)} must not set runAsUser=0") if setters else None


def _get(node: Mapping[str, Any], *path: str) -> Any:
    """The value at `path`; None when a step is missing or null."""
    value: Any = node
    for key in path:
        value = (value or {}).get(key)
    return value


def _name(item: Mapping[str, Any]) -> str:
    return item.get("name") or ""


def _annotations(pod: Pod) -> Mapping[str, str]:
    return _get(pod, "metadata", "annotations") or {}


def _all_containers(pod: Pod) -> list[Mapping[str, Any]]:
    spec = pod.get("spec") or {}
    return [each for key in ("initContainers", "containers", "ephemeralContainers") for each in spec.get(key) or ()]


def _volumes(pod: Pod) -> Sequence[Mapping[str, Any]]:
    return _get(pod, "spec", "volumes") or ()


def _source(volume: Mapping[str, Any], sources: Iterable[str]) -> str | None:
    return next((source for source in sources if volume.get(source) is not None), None)


def _context(holder: Mapping[str, Any], key: str) -> Any:
    """A field of the security context of a container or a pod spec."""
    return _get(holder, "securityContext", key)


def _contexts(pod: Pod, key: str) -> list[Any]:
    holders = [pod.get("spec") or {}, *_all_containers(pod)]
    return [value for holder in holders if (value := _context(holder, key)) is not None]


def _capabilities(container: Mapping[str, Any], key: str) -> Sequence[str]:
    return _get(container, "securityContext", "capabilities", key) or ()


def _containers(names: Sequence[str]) -> str:
    return f"{plural('container', len(names))} {join_quoted(names)}"


def _offenders(pod: Pod, faults: Callable[[Mapping[str, Any]], list[str]]) -> tuple[list[str], list[str]]:
    """Names of the containers with faults, and the distinct faults sorted."""
    found = [(_name(each), faults(each)) for each in _all_containers(pod)]
    return [name for name, bad in found if bad], sorted({fault for _, bad in found for fault in bad})


def _setters(pod: Pod, bad: Callable[[Any], bool], key: str) -> list[str]:
    """Who sets the security context's `key` to something bad: `pod`, `containers "a", "b"`."""

    def sets(holder: Mapping[str, Any]) -> bool:
        value = _context(holder, key)
        return value is not None and bad(value)

    names = [_name(each) for each in _all_containers(pod) if sets(each)]
    return ["pod"] * sets(pod.get("spec") or {}) + ([_containers(names)] if names else [])


def _profiles(pod: Pod, key: str) -> tuple[list[str], list[str]]:
    """Who sets an unsafe profile type, and the distinct unsafe types sorted."""

    def unsafe(profile: Mapping[str, Any]) -> bool:
        return profile.get("type") not in SAFE_PROFILES

    values = {profile.get("type") or "" for profile in _contexts(pod, key) if unsafe(profile)}
    return _setters(pod, unsafe, key), sorted(values)


def _safe_annotation(value: str, *allowed: str) -> bool:
    return value in allowed or value.startswith("localhost/")


def _unusual_proc_mount(container: Mapping[str, Any]) -> list[str]:
    value = _context(container, "procMount")
    return [] if value in (None, "Default") else [value]


def _selinux_faults(options: Mapping[str, Any], minor: int) -> list[tuple[str, str]]:
    type_ = options.get("type") or ""
    faults = [("type", type_)] if SAFE_SELINUX_TYPES.get(type_, minor + 1) > minor else []
    return faults + [(key, options[key]) for key in ("user", "role") if options.get(key)]


def _handler_hosts(container: Mapping[str, Any]) -> Iterator[str]:
    lifecycle = container.get("lifecycle") or {}
    probes = [container.get(key) for key in ("livenessProbe", "readinessProbe", "startupProbe")]
    for handler in (*probes, lifecycle.get("postStart"), lifecycle.get("preStop")):
        for action in ("httpGet", "tcpSocket"):
            if host := _get(handler or {}, action, "host"):
                yield host
